"""Answers are read as models write them; what cannot be read is sent back with the reason."""

import json
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import Field

from papercoder.agents.answers import InvalidAnswerError, Json, Prose, Python
from papercoder.artifacts import Artifact, OverallPlan, RequirementDrafts
from tests.support import PLAN


class Note(Artifact):
    """A note."""

    text: str
    """What it says."""

    more: tuple[str, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)


NOTE, PYTHON, PROSE = Json(Note), Python(), Prose()

# JSON


def test_the_instructions_carry_the_docstrings_of_the_fields() -> None:
    assert "What it says." in NOTE.instructions
    assert "How the paper would be reproduced" in Json(OverallPlan).instructions


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
        '<think>{"text": "draft"} is not it</think>\n```json\n{"text": "a"}\n```',
        '\ufeff{"text": "a"}',
        '{"text": "a",}'.replace(",}", "}"),
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
        ("", "There is no JSON object"),
        ("I cannot do that.", "There is no JSON object"),
        ("}", "There is no JSON object"),
        ("}{", "The JSON is broken at line 1, column 2"),
        ('{"text": "a"', "The JSON is broken at line 1, column 13"),
        ('{"text": }', "The JSON is broken at line 1, column 10"),
        ('{"text": 1}', "text: Input should be a valid string"),
        ('{"text": "a", "colour": "red"}', "colour: Extra inputs are not permitted"),
        ('{"more": []}', "text: Field required"),
        ('{"text": "a", "counts": {"x": "many"}}', "counts.x: Input should be a valid integer"),
    ],
)
def test_unfit_json_goes_back_with_the_reason(text: str, reason: str) -> None:
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
def test_nothing_but_unfit_escapes_from_json(text: str) -> None:
    with suppress(InvalidAnswerError):
        assert isinstance(NOTE.read(text), Note)


@given(st.builds(Note, text=st.text(), more=st.lists(st.text()).map(tuple)))
def test_any_artifact_survives_its_json_in_a_fence(note: Note) -> None:
    text = note.model_dump_json()
    if not any(sign in text for sign in ("\\t", "\\b", "\\f", "\\r")):  # which stand for eaten backslashes
        assert NOTE.read(f"So:\n```json\n{text}\n```") == note


# Python

CODE = "def f(x):\n    return x\n"


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        f"```python\n{CODE}```",
        f"```py\n{CODE}```",
        f"```Python\n{CODE}```\n",
        f"~~~python\n{CODE}~~~",
        f"````python\n{CODE}````",
        f"Here is the file:\n\n```python\n{CODE}```\n\nIt returns `x`.",
        f"```python\n{CODE}",
        f"```python\n\n\n{CODE}\n\n```",
        f"```python\r\n{CODE}```".replace("\n", "\r\n").replace("\r\r", "\r"),
        f"First, install it:\n```bash\npip install x y\n```\nThen:\n```python\n{CODE}```",
        f'```python title="model.py"\n{CODE}```',
        f"```python\n{CODE}```\nand use it so:\n```python\nf(1)\n```",
    ],
)
def test_code_is_found_in_what_surrounds_it(text: str) -> None:
    assert PYTHON.read(text) == CODE


def test_fences_within_a_docstring_belong_to_the_code() -> None:
    code = 'def f():\n    """Use it:\n\n    ```python\n    f()\n    ```\n    """\n    return 1\n'
    assert PYTHON.read(f"```python\n{code}```") == code
    assert PYTHON.read(f"```python\n{code}```\nDone.\n```\n") == code


def test_fences_in_the_first_column_of_a_string_belong_to_the_code() -> None:
    code = 'TEXT = """\n```\nsome\n```\n"""\n'
    assert PYTHON.read(f"```python\n{code}```") == code


@pytest.mark.parametrize("sign", ["\u2028", "\x0c", "\x1c", "\x85"])
def test_odd_line_ends_within_a_string_are_kept(sign: str) -> None:
    code = f'SIGN = "a{sign}b"\n'
    assert PYTHON.read(f"```python\n{code}```") == code


def test_a_warning_of_the_parser_is_no_fault_of_the_code() -> None:
    assert PYTHON.read('```python\nimport re\nre.match("\\d", "1")\n```')


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The answer holds no code"),
        ("```python\n```", "The answer holds no code"),
        ("```python\ndef f(:\n    pass\n```", "syntax error at line 1"),
        ("```python\nx = 1\ny = = 2\n```", "syntax error at line 2"),
        ("I am sorry, I cannot write that.", "syntax error"),
        ("```python\nx = '\x00'\n```", "null bytes"),
    ],
)
def test_unfit_code_goes_back_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidAnswerError, match=reason):
        PYTHON.read(text)


@given(st.text() | st.text(st.sampled_from(list("`~\npython x=()[]{}'\"\\#:\t\x00\x0c")), max_size=60))
@example("```python\n" + "(" * 10_000 + ")" * 10_000 + "\n```")
@example("```python\n" + "-" * 100_000 + "1\n```")
@example("```python\nx = 1\n" + "1" * 5000 + "\n```")
@example("```python\n\ud800\n```")
def test_nothing_but_unfit_escapes_from_python(text: str) -> None:
    try:
        compiled = PYTHON.read(text)
    except InvalidAnswerError:
        return
    assert compiled.endswith("\n")


# Prose


def test_prose_is_taken_as_it_is() -> None:
    assert PROSE.read("\n# A\n\n```python\nx\n```\n\n") == "# A\n\n```python\nx\n```\n"
    with pytest.raises(InvalidAnswerError, match="empty"):
        PROSE.read(" \n")
