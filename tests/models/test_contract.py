""""""

import asyncio

import pytest

from papercoder.artifacts import Image
from papercoder.errors import ContextError
from papercoder.models.contract import ContextGuard, image_tokens, prompt_tokens
from tests.models.fakes import IMAGE, Scripted, ask, said


def test_what_fits_to_the_token_is_sent_and_one_more_is_not() -> None:
    model, request = Scripted(said("x")), ask()
    model.context_window = prompt_tokens(request) + request.max_tokens
    assert asyncio.run(ContextGuard(model).answer(request)).text == "x"
    model.context_window -= 1
    with pytest.raises(ContextError, match=r"coding model\.py: about \d+ prompt tokens"):
        asyncio.run(ContextGuard(model).answer(request))
    assert len(model.asked) == 1


@pytest.mark.parametrize(("width", "height", "tokens"), [(100, 100, 1200), (1000, 1000, 2500), (1568, 1568, 5000)])
def test_images_count_by_their_area_within_bounds(width: int, height: int, tokens: int) -> None:
    image = Image(digest="", width=width, height=height)
    assert image_tokens(image) == tokens
    assert prompt_tokens(ask(images=(image, IMAGE))) == prompt_tokens(ask()) + tokens + image_tokens(IMAGE)
