"""Writes results.json."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Row:
    """One number of a table."""

    experiment: str
    method: str
    dataset: str
    metric: str
    mean: float
    std: float
    seeds: int


def summarise(method: str, scores: list[float]) -> Row:
    """Mean and standard deviation over the seeds."""
    mean, std = mean_and_std(scores)
    return Row("main", method, "points", "accuracy", mean, std, len(scores))


def mean_and_std(scores: list[float]) -> tuple[float, float]:
    """Of the seeds, with the n - 1 estimate where there is more than one."""
    # R6: mean and standard deviation over seeds (tab:1)
    spread = np.std(scores, ddof=1) if len(scores) > 1 else 0.0
    return float(np.mean(scores)), float(spread)


def write_results(rows: list[Row], path: Path) -> None:
    """All rows as one object."""
    text = json.dumps({"results": [asdict(row) for row in rows]}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
