"""JSON and Markdown are read as models write them; other answers are rejected with a reason."""

import json
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import Field

from papercoder.agents.answers import InvalidAnswerError, Json, Prose, read_object, type_outline
from papercoder.artifacts import Artifact, OverallPlan, RequirementDrafts
from tests.support import PLAN


class Note(Artifact):
    """A note."""

    text: str
    """What it says."""

    more: tuple[str, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)


class PlacedNote(Note):
    """A note at a place."""

    place: str


class Notes(Artifact):
    """Notes of both kinds."""

    free: tuple[Note, ...] = ()
    placed: tuple[PlacedNote, ...] = ()


NOTE, PROSE = Json(Note), Prose()

# JSON


def test_the_instructions_carry_the_docstrings_of_the_fields() -> None:
    assert "What it says." in NOTE.instructions
    assert "How the paper would be reproduced" in Json(OverallPlan).instructions


def test_fields_that_a_type_has_from_another_are_given_once() -> None:
    outline = type_outline(Notes)
    assert outline.count("  text: string;  // What it says.") == 1
    assert "type PlacedNote = Note & {  // A note at a place.\n  place: string;\n};" in outline


def test_an_artifact_survives_its_own_json() -> None:
    assert Json(OverallPlan).read(PLAN.model_dump_json(indent=2)) == PLAN


@pytest.mark.parametrize(
    "text",
    [
        '{"text": "a"}',
        '```json\n{"text": "a"}\n```',
        '```\n{"text": "a"}\n```\n',
        'Here is the note:\n\n```json\n{"text": "a"}\n```\n\nTell me if you need more.',
        'Here it is: {"text": "a"} I hope that it fits.',
        '{"text": "a"}\n\nI left `{x}` out.',
        'The loss is \\frac{a}{b}.\n\n{"text": "a"}',
        'Given the set {1, 2}, I answer:\n```json\n{"text": "a"}\n```',
        '\ufeff{"text": "a"}',
    ],
)
def test_json_is_found_in_what_surrounds_it(text: str) -> None:
    assert NOTE.read(text) == Note(text="a")


FORMULAS = [
    *(r"\alpha", r"\theta", r"\frac{a}{b}", r"\beta", r"\rho", r"\mathbf{x}", r"\sum_i\lambda_i", r"\{x\}"),
    *(
        r"\upsilon",
        r"\tau",
        r"\text{min}",
        r"\bar{x}",
        r"\right)",
        r"\forall",
        r"\|x\|",
        r"\,\;\!",
        r"\underline{x}",
        r"\Delta",
    ),
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_survives_with_one_backslash_and_with_two(formula: str) -> None:
    once = '{"text": "' + formula + '", "more": ["' + formula + '"]}'
    assert NOTE.read(once) == Note(text=formula, more=(formula,))
    assert NOTE.read(json.dumps({"text": formula, "more": [formula]})) == Note(text=formula, more=(formula,))


@pytest.mark.parametrize("text", ["a\nb", "a\n- b", 'say "so"', "C:\\new", "tab\there"[:3], "é → ∑", "line\r\n"])
def test_escapes_that_are_meant_stay(text: str) -> None:
    assert NOTE.read(json.dumps({"text": text})).text == text


def test_line_ends_within_a_string_are_taken() -> None:
    assert NOTE.read('{"text": "a\nb"}').text == "a\nb"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The answer has no JSON object"),
        ("I cannot do that.", "The answer has no JSON object"),
        ("}", "The answer has no JSON object"),
        ("}{", "The JSON is invalid at line 1, column 2"),
        ('{"text": "a"', "The JSON is invalid at line 1, column 13"),
        ('{"text": }', "The JSON is invalid at line 1, column 10"),
        ('{"text": 1}', "text: Input should be a valid string"),
        ('{"text": "a", "colour": "red"}', "colour: Extra inputs are not permitted"),
        ('{"more": []}', "text: Field required"),
        ('{"text": "a", "text": "b"}', "the key `text` occurs twice"),
        ('{"text": "a", "counts": {"x": "many"}}', "counts.x: Input should be a valid integer"),
    ],
)
def test_invalid_json_is_rejected_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidAnswerError, match=reason):
        NOTE.read(text)


def test_many_complaints_are_cut_short() -> None:
    many = {"requirements": [{"kind": "nonsense"}] * 50}
    with pytest.raises(InvalidAnswerError) as caught:
        Json(RequirementDrafts).read(json.dumps(many))
    assert len(str(caught.value).splitlines()) == 12


JSONISH = st.text(st.sampled_from(list('{}[]":,\\ntu01e-.abx`\n ')), max_size=60)


@given(st.text() | JSONISH | st.builds("{{{}}}".format, JSONISH))
@example('{"a":' * 100_000 + "}")
@example('{"text": ' + "1" * 5000 + "}")
@example('{"text": "\ud800"}')
@example('{"text": "\\ud800"}')
@example('{"text": NaN}')
@example('{"counts": {"x": 1e999}, "text": ""}')
def test_json_raises_nothing_but_invalid_answer_errors(text: str) -> None:
    with suppress(InvalidAnswerError):
        assert isinstance(NOTE.read(text), Note)


@given(st.builds(Note, text=st.text(), more=st.lists(st.text()).map(tuple)))
def test_any_artifact_survives_its_json_in_a_fence(note: Note) -> None:
    text = note.model_dump_json()
    if not any(sign in text for sign in ("\\t", "\\b", "\\f", "\\r")):  # which are read as backslashes of LaTeX
        assert NOTE.read(f"So:\n```json\n{text}\n```") == note


# Prose


def test_prose_is_taken_as_it_is() -> None:
    assert PROSE.read("\n# A\n\n```python\nx\n```\n\n") == "# A\n\n```python\nx\n```\n"
    with pytest.raises(InvalidAnswerError, match="empty"):
        PROSE.read(" \n")


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
