"""A whole questionnaire in Chromium: in the file that participants get, and in the page of `papercoder study open`."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from starlette.testclient import TestClient

from papercoder.artifacts import Study
from papercoder.errors import RunFolderError
from papercoder.evaluation.study.answers import PAGE, collect, open_key, read_study
from papercoder.evaluation.study.pages import script_hash
from papercoder.evaluation.study.results import results
from papercoder.web.server.study import build
from tests.evaluation.study.studies import answers, make_study
from tests.web.conftest import PROGRAM, environment

RANKS = {"PaperCoder": 1, "MetaGPT": 2, "Authors": 2}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("study"), wait_for=1)


@contextmanager
def served(study: Path, participant: str) -> Iterator[str]:
    """`papercoder study open` on a free port; its address with the token."""
    command = [sys.executable, *PROGRAM, "study", "open", str(study), "--as", participant, "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())
    with process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert " runs at http://" in line, line + process.stdout.read()
            yield line.split(" runs at ")[1].split()[0]
        finally:
            process.terminate()
            process.wait(timeout=30)


def fill_in(page: Page, study: Path) -> None:
    """Answer every question by a click, as `answers` does, and write some words."""
    given = answers(study, "Ada", RANKS)["papers"][0]["answers"]
    for key, value in given.items():
        page.locator(f'input[data-key="{key}"][value="{value}"]').check()
    page.get_by_label("What decided your ranking?").fill("The loss <b>of A</b>")
    expect(page.locator(".count")).to_have_text("All questions are answered.")


def check_access(page: Page) -> None:
    """No serious fault for people who use a keyboard, a magnifier or a screen reader."""
    found = Axe().run(page).response["violations"]
    serious = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in {"serious", "critical"}]
    assert serious == []


def check_outcome(study: Path, *files: Path) -> None:
    parsed = read_study(study)
    collected = collect(parsed, study, files)
    assert (collected.complete, collected.problems) == (1, [])
    found = results(parsed, open_key(study, parsed, 1), collected)
    assert {each.maker: each.first for each in found.makers} == {"PaperCoder": 1, "MetaGPT": 0, "Authors": 0}
    assert [each.text for each in found.words] == ["The loss <b>of A</b>"]
    assert 0 <= collected.responses[0].seconds < 600


def test_the_page_of_a_study_runs_our_script_alone(tmp_path: Path) -> None:
    """A study may come from someone else, with a page that brings a script of its own."""
    study = make_study(tmp_path)
    page = (study / PAGE).read_text(encoding="utf-8")
    assert f"script-src 'sha256-{script_hash()}'" in page
    (study / PAGE).write_text("<script>fetch('/answers')</script>", encoding="utf-8")
    with pytest.raises(RunFolderError, match="was changed, or made by another version"):
        build(study, "Ada")
    (study / PAGE).write_text(page.replace("<head>", "<head><script>fetch('/answers')</script>"), encoding="utf-8")
    with TestClient(build(study, "Ada")) as client:
        policy = client.get("/").headers["Content-Security-Policy"]
    assert f"script-src 'sha256-{script_hash()}';" in policy


def test_the_file_is_filled_in_without_a_network_and_sent_back(
    chromium: Browser,
    study: Path,
    tmp_path: Path,
) -> None:
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, offline=True)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((study / PAGE).as_uri())
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_have_text("Enter your name or code.")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("I have read this").check()
    check_access(page)
    page.get_by_role("button", name="Start").click()
    page.get_by_label("Search").fill("squared")
    page.get_by_role("button", name="tinyfit/model.py:5").click()
    expect(page.locator(".listing .here")).to_have_text("    # the mean squared error")
    page.get_by_role("button", name="Equation 1").click()
    expect(page.locator(".found")).to_be_in_viewport()
    page.get_by_role("button", name="Show open questions").click()
    expect(page.locator(".missing")).to_have_count(8)
    fill_in(page, study)
    check_access(page)
    page.reload()
    expect(page.locator("input:checked[data-key]")).to_have_count(len(required(study)))
    with page.expect_download() as download:
        page.get_by_role("button", name="Save answers to a file").first.click()
    download.value.save_as(tmp_path / "answers.json")
    context.close()
    assert errors == []
    check_outcome(study, tmp_path / "answers.json")


def required(study: Path) -> tuple[str, ...]:
    return Study.model_validate_json((study / "study.json").read_text(encoding="utf-8")).papers[0].required


def test_the_page_is_filled_in_stopped_and_continued(chromium: Browser, study: Path) -> None:
    kept = study / "answers" / "ada.json"
    page = chromium.new_context(viewport={"width": 420, "height": 860}).new_page()
    with served(study, "Ada") as address:
        page.goto(address)
        expect(page.get_by_label("Your name")).to_have_value("Ada")
        page.get_by_label("I have read this").check()
        page.get_by_role("button", name="Start").click()
        page.get_by_role("button", name="Questions").click()
        page.locator('input[data-key="relation"][value="author"]').check()
        expect(page.locator("#saved")).to_have_text("Saved")
        assert json.loads(kept.read_text(encoding="utf-8"))["papers"][0]["answers"] == {"relation": "author"}
        assert page.request.get(address.partition("?")[0].replace("127.0.0.1", "localhost")).status == 401
    page.locator('input[data-key="use.A"][value="no"]').check()
    expect(page.locator("#saved")).to_contain_text("Not saved")
    with served(study, "Ada") as address:
        page.goto(address)
        expect(page.locator('input:checked[data-key="relation"]')).to_have_count(1)
        page.get_by_role("button", name="Questions").click()
        fill_in(page, study)
        check_access(page)
        expect(page.locator("#saved")).to_have_text("Saved")
        page.context.close()
    check_outcome(study)
