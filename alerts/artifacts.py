"""Every file that this package generates: rules, and the promtool tests that prove them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from alerts.promtool import slo_tests, stack_tests
from alerts.rules import Group
from alerts.slo import slo_groups
from alerts.stack import job_group, stack_group
from watchkeeper.artifact import Artifact, yaml_artifact
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.settings import Settings
from watchkeeper.promql import duration

RULES = "alerts/generated/rules"
TESTS = "alerts/generated/tests"


def artifacts(catalog: Catalog) -> Iterator[Artifact]:
    """Yield a rule file and a test file per SLO, for all scrape jobs, and for the stack itself.

    Raises:
        PolicyError: the window policy can not serve some SLO.
    """
    settings = catalog.settings
    for objective in catalog.objectives:
        groups = slo_groups(objective, settings)
        yield _rules(objective.id, groups)
        yield _tests(objective.id, slo_tests(objective, groups, settings), settings)
    jobs = [job_group(service, settings) for service in catalog.services if service.scrape]
    others: Mapping[str, Sequence[Group]] = {"_jobs": jobs, "_stack": [stack_group(catalog)]}
    for name, shared in others.items():
        if shared:
            yield _rules(name, shared)
            yield _tests(name, stack_tests(shared, settings), settings)


def _rules(name: str, groups: Sequence[Group]) -> Artifact:
    return yaml_artifact(f"{RULES}/{name}.yaml", {"groups": [group.as_mapping() for group in groups]})


def _tests(name: str, tests: Sequence[Mapping[str, Any]], settings: Settings) -> Artifact:
    return yaml_artifact(
        f"{TESTS}/{name}.yaml",
        {
            "rule_files": [f"../rules/{name}.yaml"],
            "evaluation_interval": duration(settings.scrape_interval),
            "tests": tests,
        },
    )
