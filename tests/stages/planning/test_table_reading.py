"""Tables of many shapes become claims, and descriptions that do not fit a table are rejected."""

from typing import Any

import pytest
from pydantic import ValidationError

from papercoder.artifacts import Claim, Paper, Section, Table
from papercoder.stages.planning.readings import TableReading, reading_problems, table_claims, tables_text

PLAIN = Table(
    anchor="tab:1",
    caption="Accuracy (%), mean and standard deviation of 5 runs.",
    rows=(("Method", "moons", "rings"), ("SVM [12]", "80.1 ± 0.5", "81.0 ± 0.4"), ("\\textbf{Ours}", "90.0", "> 91.0")),
)
GROUPED = Table(
    anchor="tab:2",
    caption="Two metrics side by side under each data set.",
    rows=(
        ("", "moons", "", "rings", ""),
        ("Method", "Acc. ↑", "Time ↓", "Acc. ↑", "Time ↓"),
        ("SVM", "80.1", "3.5", "81.0", "-"),
        ("Ours", "90.0", "4", "91.0", "1,200"),
    ),
)
TRANSPOSED = Table(
    anchor="tab:3",
    caption="Methods in columns.",
    rows=(("", "SVM", "Ours (K = 2)"), ("moons", "80.1", "90.0"), ("rings", "81.0", "91.0")),
)
BLOCKS = Table(
    anchor="tab:4",
    caption="Merged cells and a second head.",
    rows=(
        ("", "", "BS = 1", "BS = 4"),
        ("8-bit", "SVM", "1", "2"),
        ("", "Ours", "3", "4"),
        ("", "", "I = 1", "I = 4"),
        ("6-bit", "SVM", "5", "6"),
        ("", "Ours", "7", "8"),
    ),
)
SETTINGS = Table(
    anchor="tab:5",
    caption="Variants by their settings; perplexity / BLEU.",
    rows=(("", "h", "d", "result"), ("base", "8", "64", "4.92 / 25.8"), ("(A)", "1", "512", "5.29 / 24.9")),
)


def paper(*tables: Table) -> Paper:
    section = Section(anchor="1", level=1, title="Results", blocks=tables)
    return Paper(title="T", abstract="", source="latex", sections=(section,))


def reading(table: Table, **fields: Any) -> TableReading:
    given = {"anchor": table.anchor, "content": "own_results", "experiment": "main"}
    return TableReading.model_validate(given | fields)


def results(table: Table, *readings: TableReading) -> list[tuple[str, str, str, str]]:
    """Method, data set, metric and printed value of each claim."""
    claims = [claim for each in readings for claim in table_claims(table, each)]
    return [(claim.method, claim.dataset, claim.metric, claim.printed) for claim in claims]


def problems(table: Table, *readings: TableReading) -> list[str]:
    return list(reading_problems(paper(table), readings))


ONE_METRIC = reading(
    PLAIN,
    metric="accuracy",
    unit="%",
    direction="higher",
    runs=5,
    rows=[{"at": 2, "method": "{1}"}, {"at": "3", "method": "{1}", "own": True}],
    columns=[{"at": "2-3", "dataset": "{1}"}],
)


def test_a_claim_has_all_that_the_table_says() -> None:
    claims = list(table_claims(PLAIN, ONE_METRIC))
    assert claims[0] == Claim(
        id="C1",
        anchor="tab:1",
        experiment="main",
        method="SVM",
        dataset="moons",
        metric="accuracy",
        unit="%",
        direction="higher",
        value=80.1,
        printed="80.1",
        spread=0.5,
        runs=5,
        quote="SVM [12] | 80.1 ± 0.5 | 81.0 ± 0.4",
        row=2,
        column=2,
    )
    assert (claims[3].method, claims[3].value, claims[3].bound, claims[3].is_own) == ("Ours", 91.0, ">", True)
    assert problems(PLAIN, ONE_METRIC) == []


def test_metrics_side_by_side_under_data_sets() -> None:
    described = reading(
        GROUPED,
        rows=[{"at": "3-4", "method": "{1}"}],
        columns=[
            {"at": "2", "dataset": "{1}", "metric": "accuracy", "unit": "%", "direction": "higher"},
            {"at": "4", "dataset": "{1}", "metric": "accuracy", "unit": "%", "direction": "higher"},
            {"at": "3", "dataset": "moons", "metric": "time", "unit": "s", "direction": "lower"},
            {"at": "5", "dataset": "rings", "metric": "time", "unit": "s", "direction": "lower"},
        ],
    )
    assert problems(GROUPED, described) == []
    assert results(GROUPED, described) == [
        ("SVM", "moons", "accuracy", "80.1"),
        ("SVM", "rings", "accuracy", "81.0"),
        ("SVM", "moons", "time", "3.5"),
        ("Ours", "moons", "accuracy", "90.0"),
        ("Ours", "rings", "accuracy", "91.0"),
        ("Ours", "moons", "time", "4"),
        ("Ours", "rings", "time", "1200"),
    ]
    assert [claim.direction for claim in table_claims(GROUPED, described)][:3] == ["higher", "higher", "lower"]


AVERAGED = Table(
    anchor="tab:6",
    caption="Accuracy (%), clean and noisy.",
    rows=(("", "", "moons", "rings", "Mean"), ("Ours", "clean", "90", "80", "85"), ("Ours", "noisy", "70", "60", "65")),
)


def averaged(*names: str) -> TableReading:
    return reading(
        AVERAGED,
        metric="accuracy",
        rows=[{"at": "2-3", "method": "{1}", "dataset": "{2}"}],
        columns=[{"at": "3-4", "dataset": "{1}"}, {"at": 5, "dataset": "all", "averaged_over": names}],
    )


def test_means_over_data_sets_are_joined_as_the_data_sets_are() -> None:
    described = averaged("moons", "rings")
    assert problems(AVERAGED, described) == []
    assert [(claim.dataset, claim.averaged_over) for claim in table_claims(AVERAGED, described)] == [
        ("clean, moons", ()),
        ("clean, rings", ()),
        ("clean, all", ("clean, moons", "clean, rings")),
        ("noisy, moons", ()),
        ("noisy, rings", ()),
        ("noisy, all", ("noisy, moons", "noisy, rings")),
    ]


def test_misspelt_data_sets_of_a_mean_are_named() -> None:
    assert problems(AVERAGED, averaged("moons", "ring")) == [
        "tab:6: `averaged_over` names `clean, ring`, `noisy, ring`; no cell has this as its `dataset`."
    ]
    elsewhere = averaged("A", "B")
    assert problems(AVERAGED, elsewhere) == []


def test_a_whole_table_can_be_means_over_data_sets() -> None:
    rows, columns = [{"at": "2-3", "method": "{1}"}], [{"at": "2-3", "metric": "{1}"}]
    described = reading(PLAIN, dataset="both", averaged_over=["A", "B"], rows=rows, columns=columns)
    assert {claim.averaged_over for claim in table_claims(PLAIN, described)} == {("A", "B")}


def test_methods_in_columns() -> None:
    described = reading(
        TRANSPOSED,
        metric="accuracy",
        rows=[{"at": "2-3", "dataset": "{1}"}],
        columns=[{"at": "2", "method": "{1}"}, {"at": "3", "method": "Ours", "own": True}],
    )
    assert problems(TRANSPOSED, described) == []
    assert results(TRANSPOSED, described)[1] == ("Ours", "moons", "accuracy", "90.0")
    assert [claim.is_own for claim in table_claims(TRANSPOSED, described)] == [False, True, False, True]


def test_two_blocks_with_merged_cells() -> None:
    upper = reading(
        BLOCKS,
        metric="memory",
        rows=[{"at": "2-3", "method": "{2}, 8-bit"}],
        columns=[{"at": "3-4", "dataset": "ImageNet, {1}"}],
    )
    lower = reading(
        BLOCKS,
        metric="memory",
        rows=[{"at": "5-6", "method": "{2}, 6-bit"}],
        columns=[{"at": "3-4", "dataset": "ImageNet, {4}"}],
    )
    assert problems(BLOCKS, upper, lower) == []
    assert results(BLOCKS, upper, lower)[::3] == [
        ("SVM, 8-bit", "ImageNet, BS = 1", "memory", "1"),
        ("Ours, 8-bit", "ImageNet, BS = 4", "memory", "4"),
        ("Ours, 6-bit", "ImageNet, I = 1", "memory", "7"),
    ]


def test_several_numbers_in_a_cell_and_settings_as_names() -> None:
    described = reading(
        SETTINGS,
        dataset="newstest2013",
        rows=[{"at": "2", "method": "base", "own": True}, {"at": "3", "method": "base, h = {2}, d = {3}"}],
        columns=[{"at": "4", "metric": "perplexity", "part": 1}, {"at": "4", "metric": "BLEU", "part": 2}],
    )
    assert problems(SETTINGS, described) == []
    assert results(SETTINGS, described)[2:] == [
        ("base, h = 1, d = 512", "newstest2013", "perplexity", "5.29"),
        ("base, h = 1, d = 512", "newstest2013", "BLEU", "24.9"),
    ]


def test_names_of_row_and_column_are_joined() -> None:
    described = reading(
        TRANSPOSED,
        method="not used",
        metric="accuracy",
        dataset="digits",
        rows=[{"at": "2-3", "method": "trained on {1}"}],
        columns=[{"at": "2-3", "method": "{1}"}],
    )
    assert results(TRANSPOSED, described)[0] == ("trained on moons, SVM", "digits", "accuracy", "80.1")


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"copied": [{"rows": "2"}]}, ["90.0", "91.0"]),
        ({"copied": [{"rows": "2", "columns": "3"}]}, ["80.1", "90.0", "91.0"]),
        ({"copied_mark": "["}, ["80.1", "81.0", "90.0", "91.0"]),
        ({"copied_mark": "±"}, ["90.0", "91.0"]),
        ({"content": "no_results"}, []),
        ({"content": "damaged"}, []),
    ],
)
def test_copied_cells_are_no_claims(changes: dict[str, Any], kept: list[str]) -> None:
    described = TableReading.model_validate(ONE_METRIC.model_dump() | changes)
    assert [printed for *_, printed in results(PLAIN, described)] == kept


def test_the_second_number_may_be_the_spread() -> None:
    table = Table(anchor="tab:6", caption="", rows=(("Method", "moons"), ("Ours", "96.5 (1.4)"), ("SVM", "95.0 (2)")))
    fields = {
        "metric": "accuracy",
        "rows": [{"at": "2-3", "method": "{1}"}],
        "columns": [{"at": "2", "dataset": "{1}"}],
    }
    assert [claim.spread for claim in table_claims(table, reading(table, **fields))] == [None, None]
    assert [claim.spread for claim in table_claims(table, reading(table, **fields, second_is_spread=True))] == [1.4, 2]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"rows": [{"at": "2-4", "method": "{1}"}]}, "tab:1: there is no row 4; it has 3."),
        ({"columns": [{"at": "0", "dataset": "x"}]}, "tab:1: there is no column 0; it has 3."),
        ({"rows": [{"at": "2-3", "method": "{9}"}]}, "tab:1: row 2: {9} is empty, so its name has to be written out."),
        ({"metric": ""}, "tab:1: some cells have no metric."),
        (
            {"columns": [{"at": "2-3", "dataset": "all"}]},
            "tab:1: row 2, column 2 and row 2, column 3 have the same",
        ),
        ({"columns": [{"at": "2", "dataset": "{1}"}]}, "tab:1: column 3 holds numbers; describe it or name it in"),
        ({"rows": [{"at": "2", "method": "{1}"}]}, "tab:1: row 3 holds numbers; describe it or name it in"),
        ({"rows": [{"at": "1", "method": "head"}]}, "tab:1: none of the described cells holds a number"),
    ],
)
def test_a_description_that_does_not_fit_is_explained(changes: dict[str, Any], problem: str) -> None:
    described = TableReading.model_validate(ONE_METRIC.model_dump() | changes)
    assert any(found.startswith(problem) for found in problems(PLAIN, described))


def test_ignored_lines_need_no_description() -> None:
    changes = {"rows": [{"at": "3", "method": "{1}"}], "columns": [{"at": "2", "dataset": "{1}"}]}
    ignored = {"ignored_rows": "2", "ignored_columns": "3"}
    assert problems(PLAIN, TableReading.model_validate(ONE_METRIC.model_dump() | changes | ignored)) == []


def test_every_table_is_described_once() -> None:
    assert problems(PLAIN) == ["tab:1 is not described."]
    assert problems(PLAIN, ONE_METRIC, reading(GROUPED)) == ["tab:2 is not a table."]


@pytest.mark.parametrize("at", ["a", "1;2", "3-", "1-2-3", "-1", "12345"])
def test_numbers_of_lines_have_one_form(at: str) -> None:
    with pytest.raises(ValidationError, match="write numbers as"):
        reading(PLAIN, rows=[{"at": at}])


def test_a_reading_never_leaves_the_table() -> None:
    outside = reading(PLAIN, metric="accuracy", rows=[{"at": "0-9", "method": "m{0}"}], columns=[{"at": "0-9"}])
    assert len(results(PLAIN, outside)) == 4


def test_rows_and_columns_are_numbered_for_the_agent() -> None:
    assert tables_text(paper(TRANSPOSED)) == (
        "## [tab:3] 3 rows, 3 columns\n\nMethods in columns.\n\n"
        "|  | 1 | 2 | 3 |\n|---|---|---|---|\n| 1 |  | SVM | Ours (K = 2) |\n| 2 | moons | 80.1 | 90.0 |\n"
        "| 3 | rings | 81.0 | 91.0 |"
    )


def test_a_table_without_cells_is_shown_too() -> None:
    assert tables_text(paper(Table(anchor="tab:7", caption="Lost.", rows=()))) == (
        "## [tab:7] 0 rows, 0 columns\n\nLost.\n"
    )


def test_a_table_without_cells_can_be_described() -> None:
    lost = Table(anchor="tab:7", caption="Lost.", rows=())
    assert problems(lost, reading(lost, content="damaged")) == []
    assert problems(lost, reading(lost, rows=[{"at": "1"}], columns=[{"at": "1"}]))


def test_a_head_with_numbers_needs_no_description() -> None:
    table = Table(anchor="tab:8", caption="", rows=(("Variant", "ℓ = 2", "ℓ = 5"), ("one sweep", "96.3", "96.7")))
    described = reading(
        table,
        metric="accuracy",
        rows=[{"at": "2", "method": "{1}"}],
        columns=[{"at": "2", "dataset": "2 labels"}, {"at": "3", "dataset": "5 labels"}],
    )
    assert problems(table, described) == []
