"""The results of a bench as files: `results.json` for programs, `results.csv` for tables."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from papercoder.artifacts import BenchResults, JudgeName, TrialResult
from papercoder.errors import RunFolderError
from papercoder.runs.store import write_synced

JSON = "results.json"
CSV = "results.csv"

_PLAIN = tuple(name for name in TrialResult.model_fields if name not in {"steps", "judges"})
_OF_JUDGES = tuple(f"{judge} {part}" for judge in get_args(JudgeName) for part in ("mean", "low", "high", "n"))

Cell = str | float | None


def write_results(folder: Path, results: BenchResults) -> None:
    """Write both files, each whole or not at all.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    write_synced(folder / JSON, results.model_dump_json(indent=1) + "\n")
    write_synced(folder / CSV, to_csv(results))


def read_results(path: Path) -> BenchResults:
    """The results of a bench, from its folder or from its `results.json`.

    Raises:
        RunFolderError: there are none, or they are no results.
    """
    file = path / JSON if path.is_dir() else path
    try:
        return BenchResults.model_validate_json(file.read_bytes())
    except OSError as error:
        raise RunFolderError(
            f"{file} cannot be read ({error.strerror}); `papercoder bench MANIFEST` makes one."
        ) from error
    except ValidationError as error:
        raise RunFolderError(
            f"{file} is no results.json of a bench, or of another version; run the bench again."
        ) from error


def to_csv(results: BenchResults) -> str:
    """A line for each trial; empty where something was not observed."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow((*_PLAIN, "steps", *_OF_JUDGES))
    for trial in results.trials:
        plain = (_cell(getattr(trial, name)) for name in _PLAIN)
        table.writerow((*plain, " ".join(trial.steps), *_scores(trial)))
    return text.getvalue()


def _scores(trial: TrialResult) -> Iterator[Cell]:
    found = {each.judge: each.score for each in trial.judges}
    for judge in get_args(JudgeName):
        score = found.get(judge)
        yield from (score.mean, score.low, score.high, score.n) if score else ("",) * 4


def _cell(value: Cell) -> Cell:
    """In one line, and nothing that a spreadsheet takes for a formula: reasons hold words of models and papers."""
    if not isinstance(value, str):
        return value
    line = " ".join(value.split())
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line
