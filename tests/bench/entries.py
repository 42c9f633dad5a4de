"""Entries and result sets for tests."""

from typing import Any

from papercoder.artifacts.bench import BenchEntryResult, BenchResults, JudgeMean
from papercoder.artifacts.evaluation import Interval, JudgeName


def entry(paper: str, **changes: Any) -> BenchEntryResult:
    """An entry that went well."""
    fields: dict[str, Any] = {
        "variant": "full",
        "model": "m",
        "repeat": 1,
        "status": "complete",
        "executed": True,
        **changes,
    }
    name = f"{paper}--{fields['variant']}--{fields['model']}--{fields['repeat']}"
    return BenchEntryResult(entry=name, paper=paper, **fields)


def judged(score: float, judge: JudgeName = "reference-based", spread: float = 0.2) -> tuple[JudgeMean, ...]:
    """What one judge said."""
    return (JudgeMean(judge=judge, score=Interval(mean=score, low=score - spread, high=score + spread, n=8)),)


def results(*entries: BenchEntryResult, name: str = "bench") -> BenchResults:
    """A result set."""
    return BenchResults(name=name, entries=entries)
