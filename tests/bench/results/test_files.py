"""Results as files, and what entries that belong together come to."""

import csv
import io
from pathlib import Path

import pytest

from papercoder.artifacts import BenchEntryResult, BenchResults, Interval, JudgeMean
from papercoder.bench.results.files import to_csv, write_results
from papercoder.bench.results.grouping import grouped, mean_of
from papercoder.bench.results.metrics import COVERAGE, NAMED, SECONDS
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
