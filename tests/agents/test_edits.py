"""SEARCH/REPLACE edits: read off any answer, applied where their place is certain, refused where they take away."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.agents.agent import Agent
from papercoder.agents.answers import InvalidAnswerError, Json, Prose
from papercoder.agents.edits import SearchReplace, apply, corrected, damage, edit_problems
from papercoder.agents.files import Python
from papercoder.artifacts import Critique, Edit, Edits, SourceFile, Violation
from tests.support import MODEL_PY, Scripted, make_agents

BLOCK = "model.py\n<<<<<<< SEARCH\n    return w * x\n=======\n    return x * w\n>>>>>>> REPLACE"
EDIT = Edit(path="model.py", search="    return w * x\n", replace="    return x * w\n")

LINES = st.lists(st.text("ab =#\t", max_size=6), max_size=8)


def read(text: str) -> tuple[Edit, ...]:
    return SearchReplace().read(text).edits


def file(text: str, path: str = "model.py") -> SourceFile:
    return SourceFile(path=path, text=text)


def edited(text: str, search: str, replace: str) -> str:
    return apply([file(text)], Edits(edits=(Edit(path="model.py", search=search, replace=replace),)))[0].text


def complaints(old: str, new: str, path: str = "model.py") -> str:
    return "\n".join(damage([file(old, path)], [file(new, path)]))


# Reading


@pytest.mark.parametrize(
    "answer",
    [
        BLOCK,
        f"Here is the edit.\n\n{BLOCK}\n\nThat is all.",
        f"```python\n{BLOCK}\n```",
        f"```\n{BLOCK}\n```\n",
        BLOCK.replace("model.py\n", "model.py\n```python\n") + "\n```",
        BLOCK.replace("model.py\n", "model.py\n\n"),
        BLOCK.replace("model.py\n", "### `model.py`:\n"),
        BLOCK.replace("model.py\n", "**model.py**\n"),
        BLOCK.replace("model.py\n", "./model.py\n"),
        BLOCK.replace("\n", "\r\n"),
        BLOCK.replace("SEARCH", "SEARCH  ").replace("=======", "======= ").replace("REPLACE", "REPLACE\t"),
    ],
    ids=["bare", "prose", "fenced", "plain", "inner fence", "gap", "heading", "bold", "dot", "CRLF", "space"],
)
def test_a_block_is_read_with_any_text_around_it(answer: str) -> None:
    assert read(answer) == (EDIT,)


def test_several_blocks_keep_their_order() -> None:
    second = "src/data.py\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE"
    assert read(f"{BLOCK}\n{second}") == (EDIT, Edit(path="src/data.py", search="", replace="x = 1\n"))


def test_lines_may_be_taken_away_without_others_in_their_place() -> None:
    assert read("m.py\n<<<<<<< SEARCH\na\n=======\n>>>>>>> REPLACE")[0].replace == ""


def test_a_folder_that_is_called_a_stays() -> None:
    assert read(BLOCK.replace("model.py", "a/model.py"))[0].path == "a/model.py"


@pytest.mark.parametrize(
    "answer",
    [
        BLOCK.removesuffix(">>>>>>> REPLACE"),
        BLOCK.replace("=======\n", ""),
        BLOCK.removeprefix("model.py\n"),
        f"{BLOCK}\n\nmodel.py\n<<<<<<< SEARCH\n    ret",
        f"{BLOCK}\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE",
    ],
    ids=["no end", "no middle", "no path", "cut later", "second without a path"],
)
def test_a_block_that_is_cut_goes_back(answer: str) -> None:
    with pytest.raises(InvalidAnswerError, match="not complete"):
        read(answer)


def test_an_answer_without_blocks_has_to_say_that_nothing_changes() -> None:
    with pytest.raises(InvalidAnswerError, match="NO EDITS"):
        read("I would change the loss.")
    assert read("NO EDITS") == ()


def test_how_to_write_a_block_is_itself_a_block() -> None:
    assert [edit.path for edit in read(SearchReplace().instructions)] == ["path/of/the/file.py"]


@given(st.lists(st.tuples(LINES, LINES), min_size=1, max_size=3))
def test_what_is_rendered_is_read_back(pairs: list[tuple[list[str], list[str]]]) -> None:
    texts = [("".join(f"{line}\n" for line in old), "".join(f"{line}\n" for line in new)) for old, new in pairs]
    edits = Edits(edits=tuple(Edit(path="m.py", search=old, replace=new) for old, new in texts))
    assert SearchReplace().read(edits.render()) == edits


# Applying


def test_other_files_stay_as_they_are() -> None:
    other = file("x = 1\n", "other.py")
    assert apply([file(MODEL_PY), other], Edits(edits=(EDIT,))) == (
        file(MODEL_PY.replace("w * x", "x * w")),
        other,
    )


def test_edits_build_on_those_before_them() -> None:
    edits = (EDIT, Edit(path="model.py", search="    return x * w\n", replace="    return 2 * x * w\n"))
    assert "2 * x * w" in apply([file(MODEL_PY)], Edits(edits=edits))[0].text


@pytest.mark.parametrize(
    ("text", "search", "found"),
    [
        ("a = 1\n", "a = 2\n", "does not occur"),
        ("a = 1\nb\na = 1\n", "a = 1\n", "occurs 2 times"),
        ("alpha = 1\n", "a = 1\n", "does not occur"),
        ("if x:\n    a = 1\n", "a = 1\n", "does not occur"),
        ("a = 1  \na = 1\t\n", "a = 1\n", "occurs 2 times"),
    ],
    ids=["absent", "twice", "within a line", "without its indentation", "twice but for space"],
)
def test_a_place_that_is_not_certain_is_refused(text: str, search: str, found: str) -> None:
    with pytest.raises(InvalidAnswerError, match=found):
        edited(text, search, "c\n")


def test_space_at_the_ends_of_lines_does_not_hide_a_place() -> None:
    assert edited("a = 1  \nb = 2\n", "a = 1\nb = 2   \n", "c = 3\n") == "c = 3\n"
    assert edited("a = 1\na = 1 \n", "a = 1 \n", "c\n") == "a = 1\nc\n"


def test_the_last_line_can_be_edited_without_a_line_end() -> None:
    assert edited("a\nb", "b\n", "c\n") == "a\nc"
    assert edited("a\nb\n", "b", "c") == "a\nc\n"


def test_a_file_keeps_its_last_line_end() -> None:
    assert edited("a\nb\n", "b\n\n", "c\n") == "a\nc\n"
    assert edited("a\nb\n", "b\n", "") == "a\n"


def test_a_new_file_is_made_and_an_empty_one_filled() -> None:
    edits = Edits(edits=(Edit(path="src/data.py", search="", replace="x = 1\n"),))
    assert apply([], edits) == (file("x = 1\n", "src/data.py"),)
    assert apply([file("", "src/data.py")], edits) == (file("x = 1\n", "src/data.py"),)


def test_a_file_that_is_there_is_not_made_again() -> None:
    with pytest.raises(InvalidAnswerError, match="exists"):
        edited("a\n", "", "b\n")


def test_a_file_that_is_not_there_has_no_lines_to_search() -> None:
    with pytest.raises(InvalidAnswerError, match=r"no file `none.py`"):
        apply([file("a\n")], Edits(edits=(Edit(path="none.py", search="a\n", replace="b\n"),)))


@pytest.mark.parametrize("path", ["../x.py", "/tmp/x.py", ".git/hooks/x.py", "src/../../x.py", "a b.py", "config.yaml"])
def test_a_new_file_stands_inside_the_repository(path: str) -> None:
    with pytest.raises(InvalidAnswerError):
        apply([], Edits(edits=(Edit(path=path, search="", replace="x = 1\n"),)))


@given(LINES, st.data())
def test_an_edit_changes_its_own_lines_and_no_others(lines: list[str], data: st.DataObject) -> None:
    before, after = data.draw(LINES), data.draw(LINES)
    text = "".join(f"{line}\n" for line in [*before, "here", *after])
    new = "".join(f"{line}\n" for line in lines)
    expected = "".join(f"{line}\n" for line in [*before, *lines, *after])
    assert edited(text, "here\n", new) == expected


# Refusing


def test_only_the_files_named_may_be_edited() -> None:
    assert edit_problems((file(MODEL_PY),), Edits(edits=(EDIT,)), {"other.py"}) == [
        "`model.py` may not be edited here."
    ]
    assert edit_problems((file(MODEL_PY),), Edits(edits=(EDIT,)), {"model.py"}) == []


def test_an_edit_that_cannot_be_applied_is_refused_with_the_reason() -> None:
    (reason,) = edit_problems((file("x = 1\n"),), Edits(edits=(EDIT,)), {"model.py"})
    assert "return w * x" in reason


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("x = 1\n", "x = (\n", "syntax error"),
        ("x = 1\n", "x = '\0'\n", "syntax error"),
        ("# R1: a\n# R2, R3: b\n", "# R1, R3: a\n", "lose the mark of R2"),
        ("def test_a():\n    pass\n", "def a():\n    pass\n", "lose the test test_a"),
        ("class T:\n    def test_a(self):\n        pass\n", "class T:\n    pass\n", "lose the test test_a"),
        ("assert x\n", "x\n", "lose an assertion"),
        ("assert x > 1\n", "assert True\n", "lose an assertion"),
        ("np.testing.assert_allclose(a, b)\n", "a\n", "lose an assertion"),
        ("with pytest.raises(E):\n    f()\n", "f()\n", "lose an assertion"),
        ("def test_a():\n    f()\n", "@pytest.mark.skip\ndef test_a():\n    f()\n", "skip a test"),
        ("def test_a():\n    f()\n", "def test_a():\n    pytest.skip('no')\n", "skip a test"),
        ("f()\n", "try:\n    f()\nexcept ValueError:\n    pass\n", "swallow"),
        ("f()\n", "try:\n    f()\nexcept ValueError:\n    ...\n", "swallow"),
        ("f()\n", "for x in y:\n    try:\n        f()\n    except KeyError:\n        continue\n", "swallow"),
        ("f()\n", "try:\n    f()\nexcept Exception:\n    x = 0\n", "swallow"),
        ("f()\n", "try:\n    f()\nexcept (OSError, Exception):\n    x = 0\n", "swallow"),
        ("f()\n", "try:\n    f()\nexcept:\n    x = 0\n", "swallow"),
        ("f()\n", "with contextlib.suppress(KeyError):\n    f()\n", "swallow"),
    ],
)
def test_what_an_edit_may_not_take_away(old: str, new: str, complaint: str) -> None:
    assert complaint in complaints(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x = 1  # R1: a\n", "y = 2\nx = 1  # R1: b\n"),
        ("def test_a():\n    assert f() == 1\n", "def test_a():\n    assert f() == 2\n"),
        ("f()\n", "try:\n    f()\nexcept ValueError:\n    x = 0\n"),
        ("f()\n", "try:\n    f()\nexcept Exception as error:\n    raise E from error\n"),
        ("try:\n    f()\nexcept KeyError:\n    pass\n", "try:\n    g()\nexcept KeyError:\n    pass\n"),
        ("x = y\n", "skip = x\nx = self.skip(skip)\n"),
        ("x = (\n", "x = 1\n"),
    ],
    ids=["mark moved", "test corrected", "narrow", "raised", "was swallowed before", "skip connection", "was broken"],
)
def test_what_an_edit_may_do(old: str, new: str) -> None:
    assert complaints(old, new) == ""


def test_settings_stay_settings() -> None:
    assert "not be valid YAML" in complaints("a: 1\n", "a: [1\n", "config.smoke.yaml")
    assert "no keys" in complaints("a: 1\n", "a\n", "config.smoke.yaml")
    assert complaints("a: 1\n", "a: 2\n", "config.smoke.yaml") == ""


def test_files_that_did_not_change_are_not_complained_of() -> None:
    assert complaints("x = (\n", "x = (\n") == ""
    assert complaints("assert x\n", "any text", "README.md") == ""


def test_an_edit_may_not_leave_out_code() -> None:
    assert "Line 2 leaves out code" in complaints("x = 1\ny = 2\n", "x = 1\n# ... rest of the code unchanged\n")
    kept = "x = 1\n# ... rest of the code unchanged\n"
    assert complaints(kept, f"{kept}y = 2\n") == ""


FORMER = {"items": [{"id": "R1", "quote": "wrong"}, {"id": "R2", "lines": [1, 2, 3]}], "files": [{"path": "a/b.py"}]}
EDIT_CORRECTION = "answer\n<<<<<<< SEARCH\ny = 2\n=======\ny = 3\n>>>>>>> REPLACE\n"


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([{"op": "replace", "path": "/items/0/quote", "value": "right"}], ["items", 0, "quote", "right"]),
        ([{"op": "replace", "path": "/items/R1/quote", "value": "right"}], ["items", 0, "quote", "right"]),
        ([{"op": "add", "path": "/items/R1/anchor", "value": "2"}], ["items", 0, "anchor", "2"]),
        ([{"op": "add", "path": "/files/-", "value": {"path": "c.py"}}], ["files", 1, {"path": "c.py"}]),
        ([{"op": "remove", "path": f"/items/1/lines/{index}"} for index in (0, 1)], ["items", 1, "lines", [3]]),
        ([{"op": "remove", "path": "/files/a~1b.py"}], ["files", []]),
    ],
)
def test_a_patch_changes_what_it_names(operations: list[object], expected: list[object]) -> None:
    found = json.loads(corrected("patch", f"```json\n{json.dumps(FORMER)}\n```", json.dumps({"patch": operations})))
    *path, value = expected
    for part in path:
        found = found[part]
    assert found == value


@pytest.mark.parametrize("path", ["/items/7/quote", "/items/R9", "/nothing/0", "/items/R1/quote/deeper"])
def test_a_patch_of_what_is_not_there_is_rejected(path: str) -> None:
    patch = json.dumps({"patch": [{"op": "replace", "path": path, "value": "x"}]})
    with pytest.raises(InvalidAnswerError, match="is not in the answer"):
        corrected("patch", json.dumps(FORMER), patch)


def test_a_whole_answer_replaces_the_former_one() -> None:
    assert corrected("patch", "{}", '{"items": []}') == '{"items": []}'
    assert corrected("edits", "x = 1\n", "x = 2\n") == "x = 2\n"


def test_edits_change_the_lines_that_they_name() -> None:
    assert corrected("edits", "x = 1\ny = 2\n", EDIT_CORRECTION) == "x = 1\ny = 3\n"
    with pytest.raises(InvalidAnswerError, match="does not occur"):
        corrected("edits", "x = 1\n", EDIT_CORRECTION)


def test_a_patch_costs_a_few_tokens_and_the_next_request_shows_the_patched_answer() -> None:
    checker = Agent("verify", "planning", Json(Critique))
    fields = {"what": "Wrong.", "correction": "Right."}
    first = {"violations": [{"where": "a", **fields}, {"where": "b", **fields}]}
    patch = {"patch": [{"op": "replace", "path": "/violations/1/where", "value": "c"}]}
    other = {"patch": [{"op": "remove", "path": "/violations/0"}]}
    model = Scripted({"verify": [json.dumps(first), json.dumps(patch), json.dumps(other)]})

    def check(critique: Critique, attempt: int) -> list[str]:
        return ["Not yet."] if attempt < 2 else []

    found = asyncio.run(make_agents(model).ask(checker, "", (), check, instructions=""))
    assert found == Critique(violations=(Violation(where="c", **fields),))
    _, second, third = model.requests
    assert "JSON patch" in second.messages[-1].text
    assert '"where": "c"' in third.messages[-2].text


@pytest.mark.parametrize("form", [Python(), Prose()])
def test_texts_are_corrected_by_edits(form: Python | Prose) -> None:
    writer: Agent[str] = Agent("overall_plan", "planning", form)
    model = Scripted({"overall_plan": ["```python\nx = 1\ny = 2\n```\n", EDIT_CORRECTION]})
    found = asyncio.run(make_agents(model).ask(writer, "", (), lambda _, attempt: [] if attempt else ["No."]))
    assert "x = 1\ny = 3\n" in found
