import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.models.overlap import join

WORDS = st.lists(st.integers(min_value=10_000, max_value=99_999), min_size=12, max_size=40, unique=True)


@given(WORDS, st.data())
def test_a_text_is_put_together_wherever_it_was_cut_and_whatever_was_repeated(
    numbers: list[int], data: st.DataObject
) -> None:
    text = " ".join(map(str, numbers))
    at = data.draw(st.integers(min_value=0, max_value=len(text)))
    repeated = data.draw(st.sampled_from([0, 20, 25, 40]))
    start = at - repeated if repeated <= at else at
    assert join(text[:at], text[start:]) == text


@given(WORDS, st.data())
def test_a_line_that_was_cut_and_begun_anew_is_there_once(numbers: list[int], data: st.DataObject) -> None:
    lines = [f"x_{number} = {number}" for number in numbers]
    text = "\n".join(lines)
    line = data.draw(st.integers(min_value=1, max_value=len(lines) - 1))
    begin = len("\n".join(lines[:line])) + 1
    at = begin + data.draw(st.integers(min_value=2, max_value=len(lines[line])))
    assert join(text[:at], text[begin:]) == text


@pytest.mark.parametrize(
    ("head", "tail", "whole"),
    [
        ("a = 1\n", "b = 2\n", "a = 1\nb = 2\n"),
        ("for i in x:\n    ", "    y()\n", "for i in x:\n        y()\n"),
        ("```python\na = 1\nb", "```python\n = 2\n```", "```python\na = 1\nb = 2\n```"),
        ("```python\na = 1\n", "```\n", "```python\na = 1\n```\n"),
        ("text\n```\ncode\n```\n", "```python\nmore\n```", "text\n```\ncode\n```\n```python\nmore\n```"),
        ("", "all of it", "all of it"),
    ],
)
def test_joins(head: str, tail: str, whole: str) -> None:
    assert join(head, tail) == whole
