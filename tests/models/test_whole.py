import asyncio

import pytest

from papercoder.errors import ModelError
from papercoder.models.whole import CONTINUATIONS, CONTINUE, Whole
from tests.models.doubles import Scripted, ask, cut, said


def test_a_cut_answer_is_continued_and_its_cost_summed() -> None:
    model = Scripted(
        cut("def run():\n    ret", prompt=10, completion=5, cost_usd=0.5),
        cut("urn 1 +", prompt=20, completion=5, cost_usd=0.25),
        said(" 2\n", prompt=30, cached=8, completion=5, cost_usd=0.25),
    )
    answer = asyncio.run(Whole(model).answer(ask()))
    assert answer.text == "def run():\n    return 1 + 2\n"
    assert answer.finish == "stop"
    assert (answer.usage.prompt, answer.usage.cached, answer.usage.completion) == (60, 8, 15)
    assert answer.usage.cost_usd == pytest.approx(1.0)
    assert [message.text for message in model.asked[2].messages[1:]] == ["def run():\n    return 1 +", CONTINUE]


def test_a_cost_that_is_not_known_stays_unknown() -> None:
    model = Scripted(cut("a", cost_usd=0.5), said("b"))
    assert asyncio.run(Whole(model).answer(ask())).usage.cost_usd is None


def test_an_answer_that_is_always_cut_is_an_error() -> None:
    model = Scripted(cut("more\n"))
    with pytest.raises(ModelError, match="still cut after 6 continuations"):
        asyncio.run(Whole(model).answer(ask()))
    assert len(model.asked) == CONTINUATIONS + 1


def test_a_model_that_thought_until_no_token_was_left_gets_more() -> None:
    model = Scripted(cut(""), cut("  "), said("at last"))
    answer = asyncio.run(Whole(model).answer(ask()))
    assert answer.text == "at last"
    assert [request.max_tokens for request in model.asked] == [1000, 2000, 4000]
    assert all(len(request.messages) == 1 for request in model.asked)


def test_more_tokens_than_the_window_has_are_not_asked_for() -> None:
    model = Scripted(cut(""))
    model.context_window = 1500
    with pytest.raises(ModelError, match="without a word"):
        asyncio.run(Whole(model).answer(ask()))


def test_a_continuation_takes_what_room_is_left() -> None:
    model = Scripted(cut("words " * 300), said("end"))
    model.context_window = 1200
    asyncio.run(Whole(model).answer(ask()))
    assert model.asked[1].max_tokens < model.asked[0].max_tokens
