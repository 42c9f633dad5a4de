"""JSON in the dialects of models: complete objects are read without loss, cut ones are not read."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.agents.json_text import read_object


@pytest.mark.parametrize(
    "text",
    [
        r'{"a": "w - \eta \nabla L, \nu \neq 0"}',
        r"{'a': 'w - \eta \nabla L, \nu \neq 0',}",
        r'{"a": "w - \\eta \\nabla L, \\nu \\neq 0"}',
    ],
)
def test_a_formula_stays_a_formula(text: str) -> None:
    assert read_object(text) == {"a": r"w - \eta \nabla L, \nu \neq 0"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'{"a": "\nabla L"}', r"\nabla L"),
        (r'{"a": "$\nu$ is"}', r"$\nu$ is"),
        (r'{"a": "\not\in"}', r"\not\in"),
        (r'{"a": "one\nu = 3"}', "one\nu = 3"),
        (r'{"a": "\\eta\nu is"}', "\\eta\nu is"),
        (r'{"a": "first\nnot second\nnew"}', "first\nnot second\nnew"),
    ],
)
def test_a_line_break_is_distinguished_from_a_command(text: str, expected: str) -> None:
    assert read_object(text) == {"a": expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": [1, 2,], "b": {},}', {"a": [1, 2], "b": {}}),
        ('{\n  // the rate\n  "a": 1, # why ] } not\n  /* "b": 2 } */ "c": [3, # ]\n 4]\n}', {"a": 1, "c": [3, 4]}),
        ("{'a': 'say \"hi\"', 'b': 'l\\'eau', 'c': 'it's'}", {"a": 'say "hi"', "b": "l'eau", "c": "it's"}),
        ("{“a”: “x “y” z”, ‘b’: ‘don’t’}", {"a": "x “y” z", "b": "don’t"}),
        ('{"a": True, "b": None, "c": [False]}', {"a": True, "b": None, "c": [False]}),
        (
            '{a: .5, "b": (1, -2e-3), "c": 12345678901234567890123}',
            {"a": 0.5, "b": [1, -0.002], "c": 12345678901234567890123},
        ),
        ('{"a": "he said "hi" there"}', {"a": 'he said "hi" there'}),
        ('{"a": """x "y"\n# z""", "b": ""}', {"a": 'x "y"\n# z', "b": ""}),
        ("{\"url\": \"http://a.org/#b\", 'c': '// d'}", {"url": "http://a.org/#b", "c": "// d"}),
        ('Note {x}.\n```json\n{"a": 1,}\n```\nI left `{y}` out.', {"a": 1}),
    ],
)
def test_other_dialects_are_read(text: str, expected: object) -> None:
    assert read_object(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "cut',
        '{"a": [1, 2',
        '{"a": [1, 2,',
        "{'a': 'cut",
        "{'a': 1, 'b",
        '{"a": "f {x}',
        r'{"a": "\frac{1}{2}',
        '{"a": 1, // comment }',
        '{"a": 1, /* }',
        '{"a": True, "b": {"c": 1}',
        '{"a": 1, "b": }',
        '{"a": , "b": 1}',
        '{"a": 1, ...}',
        '{"a": 1, "a": 2,}',
        '{"a": "x" "b": 1}',
        '{"a": "x": "y"}',
        '{"a": 1,000,}',
        '{"a": [1, 2}, "b": 3]',
    ],
)
def test_a_cut_object_and_one_that_would_lose_a_value_are_not_read(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        read_object(text)


def test_braces_of_prose_hold_no_object() -> None:
    assert read_object('Of the set {x, y} I take {"a": 1}.') == {"a": 1}


def test_a_key_that_occurs_twice_is_not_dropped() -> None:
    with pytest.raises(ValueError, match="the key `a` occurs twice"):
        read_object('{"a": 1, "a": 2}')


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), VALUES, min_size=1, max_size=3), st.data())
def test_python_literals_are_read_whole_and_never_in_part(value: dict[str, object], data: st.DataObject) -> None:
    written = repr(value)
    with suppress(ValueError):
        assert json.dumps(read_object(written)).count(":") == json.dumps(value).count(":")
    cut = written[: data.draw(st.integers(1, len(written) - 1))]
    with pytest.raises(ValueError):  # noqa: PT011
        read_object(cut)
