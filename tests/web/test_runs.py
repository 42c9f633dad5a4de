"""The list of runs, and a new run, in a browser."""

import asyncio
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from papercoder.artifacts import BenchEntryResult, BenchResults
from papercoder.bench.results.files import write_results
from papercoder.operations.generate import generate
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import RunEnded, RunStarted
from papercoder.runs.folder import lock
from papercoder.settings import Settings
from tests.support import MARKDOWN, SIMULATED
from tests.web.conftest import Served, serious, server

_SLOW_LINK = """
const heard = new Promise((now) => (window.hear = now));
window.WebSocket = class extends WebSocket {
  set onmessage(take) { super.onmessage = (event) => heard.then(() => take(event)); }
};
"""
"""Delays the messages of the server until the test releases them, as over a slow tunnel."""

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=1</script>'


@pytest.fixture(scope="module")
def populated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of a complete run, one that stopped, one of a hostile paper and a bench."""
    root = tmp_path_factory.mktemp("runs")
    (root / "papercoder.toml").write_text(f'model = "{SIMULATED}"\nsandbox = "none"\n', encoding="utf-8")
    paper = root / "tiny.md"
    paper.write_text(MARKDOWN, encoding="utf-8")
    asyncio.run(generate(paper, root / "whole", Settings(model=SIMULATED, sandbox="none")))
    _stopped(root / "stopped", "tiny.md", "The model did not answer.")
    _stopped(root / "hostile", HOSTILE, HOSTILE)
    (root / "hostile" / "paper.md").write_text(f"# {HOSTILE}\n", encoding="utf-8")
    entry = BenchEntryResult(entry="a", paper="p", variant="full", model="m", repeat=1, status="complete", calls=3)
    (root / "many").mkdir()
    write_results(root / "many", BenchResults(name="many", entries=(entry,)))
    with server(root) as served:
        yield served


def _stopped(folder: Path, paper: str, reason: str) -> None:
    folder.mkdir()
    emit = EventLog(folder)
    emit(RunStarted(paper=paper, models={"coding": "x:y"}, profile="papercoder"))
    emit(RunEnded(status="partial", reason=reason))


def names(browser: Page) -> list[str]:
    return browser.locator("article.run:not(.bench) .who a").all_inner_texts()


def test_runs_are_listed_filtered_and_compared(populated: Served, browser: Page) -> None:
    browser.goto(populated.url)
    expect(browser.locator("article.run")).to_have_count(4)
    expect(browser.get_by_text("1 entry: 1 paper, 1 variant, 1 model")).to_be_visible()
    whole = browser.locator("article", has=browser.get_by_role("link", name="whole"))
    expect(whole.get_by_text("complete")).to_be_visible()
    expect(whole.get_by_text("requirements implemented")).to_be_visible()

    browser.keyboard.press("/")
    browser.keyboard.type("papercoder stopped")
    expect(browser.locator("article.run:not(.bench)")).to_have_count(1)
    assert names(browser) == ["stopped"]
    browser.get_by_label("Filter").fill("nothing like it")
    browser.get_by_role("button", name="Show all").click()
    expect(browser.locator("article.run:not(.bench)")).to_have_count(3)
    browser.get_by_role("button", name="partial 2").click()
    expect(browser.locator("article.run:not(.bench)")).to_have_count(2)
    browser.get_by_role("button", name="all 3").click()
    expect(browser.locator("article.run:not(.bench)")).to_have_count(3)

    compare = browser.get_by_role("button", name="Compare")
    expect(compare).to_be_disabled()
    browser.get_by_label("compare whole").check()
    browser.get_by_label("compare stopped").check()
    expect(compare).to_be_enabled()
    expect(browser.get_by_label("compare stopped")).to_be_focused()
    browser.keyboard.press("c")
    browser.wait_for_url("**/compare?one=whole&two=stopped")


def test_a_run_is_renamed_deleted_and_restored(populated: Served, browser: Page) -> None:
    _stopped(populated.root / "old", "tiny.md", "It was stopped.")
    browser.goto(f"{populated.url}/run/old")
    browser.get_by_label("More", exact=True).click()
    browser.get_by_role("button", name="Rename").click()
    browser.get_by_label("Name", exact=True).fill("Second <b>try</b>")
    browser.get_by_role("button", name="Rename").last.click()
    expect(browser.locator(".run-name .label")).to_have_text("Second <b>try</b>")
    assert (populated.root / "old" / "name.txt").read_text(encoding="utf-8") == "Second <b>try</b>\n"

    browser.get_by_label("More", exact=True).click()
    browser.get_by_role("button", name="Delete").click()
    browser.get_by_role("button", name="Move to the bin").click()
    browser.wait_for_url(f"{populated.url}/")
    expect(browser.get_by_role("link", name="whole")).to_be_visible()
    assert not (populated.root / "old").exists()
    browser.get_by_role("link", name="Deleted runs (1)").click()
    row = browser.locator("article.deleted", has_text="Second <b>try</b>")
    row.get_by_role("button", name="Restore").click()
    expect(browser.get_by_text("The bin is empty")).to_be_visible()
    assert (populated.root / "old" / "events.jsonl").is_file()

    with lock(populated.root / "old"):
        browser.goto(f"{populated.url}/run/old")
        browser.get_by_label("More", exact=True).click()
        browser.get_by_role("button", name="Delete").click()
        browser.get_by_role("button", name="Move to the bin").click()
        expect(browser.get_by_role("alert").filter(has_text="is running")).to_be_visible()
    shutil.rmtree(populated.root / "old")


def test_texts_of_papers_are_text(populated: Served, browser: Page) -> None:
    browser.goto(populated.url)
    expect(browser.get_by_text(HOSTILE).first).to_be_visible()
    assert browser.locator("img[src=x]").count() == 0
    assert browser.title() == "Runs · PaperCoder"


def test_a_new_run_appears(populated: Served, browser: Page) -> None:
    browser.goto(populated.url)
    expect(browser.get_by_role("link", name="late")).to_have_count(0)
    browser.get_by_role("link", name="whole").focus()
    _stopped(populated.root / "late", "tiny.md", "It was stopped.")
    try:
        expect(browser.get_by_role("link", name="late")).to_be_visible()
        expect(browser.get_by_role("link", name="whole")).to_be_focused()  # although its row was redrawn
    finally:
        (populated.root / "late" / "events.jsonl").unlink()


def test_keys_are_listed_and_work(populated: Served, browser: Page) -> None:
    browser.goto(populated.url)
    expect(browser.locator("article.run").first).to_be_visible()
    browser.keyboard.press("?")
    expect(browser.get_by_role("heading", name="Keys")).to_be_visible()
    browser.keyboard.press("n")  # the page behind the dialog gets no keys
    browser.keyboard.press("Escape")
    expect(browser.get_by_role("heading", name="Keys")).to_have_count(0)
    browser.keyboard.press("n")
    browser.wait_for_url("**/new")


def test_dark_mode_is_remembered(populated: Served, browser: Page) -> None:
    browser.goto(populated.url)
    browser.get_by_role("button", name="Toggle dark mode").click()
    expect(browser.locator("body.body--dark")).to_have_count(1)
    browser.reload()
    expect(browser.locator("body.body--dark")).to_have_count(1)


def test_an_unknown_address_links_to_all_runs(populated: Served, browser: Page) -> None:
    for path in ("/nowhere", "/run/none", "/run/..%2F..%2Fetc"):
        answer = browser.goto(populated.url + path)
        assert answer
        assert answer.status == 404
        browser.get_by_role("link", name="All runs").click()
        expect(browser.get_by_role("heading", name="Runs")).to_be_visible()


def test_a_paper_is_read_and_priced_before_it_is_run(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/new")
    browser.get_by_label("arXiv id").fill("../secret.pdf")
    browser.get_by_role("button", name="Read it").click()
    expect(browser.get_by_role("alert").filter(has_text="files are only read from")).to_be_visible()

    browser.locator("input[type=file]").set_input_files(populated.root / "tiny.md")
    expect(browser.get_by_text("tiny.md is uploaded")).to_be_visible()
    expect(browser.get_by_role("heading", name="A Tiny Method for Tests")).to_be_visible(timeout=60_000)
    browser.reload()  # the upload survives
    expect(browser.get_by_role("heading", name="A Tiny Method for Tests")).to_be_visible(timeout=60_000)
    expect(browser.get_by_text("is this all of it?")).to_be_visible()
    expect(browser.get_by_text("Free", exact=True)).to_be_visible()
    assert serious(browser) == []

    model = browser.get_by_label("Model, provider:name")
    model.fill("opnai:gpt-5-mini")
    expect(browser.get_by_text("There is no provider “opnai”.")).to_be_visible()
    browser.get_by_role("button", name="openai:gpt-5-mini").click()
    expect(model).to_have_value("openai:gpt-5-mini")
    expect(browser.get_by_text("No key: set OPENAI_API_KEY")).to_be_visible()
    expect(browser.get_by_text("About $")).to_be_visible()
    browser.get_by_label("Cost limit").fill("0.001")
    expect(browser.get_by_text("The first call alone may cost")).to_be_visible()
    browser.get_by_role("button", name="Start the run").click()
    expect(browser.get_by_role("alert").filter(has_text="Correct the model, the cost limit first.")).to_be_visible()
    model.fill("relay:/tmp")
    expect(browser.get_by_text("folders or programs of this machine")).to_be_visible()
    assert not (populated.root / "a-tiny-method-for-tests").exists()

    model.fill(SIMULATED)
    browser.get_by_label("Cost limit").fill("")
    browser.get_by_label("Name", exact=True).fill("hostile")
    expect(browser.get_by_text("There is a run with this name.")).to_be_visible()
    browser.get_by_label("Name", exact=True).fill("whole")
    browser.get_by_text("Advanced:").click()
    assert _cut_off(browser) == []
    rows = (browser.get_by_text("Run the experiments"), browser.get_by_label("Time for experiments"))
    centers = [box["y"] + box["height"] / 2 for row in rows if (box := row.bounding_box())]
    assert abs(centers[0] - centers[1]) < 8
    expect(browser.get_by_text("Resumes whole, and makes nothing again that was paid for")).to_be_visible()
    _choose_order(browser, "layered: each after its imports")
    expect(browser.get_by_text(re.compile(r"Resumes whole, makes \d+ artifacts again"))).to_be_visible()
    _choose_order(browser, "parallel: all at once, then reconciled")
    expect(browser.get_by_text("Resumes whole, and makes nothing again that was paid for")).to_be_visible()
    browser.get_by_label("Model for code").fill("simulated:files=3")
    expect(browser.get_by_text(re.compile(r"Resumes whole, makes \d+ artifacts again"))).to_be_visible()
    assert serious(browser) == []
    browser.get_by_role("button", name="Start the run").click()
    expect(browser.get_by_role("button", name="Make them again")).to_be_visible()
    browser.get_by_role("button", name="Cancel").click()
    browser.get_by_label("Model for code").fill("")
    browser.get_by_label("Name", exact=True).fill("a-tiny-method-for-tests")
    browser.get_by_role("radio", name="As published").check()
    browser.get_by_role("button", name="Start the run").click()
    browser.wait_for_url("**/run/a-tiny-method-for-tests")


def _cut_off(browser: Page) -> list[str]:
    """The labels of fields that do not fit."""
    found: list[str] = browser.locator(".q-field__label").evaluate_all(
        "labels => labels.filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.innerText)"
    )
    return found


def _choose_order(browser: Page, label: str) -> None:
    browser.get_by_label("Files are written").click()
    browser.get_by_role("option", name=label).click()


def test_a_failed_upload_looks_failed(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/new")
    notes = populated.root / "notes.md"
    notes.write_bytes(b"\0\1\2")
    browser.get_by_label("Paper to upload").set_input_files(notes)
    expect(browser.get_by_text("✕ notes.md was not uploaded: is not a paper of a known kind")).to_be_visible()
    browser.locator("input[type=file]").set_input_files(populated.root / "tiny.md")  # another one can be tried
    expect(browser.get_by_text("tiny.md is uploaded")).to_be_visible()


@pytest.mark.parametrize("wait_ms", [0, 4, 9, 13])
def test_a_click_does_not_overtake_what_was_typed_before_it(populated: Served, browser: Page, wait_ms: int) -> None:
    browser.add_init_script(_SLOW_LINK)
    browser.goto(f"{populated.url}/new")
    browser.get_by_role("button", name="Read it").wait_for()
    connected = browser.evaluate(
        """async (ms) => {
          const field = document.querySelector("input[type=text]");
          field.value = "../secret.pdf";
          field.dispatchEvent(new Event("input"));
          await new Promise((done) => setTimeout(done, ms));
          [...document.querySelectorAll("button")].find((one) => one.innerText === "Read it").click();
          setTimeout(window.hear, 100);
          return window.did_handshake;
        }""",
        wait_ms,
    )
    assert connected is False
    expect(browser.get_by_role("alert")).to_contain_text("files are only read from")


def test_an_empty_runs_folder_says_what_to_do(served: Served, browser: Page) -> None:
    browser.goto(served.url)
    expect(browser.get_by_text("No runs yet")).to_be_visible()
    expect(browser.get_by_role("button", name="Run the example")).to_be_visible()
    browser.set_viewport_size({"width": 420, "height": 800})
    assert browser.evaluate("document.documentElement.scrollWidth") <= 420
    browser.locator(".empty").get_by_role("link", name="New run").click()
    expect(browser.get_by_text("Drop a paper here")).to_be_visible()
    assert browser.evaluate("document.documentElement.scrollWidth") <= 420
