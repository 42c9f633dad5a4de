import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from papercoder.models.slugs import answer_name, slug

SUBJECTS = st.text(alphabet="aAbB_./~+-% é:1", max_size=8) | st.text(max_size=8)


@given(SUBJECTS, st.integers(0, 3), SUBJECTS, st.integers(0, 3))
@example("a.round1", 0, "a", 1)
@example("", 0, "_", 0)
@example("Model.py", 0, "model.py", 0)
@example("a/b.py", 0, "a+b.py", 0)
def test_no_two_answers_share_a_file_even_where_case_does_not_count(a: str, i: int, b: str, j: int) -> None:
    if (a, i) != (b, j):
        assert answer_name(a, i).casefold() != answer_name(b, j).casefold()


@given(SUBJECTS)
def test_a_slug_is_one_plain_name(subject: str) -> None:
    name = slug(subject)
    assert name
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-+~")


@pytest.mark.parametrize(
    ("subject", "name"),
    [("l0_m0.py", "l0_m0.py.md"), ("src/model.py", "src+model.py.md"), ("3.2", "3.2.md"), ("", "_.md")],
)
def test_usual_names_stay_readable(subject: str, name: str) -> None:
    assert answer_name(subject, 0) == name
