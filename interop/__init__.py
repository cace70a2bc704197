"""Other tools' forms of what the catalog says: OpenSLO, Sloth, Pyrra, PrometheusRule, Mimir.

Whatever has no exact counterpart on the other side is named in a report; nothing is dropped or
approximated in silence.
"""
