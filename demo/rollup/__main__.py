"""Run the roll-up.

`python -m demo.rollup --name usage-rollup --port 18301 --state DIR --provider openai=http://127.0.0.1:18201`
"""

import os
from pathlib import Path

from demo import faults, serving, telemetry
from demo.rollup.app import build
from demo.rollup.faults import KINDS
from demo.rollup.job import Job
from demo.rollup.ledger import Ledger


def main() -> None:
    """Parse, build, serve."""
    parser = serving.Arguments("Rolls the providers' usage up into a ledger.")
    parser.add_argument(
        "--provider",
        action="append",
        metavar="NAME=URL",
        help="a provider; repeat for each (or $PROVIDERS, separated by commas)",
    )
    parser.option("--state", kind=Path, says="directory of the ledger")
    parser.option("--every-s", default="15", kind=float, says="seconds between runs")
    arguments = parser.parse_args()
    try:
        providers = serving.named_urls(arguments.provider or os.environ.get("PROVIDERS", "").split(","))
    except ValueError as error:
        parser.error(str(error))
    if not arguments.every_s > 0:
        parser.error("--every-s must be greater than 0")
    seen_as = telemetry.start(service="usage-rollup", instance=arguments.name)
    board = faults.Switchboard(KINDS)
    job = Job(providers, Ledger(arguments.state / "usage-rollup.sqlite"), board, seen_as.meter)
    serving.serve(
        build(job, board, seen_as, every_s=arguments.every_s), host=arguments.host, port=arguments.port
    )


if __name__ == "__main__":
    main()
