"""Editing in a browser: the preview shows what is made again."""

import asyncio
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from papercoder.operations.generate import generate
from papercoder.runs.event_log import read_events
from papercoder.runs.events import ArtifactMade
from papercoder.runs.folder import lock
from papercoder.settings import Settings
from tests.support import MARKDOWN, SIMULATED, of_kind
from tests.web.conftest import Served, server

SETTINGS = Settings(model=SIMULATED, profile="papercoder", sandbox="none", refine=0)
ANALYSIS = "analysis/simulated/l0_m0.py.md"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all of these tests, with one finished run of the simulated model."""
    root = tmp_path_factory.mktemp("runs")
    paper = root / "paper.md"
    paper.write_text(MARKDOWN, encoding="utf-8")
    with ThreadPoolExecutor(1) as thread:  # the browser's event loop runs in this one
        thread.submit(lambda: asyncio.run(generate(paper, root / "made", SETTINGS))).result()
    with server(root) as running:
        yield running


@pytest.fixture
def run(served: Served, request: pytest.FixtureRequest) -> Path:
    """A finished run of this test's own."""
    name = "".join(filter(str.isalnum, request.node.name))
    return Path(shutil.copytree(served.root / "made", served.root / name, symlinks=True))


def made(run: Path) -> list[str]:
    return [event.artifact for event in of_kind(read_events(run), ArtifactMade)]


def opened(served: Served, browser: Page, run: Path, artifact: str) -> Page:
    browser.goto(f"{served.url}/run/{run.name}/edit?artifact={artifact}")
    expect(browser.locator("textarea.editor")).to_be_visible()
    return browser


def typed(page: Page, text: str) -> None:
    page.locator("textarea.editor").fill(text)
    page.get_by_role("button", name="Preview changes").click()


def test_only_what_depends_on_an_edit_is_made_again(served: Served, browser: Page, run: Path) -> None:
    before = made(run)
    page = opened(served, browser, run, ANALYSIS)
    typed(page, (run / ANALYSIS).read_text(encoding="utf-8") + "\nThere is a bias.\n")
    expect(page.get_by_text("1 artifact will be made again")).to_be_visible()
    expect(page.locator(".remade").first).to_contain_text("repo/simulated/l0_m0.py")
    assert made(run) == before
    page.get_by_role("button", name="Save and resume").click()
    page.wait_for_url(f"**/run/{run.name}")
    expect(page.get_by_text("complete", exact=True).first).to_be_visible(timeout=60_000)
    assert "There is a bias." in (run / ANALYSIS).read_text(encoding="utf-8")
    assert "repo/simulated/l0_m0.py" in made(run)[len(before) :]
    assert not [name for name in made(run)[len(before) :] if name.startswith(("planning/", "analysis/"))]


def test_an_invalid_edit_is_reported_and_not_written(served: Served, browser: Page, run: Path) -> None:
    plan = (run / "planning/plan.json").read_text(encoding="utf-8")
    page = opened(served, browser, run, "planning/plan.json")
    typed(page, '{"summary": "<img src=x onerror=alert(1)>"}')
    expect(page.get_by_role("alert").first).to_contain_text("planning/plan.json was edited and is not valid")
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    assert (run / "planning/plan.json").read_text(encoding="utf-8") == plan


def test_an_edit_can_be_saved_and_reverted(served: Served, browser: Page, run: Path) -> None:
    plan = (run / "planning/plan.json").read_text(encoding="utf-8")
    page = opened(served, browser, run, "planning/plan.json")
    typed(page, json.dumps({**json.loads(plan), "data": "Other points."}))
    page.get_by_role("button", name="Save only").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert "Other points." in (run / "planning/plan.json").read_text(encoding="utf-8")
    page = opened(served, browser, run, "planning/plan.json")
    expect(page.locator(".artifacts a[aria-current]")).to_contain_text("edited")
    page.get_by_role("button", name="Revert my edit").click()
    page.get_by_role("button", name="Revert only").click()
    expect(page.locator(".artifacts a[aria-current]")).not_to_contain_text("edited")
    assert (run / "planning/plan.json").read_text(encoding="utf-8") == plan


def test_leaving_with_unsaved_changes_warns(served: Served, browser: Page, run: Path) -> None:
    leaving = "() => !window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    page = opened(served, browser, run, ANALYSIS)
    assert not page.evaluate(leaving)
    page.locator("textarea.editor").press_sequentially("Mine. ")
    assert page.evaluate(leaving)
    page.evaluate("markSaved()")


def test_code_is_edited_with_the_keyboard(served: Served, browser: Page, run: Path) -> None:
    code = run / "repo/simulated/experiments.py"
    code.write_text(code.read_text(encoding="utf-8").replace("\n", "\r\n"), encoding="utf-8", newline="")
    page = opened(served, browser, run, "repo/simulated/experiments.py")
    editor, where = page.locator("textarea.editor"), page.locator(".below .where")
    editor.press("Control+s")
    expect(page.get_by_role("alert").first).to_contain_text("No changes yet")  # line ends are no change
    editor.press("Control+Home")
    editor.press("Tab")
    editor.press_sequentially("x")
    expect(where).to_contain_text(re.compile(r"Line 1 of \d+, column 6; not saved"))
    assert editor.input_value().startswith("    x")
    editor.press("Control+s")
    page.get_by_role("button", name="Save only").click()
    expect(where).not_to_contain_text("not saved")
    assert code.read_bytes().startswith(b"    x")
    assert code.read_bytes().count(b"\n") == code.read_bytes().count(b"\r\n")
    editor.press("Escape")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Preview changes")).to_be_focused()


def test_a_file_that_changed_meanwhile_is_not_overwritten(served: Served, browser: Page, run: Path) -> None:
    page = opened(served, browser, run, ANALYSIS)
    (run / ANALYSIS).write_text("Written in an editor.\n", encoding="utf-8")
    typed(page, "Written on the page.\n")
    page.get_by_role("button", name="Save only").click()
    expect(page.get_by_role("alert").first).to_contain_text("has changed since you opened it")
    assert (run / ANALYSIS).read_text(encoding="utf-8") == "Written in an editor.\n"


def test_a_running_run_is_not_edited(served: Served, browser: Page, run: Path) -> None:
    started = (run / "events.jsonl").read_text(encoding="utf-8").splitlines()[0]
    with (run / "events.jsonl").open("a", encoding="utf-8") as log:
        log.write(started + "\n")
    with lock(run):
        browser.goto(f"{served.url}/run/{run.name}/edit")
        expect(browser.get_by_text("A run cannot be edited while it is running")).to_be_visible()


@pytest.mark.parametrize("artifact", ["../elsewhere.md", "events.jsonl", "<script>alert(1)</script>"])
def test_only_inputs_can_be_opened(served: Served, browser: Page, run: Path, artifact: str) -> None:
    browser.goto(f"{served.url}/run/{run.name}/edit?artifact={artifact}")
    expect(browser.get_by_text("is not an input of anything")).to_be_visible()
    expect(browser.locator("textarea.editor")).to_have_count(0)


def test_the_repository_is_downloaded_without_its_history(served: Served, browser: Page, run: Path) -> None:
    (run / "repo" / "leak.txt").symlink_to("/etc/passwd")
    browser.goto(f"{served.url}/run/{run.name}")
    with browser.expect_download() as downloading:
        browser.get_by_role("link", name="Download").click()
    assert downloading.value.suggested_filename == f"{run.name}.zip"
    with zipfile.ZipFile(downloading.value.path()) as archive:
        names = archive.namelist()
    assert f"{run.name}/main.py" in names
    assert not [name for name in names if ".git/" in name or name.endswith("leak.txt")]
