"""The graph of imports between the files of a design."""

from graphlib import CycleError, TopologicalSorter

from papercoder.artifacts import LogicDesign
from papercoder.errors import ArtifactError
from papercoder.repository.paths import path_problem


def import_cycle(logic: LogicDesign) -> tuple[str, ...]:
    """Files that import each other in a cycle, with the first repeated at the end; empty if there is no cycle."""
    sorter = TopologicalSorter(_edges(logic))
    try:
        sorter.prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()


def import_order(logic: LogicDesign) -> tuple[str, ...]:
    """The files' paths, each after the files that it imports.

    Raises:
        ArtifactError: the user's edit of the design has a cycle, an unknown file or a path that may not be written.
    """
    paths = {file.path for file in logic.files}
    for file in logic.files:
        unknown = next((item.path for item in file.imports if item.path not in paths), None)
        problem = path_problem(file.path) or (
            unknown and f"`{file.path}` imports `{unknown}`, which is not in the list"
        )
        if problem:
            raise ArtifactError(f"planning/logic.json: {problem}. Correct it, or delete it to have it made again.")
    if cycle := import_cycle(logic):
        raise ArtifactError(f"planning/logic.json: files import each other in a cycle: {' -> '.join(cycle)}.")
    return tuple(TopologicalSorter(_edges(logic)).static_order())


def _edges(logic: LogicDesign) -> dict[str, list[str]]:
    return {file.path: [item.path for item in file.imports] for file in logic.files}
