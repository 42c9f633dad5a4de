"""The dependency graph of the files to write."""

from graphlib import CycleError, TopologicalSorter

from papercoder.artifacts import FileLogic, LogicDesign
from papercoder.errors import ArtifactError
from papercoder.repository.paths import path_problem


def ring(logic: LogicDesign) -> tuple[str, ...]:
    """Files that import each other in a ring, the first one named again at the end; empty where there is none."""
    sorter = TopologicalSorter(_edges(logic))
    try:
        sorter.prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()


def _edges(logic: LogicDesign) -> dict[str, list[str]]:
    return {file.path: [item.path for item in file.imports] for file in logic.files}


def _stranger(file: FileLogic, paths: set[str]) -> str | None:
    strange = next((item.path for item in file.imports if item.path not in paths), None)
    return strange and f"`{file.path}` imports `{strange}`, which is no file of the repository"


def order(logic: LogicDesign) -> tuple[str, ...]:
    """The files' paths, each after those that it imports.

    Raises:
        ArtifactError: there is a ring, or an import of a file that is not there; the user must have edited it in.
    """
    paths = {file.path for file in logic.files}
    for file in logic.files:
        if (reason := path_problem(file.path)) or (reason := _stranger(file, paths)):
            raise ArtifactError(f"planning/logic.json: {reason}. Mend it, or delete it to have it made again.")
    if files := ring(logic):
        raise ArtifactError(f"planning/logic.json: files import each other in a ring: {' -> '.join(files)}.")
    return tuple(TopologicalSorter(_edges(logic)).static_order())
