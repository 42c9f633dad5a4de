"""A run is watched, paused, stopped and resumed in a real browser."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from papercoder.runs.event_log import read_events
from papercoder.runs.events import Event, RunStarted
from papercoder.runs.summary import summarise
from tests.support import calls_in_flight, calls_made
from tests.web.conftest import HELD, Served, environment, server, until, window
from tests.web.held import RELEASE_FILE

KILN = Path(__file__).parents[2] / "examples" / "kiln"
MODEL = "simulated:files=6,width=3,speed=100000,price_in=1,price_out=4"

LONG = 200_000
"""Milliseconds for a run to complete on a slow machine."""


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """While this file exists, calls for analyses and code are answered."""
    monkeypatch.setenv(RELEASE_FILE, str(tmp_path / "go"))
    return tmp_path / "go"


@pytest.fixture
def served(tmp_path: Path, go: Path) -> Iterator[Served]:
    """A server whose model waits for the test."""
    root = tmp_path / "runs"
    root.mkdir()
    with server(root, program=HELD) as running:
        yield running


@contextmanager
def terminal(folder: Path, paper: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The same run on the command line."""
    words = ["run", str(paper), "-o", str(folder), "--model", MODEL, "--sandbox", "none", "--max-cost", "5"]
    process = subprocess.Popen(
        [sys.executable, *HELD, *words],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def state(page: Page) -> Locator:
    return page.locator(".run-name .badge")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def latest(folder: Path) -> list[Event]:
    """The events of the latest process of a run."""
    events = list(read_events(folder))
    return events[max(at for at, event in enumerate(events) if isinstance(event, RunStarted)) :]


def test_a_run_is_watched_and_controlled_from_several_browsers(
    served: Served, go: Path, browser: Page, chromium: Browser, paper_file: Path
) -> None:
    folder = served.root / "slow"
    # started in a terminal: it can be watched, but not paused or stopped here
    with terminal(folder, paper_file) as process:
        planned = (folder / "planning" / "config.json", folder / "planning" / "logic.json")
        until(browser, lambda: all(path.exists() for path in planned))
        browser.goto(f"{served.url}/run/slow/progress")
        expect(state(browser)).to_have_text("running")
        expect(browser.locator(".sentence")).to_contain_text("started elsewhere, stop it there")
        expect(button(browser, "Pause")).to_be_hidden()
        # all stages and files are visible from the start, with totals and the time left
        expect(browser.locator("[data-stage=planning] .count")).to_have_text("8 of 8")
        expect(browser.locator("[data-stage=coding] .count")).to_have_text("0 of 6 files")
        expect(browser.locator("[data-stage=review]")).to_contain_text("to come")
        expect(browser.locator(".figures", has_text="time left")).to_contain_text("estimate")
        expect(browser.locator(".sentence")).to_contain_text(re.compile(r"(about .*|a few seconds) left"))
        # the overview and the list of runs say the same
        browser.goto(f"{served.url}/run/slow")
        expect(browser.locator(".view-overview [data-stage=planning] .count")).to_have_text("8 of 8")
        browser.goto(served.url)
        expect(browser.locator("article.run .outcome")).to_contain_text("analysis in progress")
        browser.goto(f"{served.url}/run/slow/progress")
        process.send_signal(signal.SIGKILL)
    expect(state(browser)).to_have_text("interrupted")

    # resumed here
    made = calls_made(folder)
    button(browser, "Resume").click()
    expect(state(browser)).to_have_text("running")
    expect(browser.locator(".graph svg .is-open")).to_have_count(6)

    # paused by a key: active calls are answered and kept, no new one starts; a second browser and a reload show it
    until(browser, lambda: calls_in_flight(latest(folder)).total() == 6)
    sent = calls_in_flight(latest(folder))
    browser.keyboard.press("Space")
    expect(state(browser)).to_have_text("pausing")
    expect(browser.locator(".sentence")).to_contain_text("Pauses when")
    go.touch()
    expect(state(browser)).to_have_text("paused")
    expect(browser.locator(".sentence")).to_contain_text("until you press Continue")
    until(browser, lambda: calls_made(folder) >= sent)
    paused = calls_made(folder)
    other = window(chromium, 420, 800)
    other.goto(f"{served.url}/run/slow/progress")
    expect(state(other)).to_have_text("paused")
    expect(other.locator(".graph svg")).to_have_count(1)
    browser.reload()
    expect(state(browser)).to_have_text("paused")
    browser.wait_for_timeout(500)
    assert calls_made(folder) == paused == made + sent
    go.unlink()
    button(other, "Continue").click()
    expect(state(browser)).to_have_text("running")

    # stopped; active calls are kept
    until(browser, lambda: calls_in_flight(latest(folder)).total() > 0)
    sent = calls_in_flight(latest(folder))
    button(browser, "Stop").click()
    expect(state(browser)).to_have_text("stopping")
    go.touch()
    expect(state(browser)).to_have_text("not complete")
    expect(state(other)).to_have_text("not complete")
    expect(browser.locator(".sentence")).to_contain_text("It was stopped")
    assert calls_made(folder) >= paused + sent

    # resumed until it is complete
    button(browser, "Resume").click()
    button(browser, "Log").click()
    expect(browser.locator(".run-log")).to_contain_text("made ")
    expect(state(browser)).to_have_text("complete", timeout=LONG)
    expect(state(other)).to_have_text("complete")
    expect(browser.locator(".graph .is-made, .graph .is-kept")).to_have_count(6)
    expect(browser.locator("[data-stage=coding] .count")).to_have_text(re.compile("^(\\d+) of \\1 files$"))
    assert summarise(read_events(folder)).status == "complete"
    assert set(calls_made(folder).values()) == {1}
    other.context.close()


def test_an_error_is_shown(served: Served, browser: Page, paper_file: Path) -> None:
    folder = served.root / "poor"
    with terminal(folder, paper_file) as process:
        until(browser, (folder / "paper.md").exists)
        process.send_signal(signal.SIGKILL)
    paper_file.unlink()
    (folder / "paper.json").unlink()
    browser.goto(f"{served.url}/run/poor")
    button(browser, "Resume").first.click()
    expect(browser.locator(".sentence")).to_contain_text("There is no file or folder paper.md.")
    expect(state(browser)).to_have_text("not complete")


def test_a_missing_run_links_to_all_runs(served: Served, browser: Page) -> None:
    browser.goto(f"{served.url}/run/none")
    expect(browser.get_by_text("No run named 'none'")).to_be_visible()
    expect(browser.get_by_role("link", name="All runs")).to_be_visible()


@pytest.mark.slow
def test_the_example_is_started_with_one_click_and_read(
    tmp_path: Path, browser: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERCODER_SANDBOX", "none")  # `make demo` executes its code
    root = tmp_path / "runs"
    root.mkdir()
    with server(root) as served:
        browser.goto(f"{served.url}/new")
        button(browser, "Run the example").click()
        browser.wait_for_url(f"{served.url}/run/kiln")
        browser.reload()
        expect(state(browser)).to_have_text("complete", timeout=LONG)
        browser.get_by_role("link", name="Paper & code").click()
        browser.locator(".item a[data-r='R12']").click()
        expect(browser.locator(".paper mark.on").first).to_contain_text("Gibbs distribution")
        expect(browser.locator(".code li.on").first).to_be_visible()
    answers = [path.relative_to(KILN / "recorded").as_posix() for path in (KILN / "recorded").rglob("*.md")]
    # Nothing runs without a sandbox, so nothing is strengthened, repaired, diagnosed and reviewed again.
    after_execution = ("strengthen/", "repair/", "diagnosis/", "variant/")
    before_execution = [name for name in answers if not name.startswith(after_execution) and ".turn" not in name]
    assert summarise(read_events(root / "kiln")).calls.made == len(before_execution)
