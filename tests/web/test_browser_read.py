"""Reading a result in a browser: both sides show the place, and foreign text is never executed."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from papercoder.artifacts import Requirements
from papercoder.runs.event_log import EventLog
from papercoder.runs.events import ArtifactMade, RunStarted
from tests.report.folders import bare_folder, requirement, write
from tests.web.conftest import Served, server
from tests.web.sample_runs import handwritten, hostile, huge, recorded, simulated

VIEWS = (
    *("coverage", "verdicts", "claims", "assumptions", "configuration", "design"),
    *("steps", "checks", "data", "costs", "changes", "evaluation", "losses"),
)

WITH_ATTACK = {"read", "verdicts", "claims", "assumptions", "design", "steps", "data", "evaluation"}
"""Views that show the attack."""


@pytest.fixture(scope="module")
def populated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("runs")
    for make in (recorded, simulated, handwritten, hostile, huge):
        make(root)
    bare_folder(root / "bare", (RunStarted(at=1.0, paper="p.pdf", models={}, profile="full"),))
    with server(root) as running:
        yield running


def expect_selected(page: Page, requirement: str) -> None:
    """Check that both sides show a requirement, and that the list shows it in full."""
    expect(page.locator(".item.selected > a b")).to_have_text(requirement)
    expect(page.locator(f".paper [data-r~='{requirement}'].on").first).to_be_in_viewport()
    expect(page).to_have_url(re.compile(rf"[?&]r={requirement}&.*line="))
    line = page.url.rpartition("line=")[2]
    expect(page.locator(f".code li[data-n='{line}'][data-r~='{requirement}'].on")).to_be_in_viewport()


def test_a_requirement_is_shown_on_both_sides(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/kiln/read")
    browser.locator(".item a[data-r='R12']").click()
    expect_selected(browser, "R12")
    expect(browser.locator(".paper mark.on").first).to_contain_text("exp")
    browser.reload()
    expect_selected(browser, "R12")


def test_a_quote_a_mark_and_an_evidence_line_lead_to_their_requirement(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/kiln/read?r=R12")
    expect_selected(browser, "R12")
    browser.locator(".paper mark[data-r~='R11']").first.click()
    expect_selected(browser, "R11")
    browser.locator(".code li[data-r~='R13']").first.click()
    expect_selected(browser, "R13")
    place = browser.locator(".item.selected .place").last
    path, line = (place.get_attribute("data-path"), place.get_attribute("data-line"))
    place.click()
    expect(browser.locator(f".code[data-path='{path}'] li[data-n='{line}']")).to_have_class(re.compile(r"\bon\b"))
    expect(browser.locator(".files select")).to_have_value(path or "")


def test_keys_select_requirements(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/kiln/read")
    expect(browser.locator(".item").first).to_be_visible()
    browser.keyboard.press("j")
    expect_selected(browser, "R1")
    browser.keyboard.press("j")
    expect_selected(browser, "R2")
    browser.keyboard.press("k")
    expect_selected(browser, "R1")
    browser.keyboard.press("Escape")
    expect(browser.locator(".item.selected")).to_have_count(0)
    expect(browser).to_have_url(re.compile(r"/read\?file=kiln%2Fgraph\.py$"))
    browser.keyboard.press("3")
    expect(browser).to_have_url(re.compile(r"/coverage$"))


def test_a_file_of_the_graph_links_to_its_text(populated: Served, browser: Page) -> None:
    link = browser.locator(".graph svg a", has_text="annealing.py")
    for press in (link.click, partial(link.press, "Enter")):
        browser.goto(f"{populated.url}/run/kiln")
        press()
        expect(browser.locator(".side.right .code")).to_have_attribute("data-path", "kiln/annealing.py")
    browser.wait_for_url("**/read?file=kiln%2Fannealing.py")
    browser.reload()
    expect(browser.locator(".files select")).to_have_value("kiln/annealing.py")


def test_an_empty_view_is_loaded_once_it_is_available(populated: Served, browser: Page) -> None:
    folder = bare_folder(populated.root / "early", (RunStarted(at=1.0, paper="p.pdf", models={}, profile="full"),))
    browser.goto(f"{populated.url}/run/early/coverage")
    expect(browser.get_by_text("No requirements yet")).to_be_visible()
    write(folder, "planning/requirements.json", Requirements(items=(requirement(1),)))
    EventLog(folder)(ArtifactMade(artifact="planning/requirements.json", seconds=1.0, calls=1))
    expect(browser.get_by_text("By file")).to_be_visible()


def test_the_list_is_filtered(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/kiln/read")
    browser.locator("select[name=status]").select_option("assumed")
    expect(browser.locator(".steps").first).to_contain_text("5 requirements")
    browser.locator("input[name=words]").fill("no such words")
    expect(browser.get_by_text("No requirement matches the filter")).to_be_visible()
    browser.locator("input[name=words]").fill("")
    browser.locator("select[name=file]").select_option("kiln/annealing.py")
    expect(browser.locator(".item").first).to_be_visible()


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_a_full_run(populated: Served, browser: Page, view: str) -> None:
    browser.goto(f"{populated.url}/run/tiny/{view}")
    shown = {
        "coverage": "By file",
        "verdicts": "It squares.",
        "claims": "method 1",
        "assumptions": "Adam; SGD",
        "configuration": "sizes 8 and 16",
        "design": "Files and their imports",
        "steps": "KeyError: 'lr'",
        "checks": "No x. Add it.",
        "data": "not named in the paper",
        "costs": "Cost by agent",
        "changes": "No code yet",
        "evaluation": "Not evaluated yet",
        "losses": "The paper has only 27 words",
    }
    expect(browser.locator("main")).to_contain_text(shown[view])
    expect(browser.locator("nav.tabs [aria-current]")).to_have_attribute("href", f"/run/tiny/{view}")


def test_views_lead_back_to_paper_and_code(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/kiln/verdicts")
    browser.locator("#R12 h3 a").click()
    expect_selected(browser, "R12")
    browser.goto(f"{populated.url}/run/kiln/claims")
    browser.get_by_role("link", name="tab:2", exact=True).first.click()
    expect(browser.locator("[id='at-tab:2']")).to_be_in_viewport()
    browser.goto(f"{populated.url}/run/kiln/read?at=tab:2")
    expect(browser.locator("[id='at-tab:2'].on")).to_be_in_viewport()


def test_a_rubric_is_opened_with_keys(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/hostile/evaluation")
    leaf = browser.locator("#rubric .leaf")
    expect(leaf).to_be_hidden()
    browser.locator("#rubric summary.line").last.focus()
    browser.keyboard.press("Enter")
    expect(leaf).to_contain_text("✓ met")
    expect(leaf).to_contain_text("Code Development · weight 100 %")


def test_versions_are_compared(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/kiln/changes")
    options = browser.locator("select[name=before] option")
    browser.locator("select[name=before]").select_option(index=options.count() - 1)
    browser.get_by_role("button", name="Compare").click()
    expect(browser.locator(".change", has_text="kiln/annealing.py").first).to_be_visible()
    expect(browser.locator(".change pre .new").first).to_be_attached()
    browser.goto(f"{populated.url}/run/kiln/changes?before=--output=/tmp/x&after=HEAD")
    expect(browser.locator("main")).to_contain_text("is not a version")


@pytest.mark.parametrize("view", ["read", *VIEWS])
def test_empty_views_say_what_to_do(populated: Served, browser: Page, view: str) -> None:
    browser.goto(f"{populated.url}/run/bare/{view}")
    expect(browser.locator("main")).to_contain_text(re.compile(r"yet|Cost and time"))


@pytest.mark.parametrize("view", ["read", "read?r=R1", "read?r=R2", "read?file=wide.txt&line=1", *VIEWS])
def test_foreign_text_is_never_executed(populated: Served, browser: Page, view: str) -> None:
    asked: list[str] = []
    browser.on("request", lambda request: asked.append(request.url))
    browser.on("dialog", lambda dialog: asked.append(f"dialog: {dialog.message}"))
    browser.goto(f"{populated.url}/run/hostile/{view}")
    expect(browser.locator("nav.tabs")).to_be_visible()
    assert browser.evaluate("window.owned") is None
    assert browser.locator("main img, main script, main iframe, main [onload], main [onerror]").count() == 0
    assert browser.locator("a[href^='javascript' i]").count() == 0
    assert "{{7*7}}" in browser.content() or view.partition("?")[0] not in WITH_ATTACK
    assert [url for url in asked if not url.startswith((populated.url, "data:", "blob:"))] == []


def test_invisible_characters_are_shown_in_code(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/hostile/read?file=fit.py&line=2")
    expect(browser.locator(".code .unseen").first).to_have_text("U+202E")
    assert "\u202e" not in browser.locator(".reading").inner_text()


def test_a_large_file_is_shown_in_parts(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/hostile/read?file=big.py&line=11000")
    expect(browser.locator(".code li[data-n='11000']")).to_be_in_viewport()
    assert browser.locator(".code li").count() <= 1_500
    browser.get_by_role("button", name="Previous lines").click()
    expect(browser.locator(".code li[data-n='10500']")).to_be_in_viewport()


def test_thousands_of_requirements(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/huge/read?r=R4321")
    expect_selected(browser, "R4321")
    assert browser.locator(".item").count() <= 60
    browser.keyboard.press("j")
    expect_selected(browser, "R4322")
    browser.goto(f"{populated.url}/run/huge/verdicts?page=100")
    expect(browser.locator("#R4000")).to_be_visible()
    browser.get_by_role("link", name="Next").click()
    expect(browser.locator("#R4001")).to_be_visible()


def test_paths_stay_in_the_run(populated: Served, browser: Page, tmp_path: Path) -> None:
    browser.goto(f"{populated.url}/run/tiny/read?file=../../kiln/paper.md&line=1")
    expect(browser.locator(".side.right .code")).to_have_attribute("data-path", "main.py")


def test_sides_are_stacked_in_a_narrow_window(populated: Served, browser: Page) -> None:
    browser.set_viewport_size({"width": 420, "height": 900})
    browser.goto(f"{populated.url}/run/kiln/read?r=R12")
    expect(browser.locator(".code li.on").first).to_be_attached()
    left, right = (browser.locator(f".side.{side}").bounding_box() for side in ("left", "right"))
    assert left
    assert right
    assert right["y"] >= left["y"] + left["height"]
    assert browser.evaluate("document.documentElement.scrollWidth") <= 420
