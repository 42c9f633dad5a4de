"""Rendering: every section is complete, values are escaped, and the page loads nothing."""

import hashlib
import re
from base64 import b64encode
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from pydantic import ValidationError

from papercoder.artifacts import (
    AmendmentOutcome,
    Amendments,
    ClaimChange,
    ClaimResults,
    Diagnosis,
    DiagnosisAttempt,
    Hypothesis,
    Measured,
    MutantOutcome,
    MutationReport,
    MutationReports,
    ProposedAmendment,
)
from papercoder.artifacts.execution import ExecutionReport, StepResult
from papercoder.report import Report, load, to_html, to_markdown, write_report
from papercoder.report.rendering import tail
from papercoder.runs.summary import summarise
from tests.report.folders import bare_folder, full_folder, planned_folder, write

PAYLOAD = (
    "\"'`|</script></style></pre></svg><script>alert(1)</script><img src=x onerror=alert(1)>[x](javascript:y)"
    "\x1b[31m{{7*7}}"
)


@pytest.fixture
def full(tmp_path: Path) -> Report:
    return load(full_folder(tmp_path))


def page(report: Report) -> html.HtmlElement:
    return html.document_fromstring(to_html(report))


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def section(report: Report, name: str) -> str:
    return words(page(report).get_element_by_id(name))


def test_the_first_screen_shows_the_results(full: Report) -> None:
    header = section(full, "observed")
    for expected in (
        "A Tiny Method",
        "Install passed",
        "Tests skipped",
        "Smoke passed",
        "implemented 1",
        "not reviewed 1",
    ):
        assert expected.lower() in header.lower()
    assert "met 1" in header
    assert "$0.04 or more" in header
    assert "Find out why 1 claim differs: papercoder diagnose RUN --budget 2h" in header


def test_results_come_before_open_requirements_and_these_before_the_rest(full: Report) -> None:
    order = ["observed", "claims", "open", "assumptions", "requirements", "data", "cost", "losses"]
    shown = [str(one.get("id")) for one in page(full).xpath("//main/*[@id]")]
    assert [name for name in shown if name in order] == order
    text = to_markdown(full)
    titles = ["Outcome", "Results", "Open requirements", "Assumptions and questions", "Requirements", "Data"]
    places = [text.index(f"## {title}\n") for title in titles]
    assert places == sorted(places)


def test_open_requirements_show_their_code_and_implemented_ones_are_folded(full: Report) -> None:
    found = page(full)
    assert [need.get("id") for need in found.xpath("//section[@id='open']//article")] == ["R2"]
    assert [need.get("id") for need in found.xpath("//details[not(@open)]/article")] == ["R1", "R3"]
    assert not found.xpath("//article[contains(@class, 'need')]//details")


def test_every_section_has_its_content(full: Report) -> None:
    assert "quote not found in the paper" in section(full, "requirements")
    assert "return ((x - y) ** 2).mean()" in section(full, "requirements")
    claims = section(full, "claims")
    assert "0.55 ± 0.02" in claims
    assert "method 2 is better than method 1." in claims
    assert "1 result measured, but not claimed" in claims
    assert "method 4" in claims
    assert "1. Which of these did you do: “The loss is squared, number 2”, “Adam” or" in to_markdown(full)
    assert "peak memory 2.5 GB" in section(full, "execution")
    assert "Memory was not held." in section(full, "execution")
    assert "- Memory was not held." in to_markdown(full)
    assert "No x." in section(full, "checks")
    assert "Points in the unit square." in section(full, "data")
    assert "not named in the paper" in section(full, "data")
    assert "| dots | missing | hf_dataset `someone/dots` | unknown | 3.0 kB | R1 | Points" in to_markdown(full)
    assert "Denoiser" in section(full, "architecture")
    assert "[8, 16]" in section(full, "configuration")
    assert "5,000 from a cache" in section(full, "cost")
    assert "2 figures have no text." in section(full, "losses")


def test_a_diagnosis_shows_claims_at_first_and_now_and_every_hypothesis(full: Report) -> None:
    assert full.diagnosis is None
    assert "Why results differ" not in to_markdown(full)
    now = next(result for result in full.claims if result.verdict == "met")
    first = now.model_copy(
        update={"verdict": "differs", "measured": Measured(claim=now.claim.id, value=0.91)},
    )
    hypotheses = tuple(
        Hypothesis(id=f"H{number}", kind="reading", statement=f"Reading {number}.", claims=(now.claim.id,))
        for number in (1, 2)
    )
    change = ClaimChange(claim=now.claim.id, before="differs", after="met", measured_before=0.91, measured_after=0.55)
    attempts = (
        DiagnosisAttempt(hypothesis="H1", status="rejected", reason="It moves nothing."),
        DiagnosisAttempt(hypothesis="H2", status="kept", reason="It meets it.", changes=(change,)),
    )
    diagnosis = Diagnosis(before=ClaimResults(items=(first,)), hypotheses=hypotheses, attempts=attempts)
    report = full.model_copy(update={"diagnosis": diagnosis})
    shown = section(report, "diagnosis")
    assert "2 of 2 hypotheses were tried" in shown
    assert "one fits by chance" in shown
    for text in ("0.91", "0.55", "H2", "kept", "rejected", "Reading 1.", "It moves nothing."):
        assert text in shown
        assert text in to_markdown(report)


def test_the_data_section_says_what_the_smoke_run_used(full: Report) -> None:
    assert full.execution
    assert "The smoke run" not in section(full, "data")
    noted = StepResult(step="smoke", status="passed", note="used real data: dots")
    others = (step for step in full.execution.steps if step.step != "smoke")
    changed = full.model_copy(update={"execution": full.execution.model_copy(update={"steps": (*others, noted)})})
    assert "The smoke run used real data: dots." in section(changed, "data")
    assert "The smoke run used real data: dots." in to_markdown(changed)


def test_formulas_are_typeset_in_html_and_stay_latex_in_markdown(full: Report) -> None:
    first, *others = full.requirements
    need = first.requirement.model_copy(update={"statement": r"The rate is $\alpha^2$.", "quote": r"\frac{a}{b}"})
    changed = full.model_copy(update={"requirements": (first.model_copy(update={"requirement": need}), *others)})
    assert len(page(changed).xpath("//*[@id='R1']//p/math | //*[@id='R1']//blockquote/math")) == 2
    assert "alpha" in to_markdown(changed)
    assert "<math" not in to_markdown(changed)


def test_a_choice_that_a_requirement_falls_short_by_is_named(full: Report) -> None:
    first, *others = full.requirements
    assert first.verdict
    short = first.verdict.model_copy(update={"verdict": "partly", "chosen_in": ("R2",)})
    assert "chosen in" not in section(full, "open")
    changed = full.model_copy(update={"requirements": (first.model_copy(update={"verdict": short}), *others)})
    assert "chosen in R2" in section(changed, "open")


def test_an_empty_run_claims_nothing(tmp_path: Path) -> None:
    text = words(page(load(bare_folder(tmp_path))))
    for expected in (
        "No code was written",
        "not run.",
        "No requirements were extracted.",
        "Nothing was executed",
        "No claims were",
    ):
        assert expected in text
    assert not re.search(r"✓(?! implemented 0)", text)


def test_a_planned_run_is_not_reviewed(tmp_path: Path) -> None:
    report = load(planned_folder(tmp_path))
    assert "The code was not reviewed" in section(report, "requirements")
    assert "not reviewed 3" in section(report, "observed")
    assert "The code was not reviewed." in to_markdown(report)


def test_a_diagram_that_does_not_parse_is_shown_as_its_source(full: Report) -> None:
    assert full.architecture is not None
    broken = full.architecture.model_copy(update={"class_diagram": "classDiagram\n???"})
    text = section(full.model_copy(update={"architecture": broken}), "architecture")
    assert "shown as its source: it does not parse (Parse error on line 2)" in text
    assert "classDiagram ???" in text


def _poisoned(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Paths to all strings below a value."""
    if isinstance(value, str):
        return [path]
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in _poisoned(item, (*path, key))]
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in _poisoned(item, (*path, index))]
    return []


def _replaced(content: Any, path: tuple[str | int, ...], text: str) -> str:
    """Puts the text at this path; returns what was there."""
    for step in path[:-1]:
        content = content[step]
    before: str = content[path[-1]]
    content[path[-1]] = text
    return before


def poisoned(report: Report) -> Report:
    """The report with the payload in every string whose type takes it."""
    content = report.model_dump(mode="json")
    count = 0
    for path in _poisoned(content):
        before = _replaced(content, path, PAYLOAD)
        try:
            Report.model_validate(content)
            count += 1
        except ValidationError:
            _replaced(content, path, before)
    assert count > 100
    return Report.model_validate(content)


def test_nothing_from_a_run_becomes_markup(full: Report) -> None:
    bad = poisoned(full)
    text = to_html(bad)
    document = html.document_fromstring(text)
    assert len(document.xpath("//script")) == 1
    assert not document.xpath("//img | //iframe | //object | //embed | //form | //base | //link")
    assert not [name for item in document.iter() for name in item.attrib if name.lower().startswith("on")]
    links = [str(item.get("href")) for item in document.xpath("//*[@href]")]
    assert links
    assert all(link.startswith(("#", "repo/")) for link in links)
    assert "{{7*7}}" in text
    assert "\x1b" not in text


def test_nothing_from_a_run_becomes_markup_in_markdown(full: Report) -> None:
    text = to_markdown(poisoned(full))
    outside = re.sub(r"(`{3,})[^\n]*\n.*?\n\1", "", text, flags=re.DOTALL)
    outside = re.sub(r"(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)", "", outside)
    assert "<script" not in outside
    assert "<img" not in outside
    assert not re.search(r"(?<!\\)\]\(javascript", outside)
    assert "\x1b" not in text


def test_the_page_loads_nothing_and_runs_one_known_script(full: Report) -> None:
    text = to_html(full)
    document = html.document_fromstring(text)
    assert not document.xpath("//@src")
    assert not re.search(r"url\((?!#)", text)
    assert "@import" not in text
    (policy,) = document.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (script,) = document.xpath("//script/text()")
    assert f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy


def test_drawings_and_headings_can_be_heard(full: Report) -> None:
    document = page(full)
    assert document.get("lang") == "en"
    assert all(svg.get("role") == "img" and svg.get("aria-label") for svg in document.xpath("//svg"))
    levels = [int(item.tag[1]) for item in document.iter("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [str(found) for found in document.xpath("//@id")]
    assert len(ids) == len(set(ids))
    targets = {str(found)[1:] for found in document.xpath("//@href") if str(found).startswith("#")}
    assert targets <= set(ids)


def test_huge_output_is_cut_at_its_beginning() -> None:
    shown = tail("x" * 5_000_000 + "\nthe end")
    assert len(shown) < 13_000
    assert shown.endswith("the end")
    assert "5,000,008 characters" in shown


def test_huge_values_are_cut(full: Report, tmp_path: Path) -> None:
    step = StepResult(step="install", status="failed", reason="r" * 1_000_000, output="\x1b[1mo\x1b[0m" * 500_000)
    report = full.model_copy(update={"execution": ExecutionReport(steps=(step,), sandbox=""), "title": "t" * 1_000_000})
    assert len(to_html(report)) < 400_000
    assert len(to_markdown(report)) < 200_000


def test_markdown_says_the_same(full: Report) -> None:
    text = to_markdown(full)
    for expected in (
        "# A Tiny Method",
        "| smoke | ✓ passed |",
        "| tests | ○ skipped |",
        "[fit.py:6](repo/fit.py#L6)",
        "```mermaid\nclassDiagram",
        "### `tab:1` main: error, moons",
        "| C1 | method 1 | 0.5 ± 0.1 | 0.55 ± 0.02 | +0.05 (-0.0632 to 0.163) | ± 0.2 | ✓ met |",
        "| O1 | ◐ inconclusive | error on moons: method 2 is better than method 1. |",
        "| main | method 4 | moons | error | 7 | 1 |",
        "Lost: 2 figures have no text.",
    ):
        assert expected in text


def test_a_code_span_ends_where_it_should(full: Report) -> None:
    assert full.config is not None
    value = full.config.values[0].model_copy(update={"value": "a`b``c|<i>"})
    report = full.model_copy(update={"config": full.config.model_copy(update={"values": (value,)})})
    assert "```a`b``c¦<i>```" in to_markdown(report)


def test_both_files_are_written(tmp_path: Path) -> None:
    folder = full_folder(tmp_path)
    report = write_report(folder)
    assert (folder / "report.html").read_text(encoding="utf-8") == to_html(report)
    assert (folder / "report.md").read_text(encoding="utf-8") == to_markdown(report)
    assert not list(folder.glob(".*.part"))


def test_lone_surrogates_do_not_stop_the_writing(tmp_path: Path) -> None:
    folder = full_folder(tmp_path)
    write(folder, "paper.md", "# A\n")
    report = load(folder).model_copy(update={"title": "A \ud800 title"})
    to_html(report).encode()
    to_markdown(report).encode()


def test_tests_against_wrong_versions_and_corrected_assumptions_are_reported() -> None:
    noticed = MutantOutcome(change='a.py, line 2, in f: "+" became "-"', noticed_by=("test_f",))
    item = MutationReport(
        path="a.py",
        test="tests/test_a.py",
        passed=("test_f",),
        versions=(noticed, MutantOutcome(change="b")),
        dropped=("test_g",),
        covered=("R3",),
    )
    proposal = ProposedAmendment(requirement="R3", statement="It starts at one.", reason="No gradient.")
    outcome = AmendmentOutcome(proposal=proposal, former="It starts at zero.", status="applied")
    report = Report(
        title="A",
        status="complete",
        summary=summarise(()),
        mutation=MutationReports(items=(item,)),
        amendments=Amendments(items=(outcome,)),
    )
    for text in (to_markdown(report), to_html(report)):
        assert "A test that fails on a wrong version covers R3." in text
        assert "1 of 2" in text
        assert "test_g" in text.replace("\\", "")
        assert "It starts at zero." in text
