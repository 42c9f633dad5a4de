"""Calls are counted by agent, with what a provider's cache would have of them."""

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


def test_both_profiles_are_replayed() -> None:
    found = measure.measure()
    assert {"requirements", "review", "property_tests"} <= set(found.full)
    assert set(found.published) == {"overall_plan", "architecture", "logic", "config", "analysis", "coding"}
    assert found.reference > 0
