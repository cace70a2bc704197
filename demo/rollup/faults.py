"""What can go wrong with the batch job."""

from typing import Annotated, Final

from pydantic import Field

from demo.faults import Fault


class Stall(Fault):
    """The job hangs: nothing is rolled up any more."""


class Corrupt(Fault):
    """This share of the rows of every batch is lost on its way into the ledger."""

    ratio: Annotated[float, Field(gt=0, le=1)] = 0.5


KINDS: Final[dict[str, type[Fault]]] = {"stall": Stall, "corrupt": Corrupt}
