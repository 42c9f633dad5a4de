"""The results of a bench as files: `results.json` for programs, `results.csv` for tables."""

import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from papercoder.artifacts import BenchEntryResult, BenchResults, ClaimSummary, JudgeName
from papercoder.bench.results.metrics import OUTCOMES, VERDICTS
from papercoder.errors import RunFolderError
from papercoder.files.regular import read_bytes
from papercoder.runs.folder import write_synced
from papercoder.text import csv_text
from papercoder.text.csv_text import Cell

JSON = "results.json"
CSV = "results.csv"
CLAIMS_CSV = "claims.csv"
"""Claims of all papers by variant and model; only if a reproduction was asked for."""

_CLAIM_FIELDS = ("claims", "claims_before_diagnosis")
_CLAIM_COLUMNS = tuple(f"{field} {verdict}" for field in _CLAIM_FIELDS for verdict in VERDICTS)
_FIELDS = tuple(name for name in BenchEntryResult.model_fields if name not in {"steps", "judges", *_CLAIM_FIELDS})
_JUDGE_COLUMNS = tuple(f"{judge} {part}" for judge in get_args(JudgeName) for part in ("mean", "low", "high", "n"))


def write_results(folder: Path, results: BenchResults) -> None:
    """Write the files, each atomically.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    write_synced(folder / JSON, results.model_dump_json(indent=1) + "\n")
    write_synced(folder / CSV, to_csv(results))
    if results.claims:
        write_synced(folder / CLAIMS_CSV, claims_csv(results.claims))


def read_results(path: Path) -> BenchResults:
    """The results of a bench, from its folder or from its `results.json`.

    Raises:
        RunFolderError: the file is missing, or does not contain results.
    """
    file = path / JSON if path.is_dir() else path
    try:
        content = read_bytes(path, JSON) if path.is_dir() else file.read_bytes()
        if content is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return BenchResults.model_validate_json(content)
    except OSError as error:
        raise RunFolderError(
            f"{file} cannot be read ({error.strerror}). `papercoder bench MANIFEST` writes it."
        ) from error
    except ValidationError as error:
        raise RunFolderError(
            f"{file} does not contain the results of a bench, or is of another version. Run the bench again."
        ) from error


def to_csv(results: BenchResults) -> str:
    """One row per entry; a cell is empty if its value was not observed."""
    rows: list[tuple[Cell, ...]] = [(*_FIELDS, "steps", *_JUDGE_COLUMNS, *_CLAIM_COLUMNS)]
    for entry in results.entries:
        fields = (_on_one_line(getattr(entry, name)) for name in _FIELDS)
        rows.append((*fields, " ".join(entry.steps), *_scores(entry), *_claims(entry)))
    return csv_text.to_csv(rows)


def claims_csv(summaries: Iterable[ClaimSummary]) -> str:
    """One row per variant and model: papers, shares with their intervals, claims by verdict, cost and time."""
    spent = ("met_by_diagnosis", "calls", "cost_usd", "unpriced", "seconds", "reproduction_seconds")
    columns = (f"{field} {part}" for field in OUTCOMES for part in ("papers", "share", "low", "high"))
    rows: list[tuple[Cell, ...]] = [
        ("variant", "model", "papers", *columns, *(f"claims {verdict}" for verdict in VERDICTS), *spent)
    ]
    for one in summaries:
        found = (getattr(one, field) for field in OUTCOMES)
        numbers = (cell for share in found for cell in (share.count, share.count / share.papers, share.low, share.high))
        counts = (getattr(one.claims, verdict) for verdict in VERDICTS)
        rows.append((one.variant, one.model, one.papers, *numbers, *counts, *(getattr(one, name) for name in spent)))
    return csv_text.to_csv(rows)


def _claims(entry: BenchEntryResult) -> Iterator[Cell]:
    for field in _CLAIM_FIELDS:
        counts = getattr(entry, field)
        yield from (getattr(counts, verdict) if counts else "" for verdict in VERDICTS)


def _scores(entry: BenchEntryResult) -> Iterator[Cell]:
    scores = {mean.judge: mean.score for mean in entry.judges}
    for judge in get_args(JudgeName):
        score = scores.get(judge)
        yield from (score.mean, score.low, score.high, score.n) if score else ("",) * 4


def _on_one_line(value: Cell) -> Cell:
    return " ".join(value.split()) if isinstance(value, str) else value
