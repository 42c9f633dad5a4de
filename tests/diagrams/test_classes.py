"""Class diagrams: what is read, and what is drawn of it."""

import pytest

from papercoder.diagrams import Undrawable, draw_classes
from papercoder.diagrams.classes import Member, generic, parse_classes
from tests.diagrams.shapes import texts
from tests.diagrams.sources import CLASSES


def test_classes_keep_the_order_of_their_first_mention() -> None:
    names = [box.key for box in parse_classes(CLASSES).classes]
    assert names == ["Main", "Trainer", "Denoiser", "Dataset", "Odd.Name", "MLP", "Layer"]


def test_members_are_parted_and_classified() -> None:
    boxes = {box.key: box for box in parse_classes(CLASSES).classes}
    assert boxes["Trainer"].attributes == (Member("-model: Denoiser", is_method=False),)
    assert boxes["Denoiser"].stereotype == "abstract"
    assert [member.classifier for member in boxes["Denoiser"].methods] == ["abstract", "static"]
    assert boxes["Dataset"].stereotype == "interface"
    assert boxes["Dataset"].attributes == (Member("+int size", is_method=False),)
    assert boxes["Odd.Name"].name == "A printed name"
    assert boxes["MLP"].notes == ("three layers",)


def test_relations_know_their_heads_and_who_stands_above() -> None:
    relations = {(item.left, item.right): item for item in parse_classes(CLASSES).relations}
    inherits = relations["MLP", "Denoiser"]
    assert (inherits.left_head, inherits.right_head, inherits.left_is_above) == ("none", "triangle", False)
    owns = relations["Trainer", "Denoiser"]
    assert (owns.left_head, owns.left_count, owns.right_count, owns.label) == ("diamond", "1", "1..*", "owns")
    assert relations["Trainer", "Dataset"].dashed
    assert not relations["Layer", "MLP"].left_is_above


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("List~float~", "List<float>"),
        ("List~List~int~~", "List<List<int>>"),
        ("dict~str, float~ values", "dict<str, float> values"),
        ("~internal()", "~internal()"),
    ],
)
def test_generics(written: str, read: str) -> None:
    assert generic(written) == read


def test_all_words_are_drawn() -> None:
    drawn = texts(draw_classes(CLASSES))
    for expected in ("Main", "+main(argv: list<str>) int", "«abstract»", "owns", "next", "1..*", "A printed name"):
        assert expected in drawn


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("graph TD", "does not start"),
        ("classDiagram\n  class A {", "brace"),
        ("classDiagram\n  A ?? B", "does not parse"),
        ("classDiagram", "empty"),
        ("classDiagram\n direction LR", "no classes"),
        ("classDiagram\n" + "\n".join(f"class C{number}" for number in range(200)), "too many"),
        ("", "does not start"),
    ],
)
def test_what_cannot_be_drawn_says_why(source: str, why: str) -> None:
    with pytest.raises(Undrawable, match=why):
        draw_classes(source)


def test_forms_that_are_rarer() -> None:
    source = """---
title: x
---
classDiagram-v2
    namespace core {
        class Grid~T~ <<service>> {
            +at(x) T
        }
    }
    class One { +x int }
    `A name` <|--|> One : both %% a comment
    Grid~T~ ()-- One
    my-module ..> One
"""
    diagram = parse_classes(source)
    boxes = {box.key: box for box in diagram.classes}
    assert list(boxes) == ["Grid", "One", "A name", "my-module"]
    assert (boxes["Grid"].name, boxes["Grid"].stereotype) == ("Grid<T>", "service")
    assert [member.text for member in boxes["One"].members] == ["+x int"]
    assert (diagram.relations[0].left_head, diagram.relations[0].right_head) == ("triangle", "triangle")
    assert diagram.relations[0].label == "both"
