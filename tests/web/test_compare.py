"""Comparisons of runs and benches in a browser."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from papercoder.artifacts import BenchEntryResult, BenchResults
from papercoder.bench.results.files import write_results
from papercoder.operations.generate import generate
from papercoder.settings import Settings
from papercoder.web.pages.compare import compare_runs
from tests.support import MARKDOWN
from tests.web.conftest import Served, server

MODEL = "simulated:files={files},width=2,speed=100000"


def simulated(folder: Path, paper: Path, files: int) -> None:
    settings = Settings(model=MODEL.format(files=files), profile="papercoder", sandbox="none", refine=0)
    with ThreadPoolExecutor(1) as thread:  # a browser's event loop may run in this one
        thread.submit(lambda: asyncio.run(generate(paper, folder, settings))).result()


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny paper."""
    path = tmp_path_factory.mktemp("paper") / "paper.md"
    path.write_text(MARKDOWN, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, paper: Path) -> Iterator[Served]:
    """One server for all of these tests, with two runs of one paper."""
    root = tmp_path_factory.mktemp("runs")
    simulated(root / "few", paper, 3)
    simulated(root / "many", paper, 5)
    with server(root) as running:
        yield running


def test_two_runs_are_compared(served: Served, browser: Page) -> None:
    found = compare_runs(served.root / "few", served.root / "many")
    assert {row.label for row in found.figures if row.differs} >= {"models", "files", "calls", "tokens"}
    assert "simulated/experiments.py" in {change.path for change in found.files}
    browser.goto(f"{served.url}/compare?one=few&two=many")
    expect(browser.get_by_role("heading", name="Comparison")).to_be_visible()
    expect(browser.locator(".differs").first).to_be_visible()
    expect(browser.locator(".change", has_text="simulated/experiments.py").first).to_be_visible()


def test_a_run_does_not_differ_from_itself(served: Served) -> None:
    found = compare_runs(served.root / "few", served.root / "few")
    assert not [row for row in found.figures if row.differs]
    assert (found.settings, found.verdicts, found.files) == ((), (), ())
    assert found.same_files


def test_a_comparison_without_two_says_what_to_do(served: Served, browser: Page) -> None:
    browser.goto(f"{served.url}/compare")
    expect(browser.get_by_text("Select two runs")).to_be_visible()


def test_a_bench_links_to_its_entries_and_to_another_bench(served: Served, browser: Page, paper: Path) -> None:
    entry = BenchEntryResult(
        entry="p--v--m--1", paper="p", variant="v", model="m", repeat=1, status="complete", cost_usd=0.5
    )
    for name in ("old", "new"):
        (served.root / name).mkdir()
        write_results(served.root / name, BenchResults(name=f"<b>{name}</b>", entries=(entry,)))
    simulated(served.root / "new" / entry.entry, paper, 3)
    browser.goto(f"{served.url}/bench/new")
    expect(browser.get_by_role("heading", name="<b>new</b>")).to_be_visible()
    browser.get_by_role("link", name="run", exact=True).first.click()
    expect(browser.get_by_text("complete", exact=True).first).to_be_visible()
    browser.goto(f"{served.url}/bench/new")
    browser.get_by_role("link", name="old", exact=True).click()
    expect(browser.get_by_text("Comparison of two result sets")).to_be_visible()
