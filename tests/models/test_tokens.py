import asyncio

import pytest

from papercoder.errors import ContextError
from papercoder.models.tokens import ContextGuard, prompt_tokens
from tests.models.fakes import Scripted, ask, said


def test_what_fits_to_the_token_is_sent_and_one_more_is_not() -> None:
    model, request = Scripted(said("x")), ask()
    model.context_window = prompt_tokens(request) + request.max_tokens
    assert asyncio.run(ContextGuard(model).answer(request)).text == "x"
    model.context_window -= 1
    with pytest.raises(ContextError, match=r"coding model\.py: about \d+ prompt tokens"):
        asyncio.run(ContextGuard(model).answer(request))
    assert len(model.asked) == 1
