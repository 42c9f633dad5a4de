"""Pages of results and comparisons: complete, without scripts or external files, failures first."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import html

from papercoder.artifacts import BenchResults, ClaimCounts
from papercoder.bench.results.comparison import compare
from papercoder.bench.results.metrics import summarise_claims
from papercoder.bench.results.page import comparison_html, to_html, write_page
from tests.bench.entries import entry, judged, results
from tests.diagrams.shapes import parsed
from tests.report.plot_shapes import SVG, is_inside

PAYLOAD = "\"'`|</script></style></svg><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m{{'q'*7}}"
STEPS = ("paper", "plan", "full")


def bench(papers: int = 4) -> BenchResults:
    """Some papers in three variants, one entry of which failed and one stopped."""
    whole = [
        entry(
            f"p{n}",
            variant=step,
            steps=("install", "import", "start", "tests", "smoke")[: 2 * place + 1],
            requirements=10 if step == "full" else None,
            implemented=8 if step == "full" else None,
            judges=judged(2.0 + place + n / 10),
            cost_usd=0.1 + place,
            calls=3,
            seconds=90.0,
        )
        for n in range(papers)
        for place, step in enumerate(STEPS)
    ]
    stopped = entry("late", variant="full", status="partial", reason="The money is spent.", calls=1, executed=False)
    failed = entry("worst", variant="full", status="failed", reason="`paper.pdf` is damaged.", executed=False)
    return results(*whole, stopped, failed)


def page(text: str) -> html.HtmlElement:
    return html.document_fromstring(text)


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def cells(row: html.HtmlElement) -> str:
    return " ".join(" ".join(row.itertext()).split())


@pytest.fixture
def shown(tmp_path: Path) -> html.HtmlElement:
    return page(to_html(bench(), tmp_path))


def test_claims_are_shown_by_paper_and_as_shares(tmp_path: Path) -> None:
    entries = (
        entry(
            "a", claims=ClaimCounts(met=7, inconclusive=2), trials=6, trials_measured=5, seconds=7200.0, cost_usd=2.0
        ),
        entry("b", claims=ClaimCounts(differs=3), claims_before_diagnosis=None),
    )
    whole = results(*entries).model_copy(update={"claims": summarise_claims(entries)})
    shown = page(to_html(whole, tmp_path))
    section = shown.get_element_by_id("claims")
    summary, by_paper = section.xpath(".//table")
    assert "1, 50 % 1 – 99 %" in cells(summary)
    assert cells(by_paper.xpath(".//tbody/tr")[0]).split()[:8] == ["a", "full", "7", "0", "0", "2", "0", "5"]
    titles = [words(caption) for caption in shown.xpath("//figcaption")]
    assert titles[:2] == ["Papers by what their claims came to, per cent", "Claims by verdict"]
    assert "7 met" in words(shown.get_element_by_id("plots"))


def test_the_headline_summarises_the_entries(shown: html.HtmlElement) -> None:
    headline = words(shown.xpath("//header")[0])
    assert "14 entries (6 papers, 3 variants, 1 model): 12 complete, 1 partial, 1 failed." in headline


def test_failures_come_first_with_their_reason(shown: html.HtmlElement) -> None:
    sections = [section.get("id") for section in shown.xpath("//main/section")]
    assert sections == ["broken", "variants", "plots", "papers"]
    broken = [words(one) for one in shown.xpath("//article")]
    assert broken == ["✕ failed worst full paper.pdf is damaged.", "◐ partial late full The money is spent."]


def test_variants_have_means_over_papers_with_intervals(shown: html.HtmlElement) -> None:
    rows = [cells(row) for row in shown.get_element_by_id("variants").xpath(".//tbody/tr")]
    # 2.0, 2.1, 2.2, 2.3: mean 2.15, standard deviation 0.1291, 3.182 x 0.06455 = 0.2054.
    assert rows[0].startswith("paper 4 of 4 0 of 4 – 2.15 1.94 – 2.36")
    assert rows[2].startswith("full 4 of 6 4 of 6 80.0 %")


def test_every_entry_has_its_steps(shown: html.HtmlElement) -> None:
    papers = shown.get_element_by_id("papers")
    marks = [mark.get("aria-label") for mark in papers.find_class("marks")]
    assert marks[:3] == [
        "passed: install",
        "passed: install, import, start",
        "passed: install, import, start, tests, smoke",
    ]
    assert len(marks) == 12
    assert cells(papers.xpath(".//tbody")[4].xpath("tr")[1]).startswith("full ◐ partial not run")


def test_code_that_was_run_without_success_differs_from_code_that_was_not_run(tmp_path: Path) -> None:
    tree = page(to_html(results(entry("p")), tmp_path))
    assert [mark.get("aria-label") for mark in tree.find_class("marks")] == ["no step passed"]
    assert words(tree.get_element_by_id("variants").xpath(".//tbody/tr/td[2]")[0]) == "0 of 1"


def test_only_existing_pages_are_linked(tmp_path: Path) -> None:
    folder = tmp_path / "p1--full--m--1" / "evaluation"
    folder.mkdir(parents=True)
    (folder / "evaluation.html").touch()
    links = page(to_html(bench(), tmp_path)).xpath("//*[contains(@class, 'links')]//a/@href")
    assert links == ["p1--full--m--1/evaluation/evaluation.html"]


def test_plots_have_titles_and_descriptions(shown: html.HtmlElement) -> None:
    titles = [words(one) for one in shown.xpath("//figcaption")]
    assert titles == [
        "reference-based, 1 to 5",
        "What each step adds: reference-based",
        "Cost against reference-based",
        "coverage, per cent",
        "How far the code ran",
    ]
    described = [words(one) for one in shown.xpath("//*[local-name()='desc']")]
    assert "paper: 2.15" in described[0]
    assert described[1].startswith("plan: +1.00; full: +1.00")
    assert described[2].startswith("paper: $0.10, 2.15; plan: $1.10, 3.15")
    assert "full: 2 none, 4 smoke" in described[4]


def test_a_mean_over_fewer_papers_says_so(tmp_path: Path) -> None:
    some = results(entry("a", judges=judged(4.0)), entry("b", status="failed"), entry("c", judges=judged(4.0)))
    row = page(to_html(some, tmp_path)).get_element_by_id("variants").xpath(".//tbody/tr")[0]
    assert "4.00 2 of 3 papers" in cells(row)  # and no interval, for nothing shows how much they vary


def low() -> BenchResults:
    """Many variants, all of which score as badly as one can."""
    return results(*(entry("p", variant=f"v{n}", judges=judged(1.0), cost_usd=1.0 + n) for n in range(30)))


@pytest.mark.parametrize("some", [bench(1), bench(2), bench(7), low()])
def test_plots_stay_inside(some: BenchResults, tmp_path: Path) -> None:
    drawn = re.findall(r"<svg.*?</svg>", to_html(some, tmp_path), re.DOTALL)
    assert drawn
    assert all(map(is_inside, drawn))


def test_names_beside_the_costs_do_not_overlap(tmp_path: Path) -> None:
    svg = next(
        one for one in re.findall(r"<svg.*?</svg>", to_html(low(), tmp_path), re.DOTALL) if "Cost against" in one
    )
    names = [text for text in parsed(svg).iter(f"{SVG}text") if str(text.text).startswith("v")]
    places = sorted(float(text.get("y", "")) for text in names)
    assert len(places) == 30
    assert all(below - above >= 14.9 for above, below in pairwise(places))


def test_a_bench_without_started_entries(tmp_path: Path) -> None:
    nothing = results(entry("p", status="failed"))
    assert "No reason was recorded." in to_html(nothing, tmp_path)
    assert "0 entries" in to_html(results(), tmp_path)


def test_code_that_was_not_run_is_a_remark(tmp_path: Path) -> None:
    said = "None of this code was run, so nothing is known about whether it runs."
    assert said in to_html(results(entry("p", executed=False)), tmp_path)
    assert said not in to_html(bench(), tmp_path)


def harmful() -> BenchResults:
    named = [
        entry(PAYLOAD, variant=f"{step}{PAYLOAD}", model=PAYLOAD, judges=judged(2.0 + n), reason=PAYLOAD, status=status)
        for n, (step, status) in enumerate((("a", "failed"), ("b", "partial"), ("c", "complete")))
    ]
    return results(*named, name=PAYLOAD)


@pytest.mark.parametrize("kind", ["bench", "comparison"])
def test_names_and_reasons_are_escaped(kind: str, tmp_path: Path) -> None:
    bad = harmful()
    pair = (bad.entries[0].variant, bad.entries[1].variant)
    text = to_html(bad, tmp_path) if kind == "bench" else comparison_html(compare(bad, bad, variants=pair))
    tree = page(text)
    assert tree.xpath("//script | //img | //link | //iframe | //@onerror | //@onload") == []
    assert "alert(1)" in tree.text_content()
    assert "\x1b" not in text
    assert "qqqqqqq" not in text
    assert tree.xpath("//a/@href[not(starts-with(., '#'))]") == []


def test_two_papers_have_no_interval() -> None:
    few = results(
        *(entry(f"p{n}", variant=v, judges=judged(s + n / 5)) for n in (0, 1) for v, s in (("a", 1), ("b", 3)))
    )
    few = results(*few.entries[:3], few.entries[3].model_copy(update={"judges": judged(3.0)}))
    described = page(comparison_html(compare(few, few, variants=("a", "b")))).xpath("//*[local-name()='desc']")
    assert [words(one) for one in described] == ["reference-based: +1.90"]


def test_nothing_is_loaded(tmp_path: Path) -> None:
    both = to_html(bench(), tmp_path) + comparison_html(compare(bench(), bench(), variants=("paper", "full")))
    assert both.count("default-src 'none'") == 2
    assert re.findall(r"""(?:src|href)=["'](?!#)""", both) == []
    assert "@import" not in both
    assert "url(" not in both


def test_a_comparison_names_significant_differences() -> None:
    before = results(*(entry(f"p{n}", judges=judged(2.0 + n / 10)) for n in range(6)), name="before")
    after = results(*(entry(f"p{n}", judges=judged(3.0 + n / 9)) for n in range(6)), entry("new"), name="after")
    tree = page(comparison_html(compare(before, after)))
    header = words(tree.xpath("//header")[0])
    assert "5 differences tested, 1 significant: reference-based +1.03 (better)." in header
    rows = [cells(row) for row in tree.xpath("//section//table")[0].xpath(".//tbody/tr")]
    assert rows[0].startswith("reference-based 6 2.25 3.28 +1.03 [+1.01, +1.05] < 0.001 < 0.001 ✓ better")
    assert rows[1].endswith("1.000 1.000 ○ not significant")
    assert "Not compared, because only after has these papers: new." in words(tree)


def test_a_comparison_of_two_papers_gives_no_verdict() -> None:
    few = results(*(entry(f"p{n}", variant=v, judges=judged(s)) for n in range(2) for v, s in (("a", 1.0), ("b", 5.0))))
    text = words(page(comparison_html(compare(few, few, variants=("a", "b")))))
    assert "Nothing was tested: a test needs at least 3 papers that both sides have." in text
    assert "too few papers" in text
    assert "better" not in text


def test_the_page_is_written_to_the_bench(tmp_path: Path) -> None:
    assert write_page(tmp_path, bench()) == tmp_path / "bench.html"
    assert (tmp_path / "bench.html").read_text(encoding="utf-8").startswith("<!doctype html>")
