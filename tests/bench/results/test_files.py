"""Results as files, and what entries that belong together come to."""

import csv
import io
from pathlib import Path

import pytest

from papercoder.artifacts import BenchEntryResult, BenchResults, ClaimCounts, Interval, JudgeMean
from papercoder.bench.results.files import claims_csv, to_csv, write_results
from papercoder.bench.results.metrics import COVERAGE, NAMED, SECONDS, grouped, mean_of, summarise_claims
from papercoder.bench.results.metrics import shares as shares_of
from papercoder.runs.folder import load

SCORE = Interval(mean=4.0, low=3.5, high=4.5, n=8)


def result(paper: str = "a", repeat: int = 1, **changes: object) -> BenchEntryResult:
    fields = {
        "entry": f"{paper}--full--m--{repeat}",
        "paper": paper,
        "variant": "full",
        "model": "m",
        "repeat": repeat,
        "status": "complete",
        **changes,
    }
    return BenchEntryResult.model_validate(fields)


def judged(score: Interval | None) -> tuple[JudgeMean, ...]:
    return (JudgeMean(judge="reference-free", score=score),)


def rows(results: BenchResults) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(results))))


def test_a_csv_row_per_entry_with_observed_values_only() -> None:
    seen = result(steps=("install", "import"), requirements=4, implemented=3, judges=judged(SCORE), cost_usd=0.5)
    first, second = rows(BenchResults(name="x", entries=(seen, result("b", status="failed", reason="It broke."))))
    assert (first["steps"], first["implemented"], first["cost_usd"]) == ("install import", "3", "0.5")
    assert (first["reference-free mean"], first["reference-free low"], first["reference-free n"]) == ("4.0", "3.5", "8")
    assert first["reference-based mean"] == first["rubric"] == ""
    assert (second["status"], second["reason"], second["requirements"]) == ("failed", "It broke.", "")


def test_claims_are_counted_by_paper_over_its_repeats() -> None:
    before = ClaimCounts(differs=2)
    entries = (
        result(claims=ClaimCounts(met=1, differs=1), claims_before_diagnosis=before, cost_usd=1.0, seconds=60.0),
        result(repeat=2, claims=ClaimCounts(inconclusive=2), seconds=60.0),
        result("b", claims=ClaimCounts(toy=2)),
        result("c", claims=ClaimCounts(toy=1, differs=1)),
        result("d", claims=ClaimCounts(inconclusive=1, not_run=1)),
        result("e", claims=ClaimCounts(), status="failed"),
        result("f"),
    )
    (summary,) = summarise_claims(entries)
    assert (summary.papers, summary.claims) == (5, ClaimCounts(met=1, differs=2, toy=3, inconclusive=3, not_run=1))
    shares = {name: (share.count, share.papers) for name, share in shares_of(summary)}
    assert shares == {
        "at least one claim met": (1, 5),
        "at least one claim differs": (2, 5),
        "only toy": (1, 5),
        "nothing decided": (2, 5),
    }
    assert summary.met_by_diagnosis == 1
    assert (summary.met.low, summary.met.high) == pytest.approx((0.005, 0.716), abs=0.001)  # tables of Clopper, Pearson
    assert (summary.cost_usd, summary.seconds) == (1.0, 120.0)
    (row,) = csv.DictReader(io.StringIO(claims_csv((summary,))))
    assert (row["met papers"], row["met share"], row["undecided papers"], row["claims toy"]) == ("1", "0.2", "2", "3")
    assert summarise_claims([result("f")]) == ()


def test_claims_have_columns() -> None:
    first, second = rows(BenchResults(name="x", entries=(result(claims=ClaimCounts(met=3)), result("b"))))
    assert (first["claims met"], first["claims not_run"], second["claims met"]) == ("3", "0", "")


def test_reasons_are_one_line_and_not_a_formula() -> None:
    (row,) = rows(BenchResults(name="x", entries=(result(reason='=HYPERLINK("x")\nand, "more"'),)))
    assert row["reason"] == '\'=HYPERLINK("x") and, "more"'


def test_both_files_are_written(tmp_path: Path) -> None:
    results = BenchResults(name="x", entries=(result(judges=judged(SCORE)), result("b", judges=judged(None))))
    write_results(tmp_path, results)
    assert load(tmp_path, "results.json", BenchResults) == results
    assert (tmp_path / "results.csv").read_text() == to_csv(results)


def test_the_interval_of_one_entry_is_over_the_judges_samples() -> None:
    assert mean_of(NAMED["reference-free"], [result(judges=judged(SCORE))]) == SCORE
    assert mean_of(NAMED["reference-free"], [result(judges=judged(None))]) is None


def test_of_several_repeats_the_interval_is_that_of_the_repeats() -> None:
    entries = [
        result(repeat=number, judges=judged(SCORE.model_copy(update={"mean": mean})))
        for number, mean in ((1, 3.0), (2, 5.0))
    ]
    found = mean_of(NAMED["reference-free"], entries)
    assert found is not None
    assert (found.mean, found.n) == (4.0, 2)
    assert found.low < 3.0


def test_of_several_papers_each_counts_once_however_often_it_was_repeated() -> None:
    entries = [result("a", 1, seconds=1.0), result("a", 2, seconds=3.0), result("b", 1, seconds=8.0)]
    found = mean_of(SECONDS, entries)
    assert found is not None
    assert (found.mean, found.n) == (5.0, 2)


def test_what_was_not_observed_does_not_count_as_nothing() -> None:
    found = mean_of(COVERAGE, [result("a", requirements=4, implemented=2), result("b")])
    assert found is not None
    assert (found.mean, found.n) == (0.5, 1)
    assert mean_of(COVERAGE, [result()]) is None


def test_of_several_papers_one_that_was_observed_says_nothing_of_the_others() -> None:
    entries = [result("a", judges=judged(SCORE)), result("b", status="failed")]
    assert mean_of(NAMED["reference-free"], entries) == Interval(mean=4.0, low=4.0, high=4.0, n=1)


def test_an_interval_ends_where_the_scale_does() -> None:
    entries = [result(paper, requirements=10, implemented=done) for paper, done in (("a", 8), ("b", 10))]
    assert mean_of(COVERAGE, entries) == Interval(mean=0.9, low=0.0, high=1.0, n=2)


def test_metrics_of_generation_exclude_judges() -> None:
    took = result(calls=9, seconds=30.0, cost_usd=3.0, unpriced=2, judge_calls=4, judge_seconds=10.0, judge_unpriced=2)
    assert [NAMED[name].of(took) for name in ("calls", "seconds", "cost")] == [5, 20.0, 3.0]
    assert NAMED["cost"].of(took.model_copy(update={"unpriced": 3})) is None


def test_code_that_was_not_run_has_no_steps() -> None:
    assert NAMED["steps"].of(result(status="failed", reason="it was not started")) is None
    assert NAMED["steps"].of(result(executed=True)) == 0.0


def test_groups_keep_their_order() -> None:
    entries = [result("b"), result("a"), result("b", 2)]
    groups = grouped(entries, lambda entry: entry.paper)
    assert list(groups) == ["b", "a"]
    assert [entry.repeat for entry in groups["b"]] == [1, 2]


@pytest.mark.parametrize("text", ["+1", "-1", "@x", "=1"])
def test_cells_are_not_formulas(text: str) -> None:
    (row,) = rows(BenchResults(name="x", entries=(result(reason=text),)))
    assert row["reason"] == f"'{text}"
