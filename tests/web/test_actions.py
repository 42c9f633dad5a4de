"""Work that is started from the page of a run, in a browser."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from papercoder.artifacts.reproduction import ReproductionOptions
from papercoder.operations.generate import generate
from papercoder.settings import Settings
from tests.support import MARKDOWN, SIMULATED
from tests.web.conftest import NOTED, Served, server, until
from tests.web.noted import OPTIONS
from tests.web.sample_runs import handwritten


@pytest.fixture(scope="module")
def populated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of a handwritten run with trials and data, and of a simulated run that can be revised."""
    root = tmp_path_factory.mktemp("runs")
    (handwritten(root) / "repo" / "trials.py").write_text("TRIALS = ()\n", encoding="utf-8")
    (root / "paper.md").write_text(MARKDOWN, encoding="utf-8")
    asyncio.run(generate(root / "paper.md", root / "quick", Settings(model=SIMULATED, sandbox="none")))
    with server(root) as running:
        yield running


def alert(page: Page, text: str) -> None:
    expect(page.get_by_role("alert").filter(has_text=text)).to_be_visible()


def test_trials_and_a_diagnosis_start_with_valid_options_only(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/tiny")
    browser.get_by_role("link", name="Set a budget").click()
    form = browser.locator("#reproduce")
    form.get_by_label("Budget").fill("soon")
    form.get_by_role("button", name="Run the trials").click()
    alert(browser, "Budget: 'soon' is not a duration")
    form.get_by_label("Budget").fill("45m")
    form.get_by_text("Seeds, scale, tolerance, workers").click()
    form.get_by_label("Scale").fill("2")
    form.get_by_role("button", name="Run the trials").click()
    alert(browser, "Scale: give a share")
    alert(browser, "Correct the marked field first.")
    form.get_by_label("Scale").fill("1")
    form.get_by_label("Tolerance").fill("")
    form.get_by_role("button", name="Run the trials").click()
    alert(browser, "Tolerance: give a share")
    form.get_by_label("Tolerance").fill("0.1")
    form.get_by_role("button", name="Run the trials").click()
    expect(browser.locator(".run-name .badge")).to_have_text("not complete")  # the handwritten run has no packages
    expect(browser.locator(".sentence")).to_contain_text("Press Resume to continue")
    assert "--" not in browser.locator(".sentence").inner_text()
    expect(browser.locator("#diagnose").get_by_role("button", name="Start the diagnosis")).to_be_visible()


def test_what_is_chosen_reaches_the_reproduction(tmp_path: Path, browser: Page) -> None:
    (tmp_path / "runs").mkdir()
    folder = handwritten(tmp_path / "runs")
    (folder / "repo" / "trials.py").write_text("TRIALS = ()\n", encoding="utf-8")
    with server(tmp_path / "runs", program=NOTED) as running:
        browser.goto(f"{running.url}/run/tiny/results")
        form = browser.locator("#reproduce")
        form.get_by_label("Budget").fill("45m")
        form.get_by_label("Only claims").fill("C1, O2")
        form.get_by_text("Seeds, scale, tolerance, workers").click()
        form.get_by_label("Most seeds").fill("3")
        form.get_by_label("Scale").fill("0.5")
        form.get_by_label("Tolerance").fill("0.1")
        form.get_by_label("Trials side by side").fill("7")
        form.get_by_label("Most trials").fill("20")
        form.get_by_label("Trials run").click()
        browser.get_by_role("option", name="on a Ray cluster").click()
        form.get_by_role("checkbox", name="Use the GPU").click()
        form.get_by_role("button", name="Run the trials").click()
        until(browser, (folder / OPTIONS).exists)
    given = ReproductionOptions.model_validate_json((folder / OPTIONS).read_text(encoding="utf-8"))
    chosen = {"seeds": 3, "scale": 0.5, "tolerance": 0.1, "workers": 7, "max_trials": 20, "on": "ray", "gpu": True}
    assert given == ReproductionOptions.model_validate({"budget": 2700.0, "claims": ("C1", "O2"), **chosen})


def test_data_are_given_by_a_path(populated: Served, browser: Page) -> None:
    (populated.root / "dots.csv").write_text("1,2\n", encoding="utf-8")
    browser.goto(f"{populated.url}/run/tiny/results")
    row = browser.locator(".data-row", has_text="dots")
    row.get_by_label("or a path on the server").fill(str(populated.root / "none.csv"))
    row.get_by_role("button", name="Use this path").click()
    alert(browser, "there are no files")
    assert str(populated.root) not in " ".join(browser.get_by_role("alert").all_inner_texts())
    row.get_by_label("or a path on the server").fill(str(populated.root / "dots.csv"))
    row.get_by_role("button", name="Use this path").click()
    expect(row).to_contain_text("real, given by the user")


def test_a_note_says_what_became_of_it(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/quick/assumptions")
    browser.get_by_label("The authors say").fill("The width is 64.")
    browser.get_by_role("button", name="Show what changes").click()
    expect(browser.locator(".note-preview")).to_contain_text("The note changes no requirement and no value")
    expect(browser.locator(".run-name .badge")).to_have_text("complete")  # as before the note
