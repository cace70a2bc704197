"""The catalog: frozen models of the watched system, and the loader that reads them from YAML.

The models import nothing of ours, so that every other part of the project may build on them.
"""
