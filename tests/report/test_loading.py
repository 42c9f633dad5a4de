"""Loading a run folder into a report."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papercoder.artifacts import ClaimResult, Measured
from papercoder.errors import RunFolderError
from papercoder.report import load
from papercoder.report.loading import Sources, claim_groups, scale_of, strip
from papercoder.report.model import Report
from papercoder.runs.events import RunEnded, RunStarted
from papercoder.runs.summary import summarise
from tests.report.folders import CLAIMS, EVENTS, bare_folder, claim, full_folder, planned_folder, write


def test_a_full_run(tmp_path: Path) -> None:
    report = load(full_folder(tmp_path))
    assert report.title == "A Tiny Method"
    assert report.status == "complete"
    assert report.states == {"implemented": 1, "partly": 0, "missing": 0, "contradicts": 1, "not_reviewed": 1}
    assert report.claim_verdicts == {"met": 1, "differs": 1, "inconclusive": 0, "toy": 0, "not_run": 1}
    assert [step.status for step in report.steps] == ["passed", "passed", "skipped", "skipped", "skipped", "passed"]
    assert report.lost == ("2 figures have no text.",)
    assert report.warnings == ("coding: `main.py` was cut.",)
    assert [(use.agent, use.unpriced) for use in report.agents] == [("overall_plan", 0), ("coding", 1)]
    assert report.open_points == ("Rate.", "The seed is open; 0 is used.")


def test_a_requirement_shows_its_lines(tmp_path: Path) -> None:
    (first, second, _) = load(full_folder(tmp_path)).requirements
    assert [(place.path, place.line, place.href) for place in first.places] == [
        ("fit.py", 6, "repo/fit.py#L6"),
        ("fit.py", 5, "repo/fit.py#L5"),
    ]
    assert [line.number for line in first.marks[0].lines] == [4, 5, 6]
    assert second.places == ()


def test_assumptions_have_what_was_chosen_and_the_alternatives(tmp_path: Path) -> None:
    assumed = load(planned_folder(tmp_path)).assumptions
    assert [item.subject for item in assumed] == ["R2", "seed"]
    assert [item.choice for item in assumed] == ["The loss is squared, number 2.", "0"]
    assert [item.alternatives for item in assumed] == [("Adam", "SGD"), ("1", "2")]


def test_what_to_do_next_follows_from_what_is_there(tmp_path: Path) -> None:
    full = full_folder(tmp_path / "full")
    steps = load(full).next_steps
    measured = ["data", "diagnose", "reproduce", "requirements", "ask", "share"]
    assert [step.action for step in steps] == measured
    assert steps[1].command == "papercoder diagnose RUN --budget 2h"
    assert "2 choices" in steps[4].reason
    (full / "reproduction" / "claims.json").unlink()
    assert [step.action for step in load(full).next_steps] == ["data", *measured[2:]]
    (full / "planning" / "claims.json").unlink()  # a profile that reads no claims
    assert [step.action for step in load(full).next_steps] == measured[3:]
    failed = full_folder(tmp_path / "failed", "failed")
    assert [step.action for step in load(failed).next_steps] == ["revise", "requirements", "ask", "share"]
    stopped = planned_folder(tmp_path / "stopped")
    stopped.joinpath("events.jsonl").write_text(EVENTS[0].model_dump_json() + "\n", encoding="utf-8")
    assert [step.action for step in load(stopped).next_steps] == ["resume", "ask"]


def test_missing_files_mean_that_nothing_was_verified(tmp_path: Path) -> None:
    report = load(bare_folder(tmp_path))
    assert {step.status for step in report.steps} == {"skipped"}
    assert not report.reviewed
    assert report.checks is None
    assert report.claims == ()
    assert not report.has_code


def test_requirements_without_verdicts_are_not_reviewed(tmp_path: Path) -> None:
    assert load(planned_folder(tmp_path)).states["not_reviewed"] == 3


def test_without_a_reproduction_no_claim_is_met(tmp_path: Path) -> None:
    folder = full_folder(tmp_path)
    (folder / "reproduction/claims.json").unlink()
    write(folder, "repo/results.json", '{"results": [{"claim": "C1", "mean": 0.55}]}')
    report = load(folder)
    assert report.claim_verdicts["not_run"] == 3
    assert [result.verdict for result in report.orderings] == ["not_run"]
    assert report.claims_note == "repo/results.json is not used, because `papercoder reproduce` did not measure it."


def test_orderings_and_what_no_claim_names_are_loaded(tmp_path: Path) -> None:
    report = load(full_folder(tmp_path))
    assert [(result.ordering.id, result.verdict) for result in report.orderings] == [("O1", "inconclusive")]
    assert [(row.method, row.mean) for row in report.unclaimed] == [("method 4", 7.0)]


def test_verdicts_of_claims_that_have_changed_do_not_count(tmp_path: Path) -> None:
    folder = full_folder(tmp_path)
    first, *others = CLAIMS.items
    changed = CLAIMS.model_copy(update={"items": (first.model_copy(update={"value": 0.4}), *others)})
    write(folder, "planning/claims.json", changed)
    assert [result.verdict for result in load(folder).claims] == ["not_run", "differs", "not_run"]


def test_unreadable_files_are_reported(tmp_path: Path) -> None:
    folder = full_folder(tmp_path)
    write(folder, "review/verdicts.json", '{"verdicts": [{"requirement": 3}]}')
    write(folder, "execution/report.json", "{")
    report = load(folder)
    assert not report.reviewed
    assert {step.status for step in report.steps} == {"skipped"}
    assert [warning.split(" ")[0] for warning in report.warnings[2:]] == [
        "execution/report.json",
        "review/verdicts.json",
    ]


def test_a_killed_run_is_interrupted(tmp_path: Path) -> None:
    assert load(bare_folder(tmp_path, EVENTS[:3])).status == "interrupted"


def test_a_stopped_run_says_why(tmp_path: Path) -> None:
    events = (RunStarted(paper="p", models={}, profile="full"), RunEnded(status="partial", reason="the cap"))
    assert load(bare_folder(tmp_path, events)).summary.reason == "the cap"


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="not a run folder"):
        load(tmp_path)


@pytest.mark.parametrize(
    "path", ["../secret.py", "/etc/hostname", "link.py", "folder", "gone.py", "a\0b", "x" * 5000, "loop.py"]
)
def test_no_path_leads_out_of_the_repository(tmp_path: Path, path: str) -> None:
    repository = tmp_path / "repo"
    (repository / "folder").mkdir(parents=True)
    (tmp_path / "secret.py").write_text("secret = 1\n")
    (repository / "link.py").symlink_to(tmp_path / "secret.py")
    (repository / "loop.py").symlink_to(repository / "loop.py")
    place = Sources(repository).place(path, 1)
    assert place.lines == ()
    assert place.href == ""


@pytest.mark.parametrize("line", [-1, 0, 7, 10**9])
def test_no_line_where_there_is_none(tmp_path: Path, line: int) -> None:
    folder = planned_folder(tmp_path)
    assert Sources(folder / "repo").place("fit.py", line).lines == ()


def result(value: float, mean: float | None, spread: float | None = None, **changes: object) -> ClaimResult:
    one = claim(1, value, spread=spread, **changes)
    measured = Measured(claim="C1", value=mean, std=spread, values=(mean, mean)) if mean is not None else None
    return ClaimResult(claim=one, measured=measured, tolerance=0.1, verdict="met" if measured else "not_run")


def report(*results: ClaimResult) -> Report:
    return Report(title="A", status="complete", summary=summarise(()), claims=results)


def test_what_all_rows_of_a_table_share_is_said_once() -> None:
    percent: dict[str, Any] = {"metric": "accuracy", "unit": "%", "method": "ours"}
    one, other, alone = (
        result(90, None, **percent),
        result(80, None, **percent | {"dataset": "blobs"}),
        result(3, None, anchor="4¶1", metric="time", statistic="median"),
    )
    table, paragraph = claim_groups(report(one, other, alone))
    assert table.common == {"metric": "accuracy, %", "method": "ours"}
    assert table.scale
    assert table.scale.low < 80 < 90 < table.scale.high
    assert (paragraph.common, paragraph.experiment) == ({}, "main")


def test_metrics_of_one_table_have_scales_of_their_own() -> None:
    (group,) = claim_groups(report(result(90, None), result(91, None), result(1e6, None, metric="time")))
    assert group.scale is None
    assert "metric" not in group.common
    low, high, _ = (row.strip.reported for row in group.rows)
    assert high - low > 50


def test_a_larger_value_lies_further_right_and_an_outlier_at_the_end() -> None:
    rows = [result(0.5, 0.45), result(0.5, 0.55), result(0.5, 4.9e8)]
    low, high, outlier = (strip(row, scale_of(rows)) for row in rows)
    assert low.measured is not None
    assert high.measured is not None
    assert low.measured < low.reported == high.reported < high.measured
    assert (outlier.measured, outlier.beyond) == (100, "high")
    assert low.about == "reported 0.5, measured 0.45"


_finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=30)
@given(st.lists(st.tuples(_finite, _finite | st.none(), st.floats(0, 1e300) | st.none()), min_size=1, max_size=4))
def test_any_numbers_lie_inside(rows: list[tuple[float, float | None, float | None]]) -> None:
    results = [result(*row) for row in rows]
    for found in (strip(each, scale_of(results)) for each in results):
        start, length = found.tolerance
        places = [found.reported, start, start + length, *found.seeds]
        places += [] if found.measured is None else [found.measured]
        places += [] if found.deviation is None else [found.deviation[0], sum(found.deviation)]
        assert all(-0.01 <= place <= 100.01 for place in places)
