"""Claims from tables and text: each found in the paper, listed once, and put in order."""

import asyncio
import json
from typing import Any

from papercoder.artifacts import Claims, Paper, Paragraph, Section, Table
from papercoder.stages.planning.claims import ReportedResults, claims_of, extract_claims, unproved
from tests.support import Scripted, make_agents

PAPER = Paper(
    title="A Method",
    abstract="Ours reaches 91.25 % on moons.",
    source="latex",
    sections=(
        Section(
            anchor="1",
            level=1,
            title="Results",
            blocks=(
                Paragraph(
                    anchor="1¶1",
                    text="Ours wins in 19 of 20 draws. A draw takes about a tenth of a second. SVM needs half the "
                    "memory, and its worst draw is at 75.9 %; more labels help.",
                ),
                Table(
                    anchor="tab:1",
                    caption="Accuracy (%)",
                    rows=(
                        ("Method", "moons", "rings"),
                        ("SVM", "80.1", "81.0"),
                        ("Tree", "80.1", "85.0"),
                        ("Ours", "91.25", "85.1"),
                    ),
                ),
                Table(
                    anchor="tab:2",
                    caption="Ablation: accuracy (%) on moons",
                    rows=(("Variant", ""), ("Ours", "91.25"), ("no prior", "90.1")),
                ),
                Table(
                    anchor="tab:3",
                    caption="Neighbours: accuracy (%) on moons",
                    rows=(("k = 5", "70.0"), ("k = 10", "75.0"), ("k = 20", "79.0")),
                ),
            ),
        ),
    ),
)
ACCURACY = {"metric": "accuracy", "unit": "%", "direction": "higher", "content": "own_results"}
TABLES: list[dict[str, Any]] = [
    {
        "anchor": "tab:1",
        "experiment": "main",
        **ACCURACY,
        "rows": [{"at": "2-3", "method": "{1}"}, {"at": "4", "method": "{1}", "own": True}],
        "columns": [{"at": "2-3", "dataset": "{1}"}],
    },
    {
        "anchor": "tab:2",
        "experiment": "ablation",
        **ACCURACY,
        "dataset": "moons",
        "rows": [{"at": "2", "method": "{1}", "own": True}, {"at": "3", "method": "Ours, {1}"}],
        "columns": [{"at": "2"}],
    },
    {
        "anchor": "tab:3",
        "experiment": "neighbours",
        **ACCURACY,
        "dataset": "moons",
        "rows": [{"at": "1-3", "method": "Ours, {1}"}],
        "columns": [{"at": "2"}],
    },
]


def number(**fields: Any) -> dict[str, Any]:
    given = {"anchor": "1¶1", "experiment": "main", "method": "Ours", "dataset": "moons", "metric": "accuracy"}
    return given | fields


NUMBERS = [
    number(statistic="count", compared_with="SVM", value=19, runs=20, quote="Ours wins in 19 of 20 draws."),
    number(metric="time", unit="s", bound="about", value=0.1, quote="A draw takes about a tenth of a second."),
    number(
        method="SVM",
        metric="memory",
        value=0.5,
        compared_with="Ours",
        comparison="times_lower",
        quote="SVM needs half the memory",
    ),
    number(method="SVM", statistic="min", value=75.9, quote="its worst draw is at 75.9 %"),
]


def results(tables: list[dict[str, Any]] = TABLES, **fields: Any) -> ReportedResults:
    return ReportedResults.model_validate({"tables": tables, **fields})


def test_the_text_adds_what_tables_lack() -> None:
    claims = claims_of(PAPER, results(numbers=NUMBERS))
    assert list(unproved(PAPER, results(numbers=NUMBERS))) == []
    assert [claim.id for claim in claims.items] == [f"C{index}" for index in range(1, 15)]
    assert [claim.value for claim in claims.items[:4]] == [19, 0.1, 0.5, 75.9]
    assert [claim.printed for claim in claims.items[:4]] == ["19", "", "", "75.9"]


def test_a_number_that_is_repeated_is_one_claim() -> None:
    claims = claims_of(PAPER, results())
    best = [claim for claim in claims.items if claim.printed == "91.25"]
    assert [(claim.id, claim.anchor, claim.also) for claim in best] == [("C5", "tab:1", ("tab:2", "abstract"))]


def test_a_number_in_the_text_joins_the_cell_with_its_names() -> None:
    repeated = number(anchor="abstract", unit="%", value=91.25, quote="Ours reaches 91.25 % on moons.")
    claims = claims_of(PAPER, results(numbers=[repeated]))
    assert [claim.also for claim in claims.items if claim.value == 91.25] == [("tab:1", "tab:2")]


def test_the_data_sets_of_a_mean_are_known_wherever_one_place_names_them() -> None:
    plain = number(anchor="abstract", dataset="average", value=91.25, quote="Ours reaches 91.25 % on moons.")
    named = plain | {"anchor": "tab:1", "dataset": "Average", "averaged_over": ["moons", "rings"], "quote": "91.25"}
    (found,) = claims_of(PAPER, results([], numbers=[plain, named])).items
    assert (found.anchor, found.averaged_over) == ("abstract", ("moons", "rings"))


def test_what_the_paper_does_not_say_is_dropped() -> None:
    wrong = [
        number(value=99.0, quote="Ours reaches 99 %"),
        number(value=18, quote="Ours wins in 19 of 20 draws."),
    ]
    orderings = [
        {
            "anchor": "1¶1",
            "experiment": "main",
            "methods": ["A", "B"],
            "metric": "m",
            "direction": "higher",
            "quote": "A is best",
        }
    ]
    given = results([], numbers=wrong, orderings=orderings)
    assert claims_of(PAPER, given) == Claims()
    assert [problem[:24] for problem in unproved(PAPER, given)] == [
        'The paper does not say "',
        '"Ours wins in 19 of 20 d',
        'The paper does not say "',
    ]


def test_a_number_is_found_at_the_end_of_a_clause() -> None:
    (claim,) = claims_of(PAPER, results([], numbers=[NUMBERS[3]])).items
    assert claim.anchor == "1¶1"


def test_orderings_of_tables() -> None:
    claims = claims_of(PAPER, results())
    assert [(item.id, item.anchor, item.methods, item.dataset) for item in claims.orderings] == [
        ("O1", "tab:1", ("Ours", "SVM"), "moons"),
        ("O2", "tab:1", ("Ours", "Tree"), "moons"),
        ("O3", "tab:1", ("Ours", "SVM"), "rings"),
        ("O4", "tab:2", ("Ours", "Ours, no prior"), "moons"),
        ("O5", "tab:3", ("Ours, k = 20", "Ours, k = 10", "Ours, k = 5"), "moons"),
    ]
    by_id = {claim.id: claim.method for claim in claims.items}
    for item in claims.orderings:
        assert tuple(by_id[name] for name in item.claims) == item.methods


def test_values_that_rounding_may_separate_are_equal() -> None:
    """85.0 and 85.1 may both be 85.05."""
    claims = claims_of(PAPER, results())
    assert ("Ours", "Tree") not in [item.methods for item in claims.orderings if item.dataset == "rings"]


def test_lower_is_better_turns_the_order_around() -> None:
    tables = [{**TABLES[0], "direction": "lower"}, {**TABLES[2], "direction": "lower"}]
    orderings = claims_of(PAPER, results(tables)).orderings
    assert orderings[0].methods == ("SVM", "Ours")
    assert orderings[-1].methods == ("Ours, k = 5", "Ours, k = 10", "Ours, k = 20")


def test_without_a_direction_nothing_is_better() -> None:
    assert claims_of(PAPER, results([{**table, "direction": None} for table in TABLES])).orderings == ()


def test_a_chain_that_turns_is_no_ordering() -> None:
    rows = (("k = 5", "70.0"), ("k = 10", "75.0"), ("k = 20", "71.0"))
    table = Table(anchor="tab:3", caption="", rows=rows)
    paper = PAPER.model_copy(update={"sections": (Section(anchor="1", level=1, title="R", blocks=(table,)),)})
    assert claims_of(paper, results([TABLES[2]])).orderings == ()


def test_in_a_large_table_the_own_method_is_compared_with_the_best_other() -> None:
    names = [f"data {letter}" for letter in "abcdefghijk"]
    rows = (
        ("", *names),
        *((f"other {letter}", *[f"{50 + place}.0"] * len(names)) for place, letter in enumerate("pqrs")),
        ("Ours", *["70.0"] * len(names)),
    )
    table = Table(anchor="tab:1", caption="", rows=rows)
    paper = PAPER.model_copy(update={"sections": (Section(anchor="1", level=1, title="R", blocks=(table,)),)})
    described = {
        **TABLES[0],
        "rows": [{"at": "2-5", "method": "{1}"}, {"at": "6", "method": "Ours", "own": True}],
        "columns": [{"at": "2-12", "dataset": "{1}"}],
    }
    claims = claims_of(paper, results([described]))
    assert len(claims.items) == 55
    assert [item.methods for item in claims.orderings] == [("Ours", "other s")] * 11


def test_the_text_states_orderings_too() -> None:
    stated = {
        "anchor": "1¶1",
        "experiment": "main",
        "methods": ["SVM", "Ours"],
        "metric": "memory",
        "direction": "lower",
        "quote": "SVM needs half the memory",
    }
    (ordering,) = claims_of(PAPER, results([], orderings=[stated])).orderings
    assert ordering.id == "O1"
    assert ordering.claims == ()
    assert ordering.statement == "memory: SVM is better than Ours."


def test_a_description_that_does_not_fit_is_rejected_once() -> None:
    bad = json.dumps({"tables": [{"anchor": "tab:1", **ACCURACY, "rows": [{"at": "9"}], "columns": [{"at": "2"}]}]})
    good = results(numbers=NUMBERS).model_dump_json()
    model = Scripted({"claims": [bad, good]})
    claims = asyncio.run(extract_claims(make_agents(model), PAPER))
    assert len(claims.items) == 14
    assert "tab:1: there is no row 9; it has 4." in model.requests[1].text
    assert "tab:2 is not described." in model.requests[1].text
    again = Scripted({"claims": [bad, bad]})
    assert asyncio.run(extract_claims(make_agents(again), PAPER)) == Claims()


def test_the_agent_sees_numbered_tables() -> None:
    model = Scripted({"claims": results().model_dump_json()})
    asyncio.run(extract_claims(make_agents(model), PAPER))
    assert "## [tab:1] 4 rows, 3 columns" in model.requests[0].text


def test_three_hundred_claims_take_few_tokens() -> None:
    rows = (("Method", *(f"set {place}" for place in range(20))), *((f"m{row}", *["1.5"] * 20) for row in range(15)))
    table = Table(anchor="tab:1", caption="", rows=rows)
    paper = PAPER.model_copy(update={"sections": (Section(anchor="1", level=1, title="R", blocks=(table,)),)})
    answer = results(
        [
            {
                "anchor": "tab:1",
                **ACCURACY,
                "rows": [{"at": "2-16", "method": "{1}"}],
                "columns": [{"at": "2-21", "dataset": "{1}"}],
            }
        ]
    )
    assert len(claims_of(paper, answer).items) == 300
    assert len(answer.model_dump_json(exclude_defaults=True)) < 400
