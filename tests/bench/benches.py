"""Small benches for tests."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from papercoder.artifacts import BenchEntryResult, BenchResults
from papercoder.bench.bench import bench
from papercoder.bench.manifest import Entry, entries
from papercoder.bench.manifest_file import load_manifest
from papercoder.bench.placement import LocalPlacement
from papercoder.runs.events import Event
from papercoder.stages import checking
from tests.support import MARKDOWN, calls_made

TINY = (
    "simulated:files=3,width=2,speed=100000,overall_plan=20,requirements=20,architecture=20,logic=20,config=20,"
    "analysis=20,coding=60"
)
PUBLISHED = {"name": "published", "profile": "papercoder", "sandbox": "none"}
FULL = {"name": "full", "sandbox": "none"}


_TOOLS = {"names", "calls"}
"""Checks that start a linter and a type checker, which these tests do not need."""


def without_tools() -> tuple[Any, ...]:
    """The checks that start no other program."""
    return tuple(check for check in checking.CHECKS if check[0] not in _TOOLS)


def write_manifest(folder: Path, texts: int = 3, **changes: Any) -> Path:
    """Write a manifest with this many small papers, `p1`, `p2`, ..., all different."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, texts + 1):
        (folder / f"p{number}.md").write_text(MARKDOWN.replace("40 epochs", f"4{number} epochs"), encoding="utf-8")
    fields = {
        "name": "tiny",
        "papers": [{"id": f"p{number}", "paper": f"p{number}.md"} for number in range(1, texts + 1)],
        "variants": [PUBLISHED],
        "models": TINY,
        **changes,
    }
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(fields), encoding="utf-8")
    return path


class Silent:
    """A listener that records everything."""

    def __init__(self) -> None:
        self.started: BenchResults | None = None
        self.events: list[tuple[str, Event]] = []
        self.ended: list[BenchEntryResult] = []
        self.warned: list[str] = []

    def on_start(self, results: BenchResults) -> None:
        self.started = results

    def on_warning(self, message: str) -> None:
        self.warned.append(message)

    def on_event(self, entry: str, event: Event) -> None:
        self.events.append((entry, event))

    def on_entry_end(self, result: BenchEntryResult) -> None:
        self.ended.append(result)


def run(manifest: Path, folder: Path, listener: Any = None, **changes: Any) -> BenchResults:
    """Run a bench in this process."""
    loaded = load_manifest(manifest).model_copy(update=changes)
    return asyncio.run(bench(loaded, folder, LocalPlacement(), listener or Silent()))


def entry_of(manifest: Path, folder: Path, at: int = 0) -> Entry:
    """One of its entries."""
    return entries(load_manifest(manifest), folder)[at]


def calls_of(folder: Path) -> "Counter[tuple[str, str, str]]":
    """(run folder, agent, subject) -> number of paid calls, including those of judges."""
    logs = sorted(path.parent for path in folder.rglob("events.jsonl"))
    return Counter(
        {(str(log.relative_to(folder)), *call): count for log in logs for call, count in calls_made(log).items()}
    )
