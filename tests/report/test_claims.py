"""The claims of a report: what a table's rows share is said once, and each row has its values on one scale."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from papercoder.artifacts import ClaimResult, Measured
from papercoder.report.claims import claim_groups, scale_of, strip
from papercoder.report.model import Report
from papercoder.runs.summary import summarise
from tests.report.folders import claim


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
