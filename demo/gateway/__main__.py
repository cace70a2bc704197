"""Run one gateway replica.

`python -m demo.gateway --name gateway-1 --port 18101 --provider openai=http://127.0.0.1:18201 --provider anthropic=http://…`
"""

import os

from demo import serving, telemetry
from demo.gateway.app import Gateway, Limits, build


def main() -> None:
    """Parse, build, serve."""
    parser = serving.Arguments("An OpenAI-compatible gateway in front of several LLM providers.")
    parser.add_argument(
        "--provider",
        action="append",
        metavar="NAME=URL",
        help="a provider; repeat for each (or $PROVIDERS, separated by commas)",
    )
    parser.option("--concurrency", default="32", kind=int, says="requests worked on at a time")
    parser.option(
        "--queue", default="16", kind=int, says="requests that may wait for a slot, a second at most"
    )
    parser.option(
        "--circuit-open-s", default="5", kind=float, says="how long a failing provider is left alone"
    )
    arguments = parser.parse_args()
    try:
        providers = serving.named_urls(arguments.provider or os.environ.get("PROVIDERS", "").split(","))
    except ValueError as error:
        parser.error(str(error))
    if arguments.concurrency < 1 or arguments.queue < 0:
        parser.error("--concurrency must be at least 1 and --queue at least 0")
    seen_as = telemetry.start(service="gateway", instance=arguments.name)
    limits = Limits(
        concurrency=arguments.concurrency,
        queue_max=arguments.queue,
        circuit_open_s=arguments.circuit_open_s,
    )
    gateway = Gateway(arguments.name, providers, seen_as, limits)
    serving.serve(build(gateway, seen_as), host=arguments.host, port=arguments.port)


if __name__ == "__main__":
    main()
