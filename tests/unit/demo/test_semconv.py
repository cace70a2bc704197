"""Our spelling of the conventions' names against the pinned package of the conventions."""

import pytest
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics
from opentelemetry.semconv.schemas import Schemas

from demo import semconv

OURS = {name: value for name, value in vars(semconv).items() if str(value).startswith("gen_ai.")}
THEIRS = {str(value) for module in (gen_ai_attributes, gen_ai_metrics) for value in vars(module).values()}


@pytest.mark.parametrize("name", OURS)
def test_every_genai_name_is_the_conventions_own(name: str) -> None:
    """A renamed attribute upstream shows here, when the lock file moves."""
    assert OURS[name] in THEIRS


def test_the_version_is_one_that_the_package_knows() -> None:
    """The noted version is not made up."""
    assert any(schema.value.endswith(f"/{semconv.VERSION}") for schema in Schemas)
