"""Every file that this package generates: rules, and the promtool tests that prove them."""

from collections.abc import Iterator

from alerts.promtool import rule_tests
from alerts.rules import Group
from alerts.slo import slo_groups
from alerts.stack import job_group, stack_group
from watchkeeper.artifact import Artifact, yaml_artifact
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.promql import duration

RULES = "alerts/generated/rules"
TESTS = "alerts/generated/tests"


def artifacts(catalog: Catalog) -> Iterator[Artifact]:
    """Yield a rule file and a test file per SLO, for all scrape jobs, and for the stack itself.

    Raises:
        PolicyError: the window policy can not serve some SLO.
    """
    for objective in catalog.objectives:
        yield from _rules_and_tests(objective.id, slo_groups(objective, catalog.settings), catalog)
    jobs = tuple(job_group(service, catalog.settings) for service in catalog.services if service.scrape)
    if jobs:
        yield from _rules_and_tests("_jobs", jobs, catalog)
    yield from _rules_and_tests("_stack", (stack_group(catalog),), catalog)


def _rules_and_tests(name: str, groups: tuple[Group, ...], catalog: Catalog) -> Iterator[Artifact]:
    yield yaml_artifact(f"{RULES}/{name}.yaml", {"groups": [group.as_mapping() for group in groups]})
    tests = rule_tests(groups, catalog)
    yield yaml_artifact(
        f"{TESTS}/{name}.yaml",
        {
            "rule_files": [f"../rules/{name}.yaml"],
            "evaluation_interval": duration(catalog.settings.scrape_interval),
            "tests": tests,
        },
    )
