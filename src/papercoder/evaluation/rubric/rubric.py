"""Loading, pruning and scoring rubrics (PaperBench, sections 2 and 3)."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import ValidationError

from papercoder.artifacts import LeafScore, Rubric, RubricScore
from papercoder.errors import ArtifactError
from papercoder.runs.folder import read_given_text

DEEPEST = 100
"""Maximum number of levels in a rubric."""


def load_rubric(path: Path) -> Rubric:
    """Load a rubric; fields that are not PaperBench's are ignored.

    Raises:
        ArtifactError: the file does not exist or is not a valid rubric; the message names the node.
    """
    text = read_given_text(path)
    if text is None:
        raise ArtifactError(f"{path} does not exist. To draft a rubric: papercoder rubric PAPER -o {path}")
    tree = _tree(path, text)
    try:
        rubric = Rubric.model_validate(tree)
    except ValidationError as error:
        raise ArtifactError(f"{path} is not a valid rubric: {_complaint(error, tree)}.") from error
    if repeated := _repeated(rubric):
        raise ArtifactError(f"{path}: several nodes have the id {repeated!r}. Give each node a unique id.")
    return rubric


def _tree(path: Path, text: str) -> object:
    try:
        return _known(json.loads(text))
    except json.JSONDecodeError as error:
        raise ArtifactError(
            f"{path} is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        ) from error
    except RecursionError as error:
        raise ArtifactError(f"{path} is not a valid rubric: it has more than {DEEPEST} levels.") from error
    except ValueError as error:
        raise ArtifactError(f"{path} cannot be read as JSON: {error}.") from error


def _known(node: object, depth: int = 1) -> object:
    """A tree with PaperBench's fields only, and with empty lists instead of null."""
    if depth > DEEPEST:
        raise RecursionError
    if not isinstance(node, dict):
        return node
    fields = {name: value for name, value in node.items() if name in Rubric.model_fields}
    parts = fields.get("sub_tasks") or []
    return {**fields, "sub_tasks": [_known(part, depth + 1) for part in parts] if isinstance(parts, list) else parts}


def _complaint(error: ValidationError, tree: object) -> str:
    """The first error, with the ids of the nodes from the root to its place."""
    first = error.errors()[0]
    names, node, place = [_name(tree, "the root")], tree, first["loc"]
    for part in place:
        if isinstance(part, int) and isinstance(node, dict):
            node = node["sub_tasks"][part]
            names.append(_name(node, f"node {part + 1}"))
    field = next((f"{part}: " for part in place if part != "sub_tasks" and isinstance(part, str)), "")
    return f"{' > '.join(names)}: {field}{first['msg'].removeprefix('Value error, ')}"


def _name(node: object, otherwise: str) -> str:
    return str(node["id"]) if isinstance(node, dict) and node.get("id") else otherwise


def _repeated(rubric: Rubric) -> str | None:
    counts = Counter(node.id for node in rubric.nodes)
    return next((name for name, count in counts.items() if count > 1), None)


def code_dev(rubric: Rubric) -> Rubric | None:
    """The rubric with its Code Development leaves only (PaperBench Code-Dev); None if it has none."""
    return only(rubric, lambda leaf: leaf.task_category == "Code Development")


def only(rubric: Rubric, keep: Callable[[Rubric], bool]) -> Rubric | None:
    """The rubric with the leaves for which `keep` is true; None if there are none."""
    if not rubric.sub_tasks:
        return rubric if keep(rubric) else None
    parts = tuple(kept for part in rubric.sub_tasks if (kept := only(part, keep)))
    return rubric.model_copy(update={"sub_tasks": parts}) if parts else None


def weighted(rubric: Rubric, met: Mapping[str, float]) -> float:
    """The score of the tree, 0 to 1: at each node the weighted mean of its parts.

    Args:
        rubric: the tree.
        met: id of a leaf -> 0 to 1. A missing leaf counts 0, as does a node whose parts all have weight 0.
    """
    if not rubric.sub_tasks:
        return met.get(rubric.id, 0.0)
    total = sum(part.weight for part in rubric.sub_tasks)
    if total == 0:
        return 0.0
    return sum(part.weight * weighted(part, met) for part in rubric.sub_tasks) / total


def ancestors(rubric: Rubric, leaf_id: str) -> tuple[Rubric, ...]:
    """The nodes above a leaf, from the root down; empty if the leaf is the root or not in the tree."""
    for part in rubric.sub_tasks:
        if part.id == leaf_id:
            return (rubric,)
        if above := ancestors(part, leaf_id):
            return (rubric, *above)
    return ()


def rubric_score(rubric: Rubric, leaves: tuple[LeafScore, ...]) -> RubricScore:
    """The leaves with their score in the whole tree and in the code leaves."""
    met = {leaf.leaf: float(leaf.met) for leaf in leaves}
    code = code_dev(rubric)
    return RubricScore(
        score=weighted(rubric, met), code_dev=weighted(code, met) if code is not None else None, leaves=leaves
    )
