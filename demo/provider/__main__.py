"""Run one simulated provider: `python -m demo.provider --name openai --port 18201`."""

from demo import models, serving, telemetry
from demo.provider.app import Provider, build


def main() -> None:
    """Parse, build, serve."""
    parser = serving.Arguments("A simulated LLM provider.")
    parser.option("--requests-per-s", default="100", kind=float, says="ordinary rate limit")
    parser.option("--seed", default="1", kind=int, says="seed of the simulated randomness")
    arguments = parser.parse_args()
    if arguments.name not in models.PROVIDERS:
        parser.error(f"no models are known for {arguments.name!r}; use one of: {', '.join(models.PROVIDERS)}")
    if not arguments.requests_per_s > 0:
        parser.error("--requests-per-s must be greater than 0")
    seen_as = telemetry.start(service=f"provider-{arguments.name}", instance=f"provider-{arguments.name}")
    provider = Provider(arguments.name, seen_as, requests_per_s=arguments.requests_per_s, seed=arguments.seed)
    serving.serve(build(provider, seen_as), host=arguments.host, port=arguments.port)


if __name__ == "__main__":
    main()
