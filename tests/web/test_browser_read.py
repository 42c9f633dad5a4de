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
from tests.report.folders import PLAN, bare_folder, requirement, write
from tests.web.conftest import Served, server
from tests.web.sample_runs import handwritten, hostile, huge, recorded, simulated

TABS = ("", "read", "results", "assumptions", "progress", "files")

WITH_ATTACK = {"", "read", "results", "assumptions", "files"}
"""Tabs that show the attack."""


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
    expect(browser.locator(".paper mark.on").first).to_contain_text("Gibbs distribution")
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
    for key, tab in enumerate(TABS, 1):
        browser.keyboard.press(str(key))
        expect(browser).to_have_url(re.compile(rf"/run/kiln{'/' + tab if tab else ''}$"))
        expect(browser.locator("nav.tabs [aria-current]")).to_have_count(1)


def test_back_returns_to_the_previous_requirement(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/kiln/read?r=R12")
    expect_selected(browser, "R12")
    browser.keyboard.press("j")
    expect_selected(browser, "R13")
    browser.locator(".item a[data-r='R20']").click()
    expect_selected(browser, "R20")
    browser.go_back()
    expect_selected(browser, "R13")
    browser.go_back()
    expect_selected(browser, "R12")
    browser.go_forward()
    expect_selected(browser, "R13")


def test_long_lines_wrap_on_demand(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/kiln/read?r=R12")
    expect_selected(browser, "R12")
    code = browser.locator(".side.right")
    assert code.evaluate("(one) => one.scrollWidth > one.clientWidth")
    browser.keyboard.press("w")
    expect(browser.locator("[data-wrap]")).to_have_attribute("aria-pressed", "true")
    assert code.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    browser.reload()
    expect(browser.locator("[data-wrap]")).to_have_attribute("aria-pressed", "true")


def test_a_file_of_the_graph_links_to_its_text(populated: Served, browser: Page) -> None:
    link = browser.locator(".graph svg a", has_text="model.py")
    for press in (link.click, partial(link.press, "Enter")):
        browser.goto(f"{populated.url}/run/kiln/progress")
        press()
        expect(browser.locator(".side.right .code")).to_have_attribute("data-path", "kiln/model.py")
    browser.wait_for_url("**/read?file=kiln%2Fmodel.py")
    browser.reload()
    expect(browser.locator(".files select")).to_have_value("kiln/model.py")


def test_an_empty_tab_is_loaded_once_it_is_available(populated: Served, browser: Page) -> None:
    folder = bare_folder(populated.root / "early", (RunStarted(at=1.0, paper="p.pdf", models={}, profile="full"),))
    browser.goto(f"{populated.url}/run/early/assumptions")
    expect(browser.get_by_text("No plan yet")).to_be_visible()
    write(folder, "planning/plan.json", PLAN)
    write(folder, "planning/requirements.json", Requirements(items=(requirement(2, status="assumed"),)))
    EventLog(folder)(ArtifactMade(artifact="planning/requirements.json", seconds=1.0, calls=1))
    expect(browser.get_by_role("link", name="R2", exact=True)).to_be_visible()


def test_the_list_is_filtered(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/kiln/read")
    browser.locator("select[name=status]").select_option("assumed")
    expect(browser.locator(".steps").first).to_contain_text("2 shown")
    browser.locator("input[name=words]").fill("no such words")
    expect(browser.get_by_text("No requirement matches the filter")).to_be_visible()
    browser.locator("input[name=words]").fill("")
    browser.locator("select[name=file]").select_option("kiln/model.py")
    expect(browser.locator(".item").first).to_be_visible()


def test_every_part_of_a_full_run_is_in_one_of_the_tabs(populated: Served, browser: Page) -> None:
    shown = {
        "": ("A Tiny Method", "What to do next", "The step smoke failed", "Check 2 choices"),
        "results": ("method 1", "not named in the paper"),
        "assumptions": ("or: Adam", "or: SGD", "The seed is open; 0 is used.", "sizes 8 and 16"),
        "progress": ("KeyError: 'lr'", "No x. Add it.", "Cost by agent", "The paper has only 27 words"),
        "files": ("Files and their imports", "fit.py", "planning"),
    }
    for tab, texts in shown.items():
        browser.goto(f"{populated.url}/run/tiny{'/' + tab if tab else ''}")
        for text in texts:
            expect(browser.locator("main")).to_contain_text(text)


def test_the_first_tab_leads_to_what_to_do_next(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/tiny")
    browser.locator(".next-step", has_text="does not meet in full").get_by_role("link").click()
    expect(browser).to_have_url(re.compile(r"/read\?state=contradicts"))
    browser.reload()
    expect(browser.locator("select[name=state]")).to_have_value("contradicts")
    expect(browser.locator(".item")).to_have_count(1)
    browser.locator(".item a").first.click()
    expect(browser).to_have_url(re.compile(r"/read\?state=contradicts&.*r=R"))
    browser.locator("select[name=state]").select_option("")
    expect(browser.locator(".item")).to_have_count(3)
    browser.go_back()
    expect(browser).to_have_url(re.compile(r"/read\?state=contradicts$"))
    expect(browser.locator("select[name=state]")).to_have_value("contradicts")
    expect(browser.locator(".item")).to_have_count(1)
    browser.locator("select[name=state]").select_option("")
    expect(browser.locator(".item")).to_have_count(3)
    expect(browser).to_have_url(re.compile(r"/read$"))
    browser.goto(f"{populated.url}/run/tiny")
    browser.get_by_role("link", name="Show the output").click()
    expect(browser.locator("#execution")).to_be_in_viewport()


def test_files_are_read_and_downloaded(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/kiln/files")
    browser.get_by_role("link", name="kiln/model.py", exact=True).first.click()
    expect(browser.locator(".file-text .code")).to_have_attribute("data-path", "repo/kiln/model.py")
    expect(browser.get_by_role("link", name="Beside the paper")).to_have_attribute(
        "href", "/run/kiln/read?file=kiln%2Fmodel.py"
    )
    expect(browser.get_by_role("link", name="Edit", exact=True)).to_be_visible()
    with browser.expect_download() as started:
        browser.get_by_role("link", name="Download", exact=True).click()
    assert started.value.path().read_text(encoding="utf-8").startswith('"""')
    browser.get_by_text("planning 8").click()
    browser.get_by_role("link", name="plan.json", exact=True).click()
    expect(browser.locator(".file-text")).to_contain_text('"summary"')
    browser.goto(f"{populated.url}/run/kiln/files?path=.store/lock")
    expect(browser.locator("main")).to_contain_text("is not a file of this run")


def test_the_page_writes_the_letter_to_the_authors(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/kiln/assumptions")
    text = browser.locator("textarea.letter").input_value()
    assert text.startswith("Dear authors,")
    questions = re.findall(r"^\d+\. (.+)", text, re.MULTILINE)
    assert 1 <= len(questions) <= 10
    assert all("?" in question for question in questions)


def test_long_lines_of_code_wrap_on_demand(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/kiln/read?r=R12")
    line = browser.locator(".side .code li.on > code").first
    expect(line).to_have_css("white-space", "pre")
    browser.get_by_role("button", name="Wrap").click()
    expect(line).to_have_css("white-space", "pre-wrap")


def test_views_lead_back_to_paper_and_code(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/kiln/files")
    browser.locator("#architecture a", has_text="R12").first.click()
    expect_selected(browser, "R12")
    browser.goto(f"{populated.url}/run/kiln/results")
    browser.get_by_role("link", name="tab:2", exact=True).first.click()
    expect(browser.locator("[id='at-tab:2']")).to_be_in_viewport()
    browser.goto(f"{populated.url}/run/kiln/read?at=tab:2")
    expect(browser.locator("[id='at-tab:2'].on")).to_be_in_viewport()


def test_a_rubric_is_opened_with_keys(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/hostile/results")
    leaf = browser.locator("#rubric .leaf")
    expect(leaf).to_be_hidden()
    browser.locator("#rubric summary.line").last.focus()
    browser.keyboard.press("Enter")
    expect(leaf).to_contain_text("✓ met")
    expect(leaf).to_contain_text("Code Development · weight 100 %")


def test_versions_are_compared(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/kiln/files?changes=1")
    options = browser.locator("select[name=before] option")
    browser.locator("select[name=before]").select_option(index=options.count() - 1)
    browser.get_by_role("button", name="Compare").click()
    expect(browser.locator(".change", has_text="kiln/model.py").first).to_be_visible()
    expect(browser.locator(".change pre .new").first).to_be_attached()
    browser.goto(f"{populated.url}/run/kiln/files?before=--output=/tmp/x&after=HEAD")
    expect(browser.locator("main")).to_contain_text("is not a version")


def test_empty_tabs_say_what_to_do(populated: Served, browser: Page) -> None:
    for tab in TABS[1:]:
        browser.goto(f"{populated.url}/run/bare/{tab}")
        expect(browser.locator("main")).to_contain_text(re.compile(r"yet|to come"))
    browser.goto(f"{populated.url}/run/bare")
    expect(browser.get_by_role("button", name="Resume").first).to_be_visible()


@pytest.mark.parametrize(
    "view", ["read?r=R1", "read?r=R2", "read?file=wide.txt&line=1", "files?path=repo%2Ffit.py", *TABS]
)
def test_foreign_text_is_never_executed(populated: Served, browser: Page, view: str) -> None:
    asked: list[str] = []
    browser.on("request", lambda request: asked.append(request.url))
    browser.on("dialog", lambda dialog: asked.append(f"dialog: {dialog.message}"))
    browser.goto(f"{populated.url}/run/hostile/{view}")
    expect(browser.locator("nav.tabs")).to_be_visible()
    expect(browser.locator("main :is(h1, h2):visible, .reading:visible").first).to_be_visible()
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


@pytest.mark.slow
def test_a_thousand_requirements_scroll(populated: Served, browser: Page) -> None:
    browser.goto(f"{populated.url}/run/huge/read?r=R821")
    expect_selected(browser, "R821")
    expect(browser.locator(".item.selected")).to_be_in_viewport()
    assert browser.locator(".item").count() == 1_000
    browser.keyboard.press("j")
    expect_selected(browser, "R822")
    expect(browser.locator(".item.selected")).to_be_in_viewport()


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
