"""The one error tree.

::

    WatchkeeperError            anything a person can act on; the command line prints it and exits 1
    ├── CatalogError            the catalog is wrong; carries every problem found, each with its place
    │                           (in watchkeeper.catalog.problems, beside what it carries)
    ├── BackendError            a server that we asked (Prometheus, Alertmanager, console) did not answer well
    └── StackError              the native stack cannot do what was asked

Every message says where, what, and how to fix it. Bugs are not in this tree: they keep their traceback.
"""


class WatchkeeperError(Exception):
    """Something went wrong that a person can act on; ``str(error)`` is the whole message."""


class BackendError(WatchkeeperError):
    """A server that we asked is away, slow, or answered with an error."""


class StackError(WatchkeeperError):
    """The native stack cannot do what was asked of it."""
