"""What differs between what runs and what the catalog says, as decisions and not as text."""

from alerts.plan.diff import Change, compare
from alerts.plan.read import Documents, read
from alerts.plan.state import State

__all__ = ["Change", "Documents", "State", "compare", "read"]
