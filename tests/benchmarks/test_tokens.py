"""Calls are counted by agent, with what a provider's cache would have of them."""

import json
from pathlib import Path

import pytest
from benchmarks.tokens import measure
from benchmarks.tokens.measure import by_agent

from papercoder.models.contract import Message, Request, free_answer
from papercoder.models.stack import Call

PAPER = "word " * 2000


def call(agent: str, *texts: str) -> Call:
    messages = tuple(Message(role="user", text=text) for text in texts)
    request = Request(agent=agent, subject="", round=0, system="Be good.", messages=messages, max_tokens=10)
    return Call(model="m", request=request, answer=free_answer(request, "one two"))


def test_leading_messages_that_an_earlier_call_had_are_cached() -> None:
    calls = [call("claims", PAPER, "a"), call("gaps", PAPER, "b"), call("gaps", "b", PAPER), call("claims", "a")]
    found = by_agent(calls)
    assert list(found) == ["gaps", "claims"]
    assert (found["gaps"].calls, found["gaps"].completion) == (2, 4)
    assert found["gaps"].cached == pytest.approx(2000, rel=0.01)
    assert found["claims"].cached == 0


def test_the_published_stages_are_replayed_from_the_answers_of_the_full_pipeline(tmp_path: Path) -> None:
    folder = measure._without_requirements(tmp_path / "recorded")
    design = json.loads((folder / "architecture" / "_.md").read_text(encoding="utf-8"))
    assert [sorted(file) for file in design["files"]] == [["path", "purpose"]] * len(design["files"])
    config = json.loads((folder / "config" / "_.md").read_text(encoding="utf-8"))
    assert {value["source"] for value in config["values"]} == {"assumed"}
