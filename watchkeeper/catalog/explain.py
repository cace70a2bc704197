"""Structure."""

from pydantic import ValidationError

from watchkeeper.catalog.base import Model
from watchkeeper.catalog.problems import Problem
from watchkeeper.catalog.tree import Node


def validate(model: type[Model], root: Node) -> tuple[Model | None, tuple[Problem, ...]]:
    """Build the model from a file's tree, or say what keeps it from being one."""
    try:
        return model.model_validate(root.value), ()
    except ValidationError as error:
        problems = []
        for one in error.errors(include_url=False):
            path = tuple(step for step in one["loc"] if isinstance(step, str | int))
            problems.append(Problem(root.place_of(path), "structure", one["msg"], ""))
        return None, tuple(problems)
