"""The figures that a repository draws from its results: drawn in the sandbox, decoded like those of a paper, as PNG."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from papercoder.artifacts import SourceFile, TrialResult
from papercoder.artifacts.execution import Outcome
from papercoder.artifacts.reproduction import Setting
from papercoder.concurrency import run_in_thread
from papercoder.errors import RunFolderError
from papercoder.files.regular import read_bytes, walk, write
from papercoder.paper.pictures import GRAPHICS, LARGEST_FIGURE, as_png
from papercoder.repository.files import parse
from papercoder.sandbox.contract import GIB, Limits
from papercoder.stages.reproduction.preparation import EXPERIMENTS, MAIN, Preparation, options_of, repository_folder
from papercoder.stages.reproduction.trial import kept_array

MOST = 24
"""Figures of one repository."""

_FOLDER = "figures"
_LIMITS = Limits(seconds=300, memory=8 * GIB)


@dataclass(frozen=True)
class Drawing:
    """What was drawn."""

    pictures: dict[str, bytes] = field(default_factory=dict)
    """File name -> PNG."""

    problem: str = ""
    """What was not drawn, in one sentence."""


def draws_figures(files: Iterable[SourceFile]) -> bool:
    """Whether the experiments define `figures`."""
    for file in files:
        if Path(file.path).name == EXPERIMENTS:
            try:
                body = parse(file.text).body
            except SyntaxError:
                return False
            return any(isinstance(node, ast.FunctionDef) and node.name == "figures" for node in body)
    return False


async def draw_figures(
    preparation: Preparation,
    files: tuple[SourceFile, ...],
    settings: tuple[Setting, ...],
    results: Iterable[TrialResult],
    run_folder: Path,
) -> Drawing:
    """Draw what the repository draws from these results.

    Args:
        preparation: the sandbox and the packages.
        files: those that a trial can read, and `claims.json`.
        settings: with which the trials ran.
        results: of the trials.
        run_folder: has the arrays that they kept.

    Raises:
        SandboxError: the sandbox could not be started.
    """
    async with repository_folder(files) as folder:
        await run_in_thread(_write_results, folder, tuple(results), run_folder)
        outcome = await preparation.run(("python", MAIN, "--report", *options_of(settings)), folder, _LIMITS)
        return await run_in_thread(_collect, folder, outcome)


def _write_results(folder: Path, results: tuple[TrialResult, ...], run_folder: Path) -> None:
    for result in results:
        name = f"results/{result.trial.id}"
        write(folder, f"{name}.json", result.model_dump_json())
        for array, sha256 in result.arrays.items():
            if (content := read_bytes(run_folder, kept_array(sha256))) is not None:
                write(folder, f"{name}/{array}.npy", content)


def _collect(folder: Path, outcome: Outcome) -> Drawing:
    """The pictures that can be decoded; what generated code wrote is not trusted to be one."""
    names = [str(path) for path in walk(folder, _FOLDER, lambda _: False, most=1_000)]
    found: dict[str, bytes | str] = {}
    for name in [name for name in names if name.lower().endswith(GRAPHICS)][:MOST]:
        try:
            found[name] = read_bytes(folder, f"{_FOLDER}/{name}", LARGEST_FIGURE) or b""
        except RunFolderError:
            continue
    decoded = as_png(found)
    pictures = {f"{Path(name).stem}.png": decoded[name] for name in found if name in decoded}
    if not outcome.succeeded:
        last = next((line.strip() for line in reversed(outcome.output.splitlines()) if line.strip()), "no output")
        return Drawing(pictures, f"the figures could not be drawn: {outcome.limit or last}")
    left_out = len(names) - len(decoded)
    return Drawing(pictures, f"{left_out} of {len(names)} figures are not shown: draw them as PNG" if left_out else "")
