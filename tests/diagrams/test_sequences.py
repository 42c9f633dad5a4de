"""Sequence diagrams: what is read, and what is drawn of it."""

import pytest

from papercoder.diagrams import Undrawable, draw_sequence
from papercoder.diagrams.sequences import Activity, BlockBegins, BlockEnds, BlockParts, Message, Note, parse_sequence
from tests.diagrams.shapes import numbers, texts
from tests.diagrams.sources import SEQUENCE


def test_participants_are_columns_in_order() -> None:
    diagram = parse_sequence(SEQUENCE)
    assert [(one.key, one.name, one.is_actor) for one in diagram.participants] == [
        ("U", "User", True),
        ("M", "main.py", False),
        ("T", "T", False),
    ]
    assert diagram.numbered
    assert diagram.title == "A run"


def test_steps_in_order() -> None:
    kinds = [type(step) for step in parse_sequence(SEQUENCE).steps]
    assert kinds == [
        *[Message, Message, BlockBegins, Message, BlockBegins, Message, BlockParts, Message, BlockEnds, BlockEnds],
        *[Message, Activity, Note, Note, Note, Activity, Message, Message],
    ]


def test_arrows() -> None:
    said = [step for step in parse_sequence(SEQUENCE).steps if isinstance(step, Message)]
    assert [(one.tip, one.dashed) for one in said] == [
        ("arrow", False),
        ("arrow", False),
        ("arrow", False),
        ("cross", True),
        ("arrow", True),
        ("arrow", True),
        ("open", False),
        ("arrow", False),
    ]
    assert said[1].activates
    assert said[5].deactivates
    assert said[-1].both_ways


def test_all_words_are_drawn() -> None:
    drawn = texts(draw_sequence(SEQUENCE))
    for expected in ("A run", "User", "1. start", "[every step]", "[diverged]", "[fine]", "and rate", "results.json"):
        assert expected in drawn


def test_labels_stay_inside() -> None:
    svg = draw_sequence("sequenceDiagram\nA->>A: " + "a long label " * 30 + "\nNote left of A: " + "beside " * 12)
    width = float(numbers(svg, "//*[local-name()='svg']/@width")[0])
    assert all(0 <= x <= width for x in numbers(svg, "//*[local-name()='text']/@x"))


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("classDiagram", "does not start"),
        ("sequenceDiagram\nloop x", "without `end`"),
        ("sequenceDiagram", "no participants"),
        ("sequenceDiagram\n" + "A->>B: x\n" * 500, "too many"),
    ],
)
def test_what_cannot_be_drawn_says_why(source: str, why: str) -> None:
    with pytest.raises(Undrawable, match=why):
        draw_sequence(source)


def test_forms_that_are_rarer() -> None:
    source = """sequenceDiagram
    accTitle: a run
    create participant The trainer as The <br/> trainer %% a comment
    The trainer ->> data/loader.py : load;
    par_over both
        The trainer->>The trainer: step
    end
    NOTE over The trainer,data/loader.py: done
"""
    diagram = parse_sequence(source)
    assert [(one.key, one.name) for one in diagram.participants] == [
        ("The trainer", "The trainer"),
        ("data/loader.py", "data/loader.py"),
    ]
    assert "done" in texts(draw_sequence(source))
