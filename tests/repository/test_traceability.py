"""From a requirement to the lines that implement it, and back."""

from hypothesis import example, given
from hypothesis import strategies as st

from papercoder.artifacts import Claims, Requirements
from papercoder.repository.traceability import claims_json, marks, read_claims, to_markdown, trace
from tests.claims.results import claim
from tests.scripted import CODE
from tests.support import REQUIREMENTS, architecture, requirement


def test_comments_that_start_with_an_id_are_marks() -> None:
    code = """\
# R1: above
x = 1  # R2: at the end
# R3, R4: two
# R5/R6 & R7
    # see R8
y = "# R9: in a string"
# R10
# R01: no id
# Rate: no id
"""
    assert marks(code) == {
        "R1": (1,),
        "R2": (2,),
        "R3": (3,),
        "R4": (3,),
        "R5": (4,),
        "R6": (4,),
        "R7": (4,),
        "R10": (7,),
    }


def test_ranges_and_several_marks_on_a_line_count() -> None:
    assert list(marks("# R2-R4: the schedule\n")) == ["R2", "R3", "R4"]
    assert list(marks("# R2: the rate; R3: the schedule. R4 follows\n")) == ["R2", "R3"]
    assert list(marks("# R2 to R3, and R7: the schedule\n")) == ["R2", "R3"]
    assert len(marks("# R1-R999999999: everything\n")) < 500


def test_a_requirement_may_be_marked_often() -> None:
    assert marks("# R1: a\nx = 1\n# R1: b\n") == {"R1": (1, 3)}


def test_marks_before_a_break_count() -> None:
    assert marks('# R1: a\nx = """never closed\n')["R1"] == (1,)


@given(st.text())
@example("\r\x80")  # the tokenizer of Python 3.12 and later cannot decode it
def test_reading_marks_never_fails(code: str) -> None:
    assert isinstance(marks(code), dict)


def test_every_requirement_is_traced_both_ways() -> None:
    traced = trace(REQUIREMENTS, architecture(), CODE)
    assert [(each.requirement.id, each.owner) for each in traced.traces] == [
        ("R1", "tinyfit/model.py"),
        ("R2", "tinyfit/experiments.py"),
    ]
    assert traced.unowned == traced.unmarked == ()
    text = to_markdown(traced)
    assert "[tinyfit/model.py:2](tinyfit/model.py#L2)" in text
    assert "[2¶1] “a learning rate of 0.05”" in text
    assert "- `tinyfit/model.py:2` R1 [1¶1]" in text
    assert "All requirements have a mark." in text


def test_what_is_open_is_said() -> None:
    more = Requirements(items=(*REQUIREMENTS.items, requirement("R10"), requirement("R3", statement="a | b\nc")))
    traced = trace(more, architecture(model=("R1", "R3"), experiments=("R2",)), CODE)
    assert traced.unowned == ("R10",)
    assert traced.unmarked == ("R10", "R3")
    assert "Without a mark in their owner: R3, R10." in to_markdown(traced)
    assert r"a \| b c" in to_markdown(traced)


def test_a_mark_elsewhere_than_in_the_owner_is_not_enough() -> None:
    traced = trace(REQUIREMENTS, architecture(experiments=("R1", "R2")), CODE)
    assert traced.unmarked == ("R1",)


def test_the_file_of_claims_names_the_data_sets_of_means_alone() -> None:
    mean = claim("C2", dataset="Average", averaged_over=("moons", "rings"))
    text = claims_json(Claims(items=(claim(), mean)))
    assert text.count("averaged_over") == 1
    assert [row.averaged_over for row in read_claims(text)] == [(), ("moons", "rings")]
