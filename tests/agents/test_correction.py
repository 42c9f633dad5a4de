"""A rejected answer is corrected by a patch or by edits; what they do not mention stays."""

import asyncio
import json

import pytest

from papercoder.agents.agent import Agent
from papercoder.agents.answers import InvalidAnswerError, Json, Prose
from papercoder.agents.correction import corrected
from papercoder.agents.python_file import Python
from papercoder.artifacts import Critique, Violation
from tests.support import Scripted, make_agents

FORMER = {"items": [{"id": "R1", "quote": "wrong"}, {"id": "R2", "lines": [1, 2, 3]}], "files": [{"path": "a/b.py"}]}
EDIT = "answer\n<<<<<<< SEARCH\ny = 2\n=======\ny = 3\n>>>>>>> REPLACE\n"


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
    assert corrected("edits", "x = 1\ny = 2\n", EDIT) == "x = 1\ny = 3\n"
    with pytest.raises(InvalidAnswerError, match="does not occur"):
        corrected("edits", "x = 1\n", EDIT)


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
    model = Scripted({"overall_plan": ["```python\nx = 1\ny = 2\n```\n", EDIT]})
    found = asyncio.run(make_agents(model).ask(writer, "", (), lambda _, attempt: [] if attempt else ["No."]))
    assert "x = 1\ny = 3\n" in found
