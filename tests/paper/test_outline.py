import pytest

from papercoder.paper.draft import Heading
from papercoder.paper.outline import PrintedHeading, outlined, read_headings


def numbers(*texts: str, late: int = 99) -> list[tuple[str, str]]:
    """Numbers and titles; headings from position `late` on follow the references."""
    printed = [PrintedHeading(text, 1, follows_references=position >= late) for position, text in enumerate(texts)]
    return [(each.number, each.title) for each in read_headings(printed)]


@pytest.mark.parametrize(
    ("text", "number", "title"),
    [
        ("1 Introduction", "1", "Introduction"),
        ("1. Introduction", "1", "Introduction"),
        ("1.Introduction", "1", "Introduction"),
        ("1) Introduction", "1", "Introduction"),
        ("1 | Introduction", "1", "Introduction"),
        ("Section 1: Introduction", "1", "Introduction"),
        ("§2 Heat", "2", "Heat"),
        ("3.1. Heat", "3.1", "Heat"),
        ("3 . 1 Heat", "3.1", "Heat"),
        ("3.1Heat", "3.1", "Heat"),
        ("3.2 3D Kilns", "3.2", "3D Kilns"),
        ("2. $k$-means", "2", "$k$-means"),
        ("3D Kilns", "", "3D Kilns"),
        ("2024 in Review", "", "2024 in Review"),
        ("A Kiln", "", "A Kiln"),
        ("T5 Models", "", "T5 Models"),
        ("Appendix A: Proofs", "A", "Proofs"),
        ("APPENDIX B PROOFS", "B", "PROOFS"),
        ("A.1 Proofs", "A.1", "Proofs"),
        ("Appendix", "", "Appendix"),
        ("Dataset:", "", "Dataset"),
    ],
)
def test_styles_of_numbers(text: str, number: str, title: str) -> None:
    assert numbers(text) == [(number, title)]


def test_a_letter_is_a_number_if_the_next_one_follows() -> None:
    assert numbers("A Simple Kiln", "A Proofs", "B Data", late=99)[1:] == [("A", "Proofs"), ("B", "Data")]
    assert numbers("A Simple Kiln", "A.1 Lemma")[0] == ("A", "Simple Kiln")
    assert numbers("A Simple Kiln", "Heat")[0] == ("", "A Simple Kiln")


def test_a_letter_after_the_references_begins_the_appendix() -> None:
    assert numbers("Heat", "A Proofs", "Details", late=1) == [("", "Heat"), ("A", "Proofs"), ("", "Details")]
    assert [each.appendix for each in read_headings([PrintedHeading("A Proofs", 1, follows_references=True)])] == [True]


def test_roman_sections_have_lettered_subsections() -> None:
    found = numbers("I. Introduction", "II. Method", "A. Heat", "1) Fast", "B. Cold", "V. End", "Appendix A: More")
    assert [number for number, _ in found] == ["1", "2", "2.A", "2.A.1", "2.B", "5", "A"]


def test_letters_begin_again_after_the_references() -> None:
    found = numbers("I. Introduction", "II. Method", "A. Heat", "B. Cold", "A. Proofs", "B. Data", late=4)
    assert [number for number, _ in found] == ["1", "2", "2.A", "2.B", "A", "B"]


def test_the_ninth_lettered_subsection_is_not_section_one() -> None:
    letters = [f"{letter}. Part" for letter in "ABCDEFGHI"]
    assert numbers("I. One", "II. Two", *letters)[-1] == ("2.I", "Part")


def test_levels_come_from_numbers() -> None:
    printed = [PrintedHeading("1 One", 3), PrintedHeading("1.1 Two", 3), PrintedHeading("Loose", 4)]
    assert [each.level for each in outlined(printed) if isinstance(each, Heading)] == [1, 2, 2]


def test_levels_stay_where_numbers_repeat() -> None:
    printed = [
        PrintedHeading("Data", 2),
        PrintedHeading("1 One", 3),
        PrintedHeading("Model", 2),
        PrintedHeading("1 A", 3),
    ]
    assert [each.level for each in outlined(printed) if isinstance(each, Heading)] == [1, 2, 1, 2]
