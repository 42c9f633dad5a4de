"""Imported modules that no installed package, or the wrong one, provides."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name
from pydantic import TypeAdapter, ValidationError

from papercoder.artifacts.execution import Outcome
from papercoder.environments import distributions_script
from papercoder.errors import RunFolderError
from papercoder.files.regular import read_text, walk
from papercoder.repository.packages import distributions_of, is_brought, needed_imports

SCRIPT = Path(distributions_script.__file__)
"""Prints the distributions of modules as JSON; runs in the environment's interpreter."""

_FOUND = TypeAdapter(dict[str, list[str] | None])
_SKIPPED = frozenset({"tests", "venv", ".venv"})


def needed_modules(repository: Path) -> dict[str, str]:
    """The third-party modules that the code needs, and a file that imports each; tests are left out.

    Any module or folder of the repository counts as local, since programs may change `sys.path`.
    """
    paths = [path for path in sorted(walk(repository)) if path.suffix == ".py"]
    own = {name for path in paths for name in (*path.parts[:-1], path.stem)}
    code = [path for path in reversed(paths) if not _SKIPPED & set(path.parts)]
    return {module: str(path) for path in code for module in _needed(repository, str(path), own)}


def _needed(repository: Path, path: str, own: set[str]) -> Iterator[str]:
    try:
        yield from needed_imports(read_text(repository, path) or "", own)
    except (SyntaxError, ValueError, RunFolderError):
        return  # the import step reports it


def missing_modules(outcome: Outcome, imported: Mapping[str, str]) -> str:
    """The modules that the right distribution does not provide, in one sentence; empty if none.

    Args:
        outcome: of `SCRIPT`, run with the names of the modules.
        imported: module -> a file that imports it.
    """
    try:
        found = _FOUND.validate_json(outcome.output.strip().rpartition("\n")[2] if outcome.succeeded else "{}")
    except ValidationError:
        return ""
    wrong = [text for module, names in found.items() if (text := _problem(module, names, imported.get(module, "")))]
    return "; ".join(wrong)


def _problem(module: str, names: list[str] | None, path: str) -> str:
    right = next(iter(distributions_of(module)), "")
    advice = f"; install `{right}`" if right else ""
    if names is None:
        return f"`{module}` is imported in {path}, but no installed package provides it{advice}"
    brought = {canonicalize_name(name) for name in names}
    same_name = canonicalize_name(module.partition(".")[0])
    if brought == {same_name} and not is_brought(module, brought):
        return f"`{module}`, imported in {path}, comes from the package `{names[0]}`, a different project{advice}"
    return ""
