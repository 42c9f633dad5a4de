"""Compares the marks in the code (`# R12: ...`) with the requirements of `TRACEABILITY.json`."""

from collections.abc import Iterator

from pydantic import ValidationError

from papercoder.artifacts import Traceability
from papercoder.artifacts.checking import Finding, error
from papercoder.repository.traceability import marks
from papercoder.stages.checking.repository import Tree

_CHECK = "marks"
_FILE = "TRACEABILITY.json"


def check_marks(tree: Tree) -> Iterator[Finding]:
    """Find unknown ids, and requirements that their owner does not mark."""
    if _FILE not in tree.files:
        return
    try:
        traceability = Traceability.model_validate_json(tree.text(_FILE) or "")
    except ValidationError:
        yield error(_CHECK, _FILE, 1, "The file is not a valid table of requirements.", "Generate it again.")
        return
    marked = {str(module.path): marks(module.text) for module in tree.modules}
    yield from _unknown(marked, {trace.requirement.id for trace in traceability.traces})
    yield from _unmarked(marked, traceability, {finding.path for finding in tree.broken})


def _unknown(marked: dict[str, dict[str, tuple[int, ...]]], ids: set[str]) -> Iterator[Finding]:
    for path, found in marked.items():
        for name, lines in found.items():
            if name not in ids:
                advice = f"Name a requirement of {_FILE}, or remove the mark."
                yield error(_CHECK, path, lines[0], f"There is no requirement {name}.", advice)


def _unmarked(
    marked: dict[str, dict[str, tuple[int, ...]]], traceability: Traceability, broken: set[str]
) -> Iterator[Finding]:
    for trace in traceability.traces:
        need, owner = trace.requirement, trace.owner
        if owner is None:
            message = f"No file owns {need.id}: {need.statement}"
            yield error(_CHECK, _FILE, 1, message, "Assign an owner, and mark the line that implements it.")
        elif owner not in broken and owner.endswith(".py") and need.id not in marked.get(owner, {}):
            message = f"No comment marks {need.id}: {need.statement}"
            path = owner if owner in marked else _FILE
            yield error(_CHECK, path, 1, message, f"Implement it, and mark its line with `# {need.id}: ...`.")
