"""Editing in a browser: the preview shows what is made again."""

import asyncio
import shutil
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from papercoder.artifacts import CheckReport, ExperimentConfig, RequirementDrafts, Requirements
from papercoder.operations.generate import generate
from papercoder.runs.event_log import read_events
from papercoder.runs.events import ArtifactMade
from papercoder.runs.folder import load, lock
from papercoder.settings import Settings
from tests.scripted import play, project
from tests.support import MARKDOWN, SIMULATED, architecture, draft, of_kind
from tests.web.conftest import Served, serious, server

SETTINGS = Settings(model=SIMULATED, profile="papercoder", sandbox="none", refine=0)
ANALYSIS = "analysis/simulated/l0_m0.py.md"
CHOICE = draft(kind="training", statement="The batches are shuffled.", anchor="3¶1", quote="", status="assumed")
CHOICE = CHOICE.model_copy(update={"alternatives": ("The batches are in order.", "There are no batches.")})


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all of these tests: `made` is a run of the simulated model, `planned` has requirements."""
    root = tmp_path_factory.mktemp("runs")
    paper = root / "paper.md"
    paper.write_text(MARKDOWN, encoding="utf-8")

    def make() -> None:
        asyncio.run(generate(paper, root / "made", SETTINGS))
        with pytest.MonkeyPatch.context() as patch:
            for room in ("pipeline.rounds", "pipeline.pipeline"):
                patch.setattr(f"papercoder.{room}.check", lambda _: CheckReport(files=2, checks=()))
            play(
                patch,
                project(
                    gaps=RequirementDrafts(requirements=(CHOICE,)),
                    architecture=architecture(model=("R1",), experiments=("R2", "R3")),
                ),
            )
            asyncio.run(generate(paper, root / "planned", Settings(sandbox="none", refine=0)))
        (root / "planned" / "repo" / "trials.py").touch()

    with ThreadPoolExecutor(1) as thread:  # the browser's event loop runs in this one
        thread.submit(make).result()
    with server(root) as running:
        yield running


@pytest.fixture
def run(served: Served, request: pytest.FixtureRequest) -> Path:
    """A finished run of this test's own."""
    return _copy(served, request, "made")


@pytest.fixture
def planned(served: Served, request: pytest.FixtureRequest) -> Path:
    """A finished run with requirements, of this test's own."""
    return _copy(served, request, "planned")


def _copy(served: Served, request: pytest.FixtureRequest, which: str) -> Path:
    name = "".join(filter(str.isalnum, request.node.name))
    return Path(shutil.copytree(served.root / which, served.root / name, symlinks=True))


def made(run: Path) -> list[str]:
    return [event.artifact for event in of_kind(read_events(run), ArtifactMade)]


def opened(served: Served, browser: Page, run: Path, artifact: str, query: str = "") -> Page:
    browser.goto(f"{served.url}/run/{run.name}/edit?artifact={artifact}{query}")
    expect(browser.locator(".editor-frame")).to_be_visible()
    return browser


def typed(page: Page, text: str) -> None:
    page.locator(".cm-content").fill(text)
    page.get_by_role("button", name="Preview changes").click()


def test_settings_are_fields_with_their_source_and_alternatives(served: Served, browser: Page, planned: Path) -> None:
    page = opened(served, browser, planned, "planning/config.json")
    epochs, seed = page.get_by_role("textbox", name="training.epochs"), page.get_by_role("textbox", name="seed")
    expect(page.locator("#card-values-2")).to_contain_text("We train for 40 epochs")
    assert serious(page) == []
    epochs.fill("many")
    epochs.blur()
    expect(page.locator("#card-values-2 .field-error")).to_have_text("Write a number, such as 0.05 or 1e-4.")
    expect(page.locator(".edit-status")).to_contain_text("1 field to correct")
    page.get_by_role("button", name="Preview changes").click()
    expect(page.get_by_role("alert").first).to_contain_text("Correct the marked field first")
    page.get_by_role("button", name="Undo").click()
    expect(epochs).to_have_value("40")
    page.get_by_role("button", name="Use “1” for seed").click()
    expect(seed).to_have_value("1")
    expect(page.locator("#card-values-3")).to_contain_text("instead:")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("button", name="Save and run the trials")).to_be_visible()
    expect(page.get_by_text("No code depends on this change")).to_be_visible()
    assert serious(page) == []
    assert '"value": 0' in (planned / "planning/config.json").read_text(encoding="utf-8")


def test_one_click_switches_an_assumption_and_another_one_back(served: Served, browser: Page, planned: Path) -> None:
    before = (planned / "planning/requirements.json").read_text(encoding="utf-8")
    browser.goto(f"{served.url}/run/{planned.name}/assumptions")
    row = browser.locator(".choices > li", has_text="R3")
    row.get_by_role("button", name="Use “There are no batches.” for R3").click()
    expect(row.locator(".what > p")).to_have_text("There are no batches.")
    expect(row).to_contain_text("changed, not applied")
    expect(browser.get_by_text("Saved, not applied yet: planning/requirements.json.")).to_be_visible()
    preview = browser.locator(".choice-preview")
    expect(preview.locator(".remade").first).to_contain_text("repo/tinyfit/experiments.py")
    for name in ("Edit the code", "Resume", "Discard"):
        expect(preview.get_by_role("button", name=name)).to_be_visible()
    assert serious(browser) == []
    assert load(planned, "planning/requirements.json", Requirements).items[2].statement == "There are no batches."
    row.get_by_role("button", name="Use “The batches are shuffled.” for R3").click()
    expect(preview).to_have_count(0)
    assert (planned / "planning/requirements.json").read_text(encoding="utf-8") == before
    browser.get_by_role("button", name="Use “1” for seed").click()
    expect(preview.get_by_role("button", name="Run the trials")).to_be_visible()
    preview.get_by_role("button", name="Discard").click()
    expect(browser.get_by_text("changed, not applied")).to_have_count(0)
    assert {each.key: each.value for each in load(planned, "planning/config.json", ExperimentConfig).values}[
        "seed"
    ] == 0


@pytest.mark.slow
def test_a_saved_edit_is_pending_wherever_the_run_is_shown(served: Served, browser: Page, planned: Path) -> None:
    config = (planned / "planning/config.json").read_text(encoding="utf-8")
    page = opened(served, browser, planned, "planning/config.json")
    page.get_by_role("textbox", name="training.epochs").fill("41")
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Save only").click()
    expect(page.get_by_text("Saved, not applied yet: planning/config.json.")).to_be_visible()
    assert "41" in (planned / "planning/config.json").read_text(encoding="utf-8")
    assert "41" in (planned / "planning/config.json").read_text(encoding="utf-8")
    page.goto(served.url)
    row = page.locator("article", has=page.get_by_role("link", name=planned.name, exact=True))
    expect(row.get_by_role("button", name="Resume")).to_be_visible()
    row.get_by_role("link", name="edits pending").click()
    expect(page.get_by_text("Saved, not applied yet: planning/config.json.")).to_be_visible()
    expect(page.locator(".pending").get_by_role("button", name="Resume")).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("Saved, not applied yet")).to_be_hidden()
    assert (planned / "planning/config.json").read_text(encoding="utf-8") == config


@pytest.mark.slow
def test_requirements_are_cards(served: Served, browser: Page, planned: Path) -> None:
    page = opened(served, browser, planned, "planning/requirements.json", "&at=R3&use=1")
    card = page.locator("#card-items-2")
    expect(card.locator(".statement")).to_have_text("There are no batches.")  # the link chose this alternative
    page.get_by_role("button", name="Use “The batches are in order.” for R3").click()
    expect(card.locator(".statement")).to_have_text("The batches are in order.")
    card.get_by_role("button", name="Edit R3").click()
    card.get_by_label("Statement").fill("The batches are sorted.")
    card.get_by_label("Kind").select_option("data")
    assert serious(page) == []
    page.get_by_role("button", name="Add a requirement").click()
    added = page.locator("#card-items-3")
    added.get_by_label("Statement").press("Control+s")
    expect(added.locator(".field-error").filter(has_text="Write something here.")).to_be_visible()
    page.get_by_role("button", name="Remove R4").click()
    expect(added).to_have_count(0)
    page.get_by_role("button", name="Preview changes").click()
    expect(page.get_by_role("button", name="Save and edit the code")).to_be_visible()
    expect(page.locator(".remade").first).to_contain_text("repo/tinyfit/experiments.py")
    page.get_by_role("button", name="Save only").click()
    expect(page.get_by_text("Saved, not applied yet")).to_be_visible()
    items = load(planned, "planning/requirements.json", Requirements).items
    assert [item.id for item in items] == ["R1", "R2", "R3"]
    assert (items[2].statement, items[2].kind) == ("The batches are sorted.", "data")
    assert items[2].alternatives == ("There are no batches.", "The batches are shuffled.")


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
    page = opened(served, browser, run, "planning/plan.json", "&text=1")
    typed(page, '{"summary": "<img src=x onerror=alert(1)>"}')
    expect(page.get_by_role("alert").first).to_contain_text("planning/plan.json was edited and is not valid")
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    assert (run / "planning/plan.json").read_text(encoding="utf-8") == plan


def test_an_edit_can_be_saved_and_reverted(served: Served, browser: Page, run: Path) -> None:
    plan = (run / "planning/plan.json").read_text(encoding="utf-8")
    page = opened(served, browser, run, "planning/plan.json")
    assert serious(page) == []
    page.get_by_label("Data", exact=True).fill("Other points.")
    page.get_by_role("button", name="Preview changes").click()
    page.get_by_role("button", name="Save only").click()
    expect(page.get_by_text("Saved, not applied yet")).to_be_visible()
    assert "Other points." in (run / "planning/plan.json").read_text(encoding="utf-8")
    page = opened(served, browser, run, "planning/plan.json")
    expect(page.locator(".artifacts a[aria-current]")).to_contain_text("edited")
    page.get_by_role("button", name="Revert my edit").click()
    page.get_by_role("button", name="Revert only").click()
    expect(page.locator(".artifacts a[aria-current]")).not_to_contain_text("edited")
    expect(page.get_by_text("Saved, not applied yet")).to_be_hidden()
    assert (run / "planning/plan.json").read_text(encoding="utf-8") == plan


def test_leaving_with_unsaved_changes_warns(served: Served, browser: Page, run: Path) -> None:
    leaving = "() => !window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    page = opened(served, browser, run, ANALYSIS)
    assert not page.evaluate(leaving)
    page.locator(".cm-content").press_sequentially("Mine. ")
    expect(page.locator(".edit-status")).to_have_text("Changed, not saved")
    assert page.evaluate(leaving)
    page.evaluate("markSaved()")


def test_code_has_line_numbers_and_colours_and_keeps_its_line_ends(served: Served, browser: Page, run: Path) -> None:
    code = run / "repo/simulated/experiments.py"
    code.write_text(code.read_text(encoding="utf-8").replace("\n", "\r\n"), encoding="utf-8", newline="")
    page = opened(served, browser, run, "repo/simulated/experiments.py")
    editor = page.locator(".cm-content")
    expect(page.locator(".cm-lineNumbers")).to_contain_text("12")
    expect(page.locator(".cm-line span").first).to_be_visible()
    expect(editor).to_have_attribute("aria-label", "repo/simulated/experiments.py")
    assert serious(page) == []
    page.get_by_role("button", name="Toggle dark mode").click()
    expect(page.locator(".cm-editor")).not_to_have_css("background-color", "rgb(255, 255, 255)")
    assert serious(page) == []
    editor.press("Control+s")
    expect(page.get_by_role("alert").first).to_contain_text("No changes yet")  # line ends are no change
    editor.press("Control+Home")
    editor.press("Tab")
    editor.press_sequentially("x")
    expect(page.locator(".edit-status")).to_have_text("Changed, not saved")
    editor.press("Control+s")
    page.get_by_role("button", name="Save only").click()
    expect(page.locator(".edit-status")).to_have_text("")
    assert sorted(code.read_bytes()[:5]) == sorted(b"    x")  # Tab indents the line, before or after the cursor
    assert code.read_bytes().count(b"\n") == code.read_bytes().count(b"\r\n")


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
    expect(browser.locator(".editor-frame")).to_have_count(0)


def test_the_repository_is_downloaded_without_its_history(served: Served, browser: Page, run: Path) -> None:
    (run / "repo" / "leak.txt").symlink_to("/etc/passwd")
    browser.goto(f"{served.url}/run/{run.name}")
    with browser.expect_download() as downloading:
        browser.get_by_role("link", name="Download the code").first.click()
    assert downloading.value.suggested_filename == f"{run.name}.zip"
    with zipfile.ZipFile(downloading.value.path()) as archive:
        names = archive.namelist()
    assert f"{run.name}/main.py" in names
    assert not [name for name in names if ".git/" in name or name.endswith("leak.txt")]
