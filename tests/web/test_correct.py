"""Places of a PDF are corrected in a browser, and the corrections are used when the run is resumed."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from papercoder.artifacts import Paper
from papercoder.operations.generate import generate
from papercoder.runs.event_log import read_events
from papercoder.runs.events import ArtifactMade, CallMade
from papercoder.runs.folder import load, lock
from papercoder.settings import Settings
from tests.support import SIMULATED, of_kind
from tests.web.conftest import Served, server

KILN = Path(__file__).parents[2] / "examples" / "kiln" / "paper.pdf"
SETTINGS = Settings(model=SIMULATED, profile="papercoder", sandbox="none", refine=0)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with one finished run of a PDF."""
    root = tmp_path_factory.mktemp("runs")
    with ThreadPoolExecutor(1) as thread:  # the browser's event loop runs in this one
        thread.submit(lambda: asyncio.run(generate(KILN, root / "made", SETTINGS))).result()
    with server(root) as running:
        yield running


def correct(served: Served, page: Page, anchor: str, old: str, new: str) -> None:
    """Open the correction of a place from the paper, replace a part of its text, and preview the effects."""
    page.goto(f"{served.url}/run/made/read?at={anchor}")
    page.locator(f".printed a[href$='at={quote(anchor)}']").dispatch_event("click")
    page.wait_for_url(f"**/run/made/correct?at={quote(anchor)}")
    picture = page.locator("figure.printed img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 50
    editor = page.locator("textarea.editor")
    text = editor.input_value()
    assert text.count(old) == 1
    editor.fill(text.replace(old, new))
    page.get_by_role("button", name="Preview changes").click()
    expect(page.locator(".edit-preview")).to_contain_text("planning/plan.json")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save only").click()
    expect(page.locator("[data-edited]")).to_have_count(0)
    expect(page.get_by_text("Saved, not applied yet: paper.json.")).to_be_visible()


def test_a_title_a_formula_and_a_cell_are_corrected_and_used(served: Served, browser: Page) -> None:
    folder = served.root / "made"
    before = len(list(read_events(folder)))
    equation = load(folder, "paper.json", Paper).equations[0]
    correct(served, browser, "title", "Kiln:", "Kiln II:")
    save(browser)
    correct(served, browser, equation.anchor, equation.text, r"A_{ij} = \exp(-\frac{d_{ij}}{\sigma_i \sigma_j})")
    save(browser)
    correct(served, browser, "tab:1", "| 0.2\n", "| 0.25\n")
    browser.get_by_role("button", name="Save and resume").click()
    browser.wait_for_url("**/run/made")
    expect(browser.get_by_text("complete", exact=True).first).to_be_visible()

    paper = load(folder, "paper.json", Paper)
    assert paper.title.startswith("Kiln II:")
    assert r"\frac{d_{ij}}" in paper.equations[0].text
    assert "0.25" in [row[-1] for row in paper.tables[0].rows]
    events = list(read_events(folder))[before:]
    assert "planning/plan.json" in [event.artifact for event in of_kind(events, ArtifactMade)]
    assert of_kind(events, CallMade)  # the same prompts would have been answered from the store
    assert "Kiln II:" in (folder / "report.md").read_text(encoding="utf-8")

    browser.goto(f"{served.url}/run/made/read")
    expect(browser.locator("#at-title")).to_contain_text("Kiln II:")
    expect(browser.locator(f"[id='at-{equation.anchor}'] mfrac")).to_have_count(1)
    expect(browser.locator("[id='at-tab:1'] td", has_text="0.25")).to_be_visible()


def test_a_place_that_does_not_exist_and_a_running_run(served: Served, browser: Page) -> None:
    browser.goto(f"{served.url}/run/made/correct?at=eq:99")
    expect(browser.get_by_text("The paper has no place 'eq:99'")).to_be_visible()
    events = served.root / "made" / "events.jsonl"
    started = events.read_text(encoding="utf-8").splitlines()[0]
    with events.open("a", encoding="utf-8") as log:
        log.write(started + "\n")
    with lock(served.root / "made"):
        browser.goto(f"{served.url}/run/made/correct")
        expect(browser.get_by_text("A run cannot be corrected while it is running")).to_be_visible()
