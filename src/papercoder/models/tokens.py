"""Token counts without a tokenizer, and the guard that rejects requests which cannot fit.

There is no vocabulary to download, and the count is the same for every provider.
"""

import re
from functools import lru_cache

from papercoder.artifacts.paper import Image
from papercoder.errors import ContextError
from papercoder.models.contract import Answer, Model, ModelWrapper, Request, Usage

_PIECE = re.compile(r"[A-Za-z]+|\d|[^\sA-Za-z\d]|\s{2,}")
_LETTERS_PER_TOKEN = 5
_MESSAGE_OVERHEAD = 8
"""Tokens that a provider adds to a message for its role and delimiters."""

_PIXELS_PER_TOKEN = 400
_FEWEST_IMAGE_TOKENS, _MOST_IMAGE_TOKENS = 1_200, 5_000


@lru_cache(maxsize=512)
def count_tokens(text: str) -> int:
    """Estimate the tokens of a text.

    Words count one token for every five letters begun, digits, signs and runs of blanks one each. Against byte-pair
    vocabularies this is meant to err on the high side, since it guards context windows and cost caps.
    """
    return sum(-(-len(piece) // _LETTERS_PER_TOKEN) if piece.isalpha() else 1 for piece in _PIECE.findall(text))


def prompt_tokens(request: Request) -> int:
    """Estimated tokens of the prompt; rather too many than too few."""
    texts = [request.system, *(message.text for message in request.messages)]
    return sum(_tokens(text) + _MESSAGE_OVERHEAD for text in texts) + sum(map(image_tokens, request.images))


def image_tokens(image: Image) -> int:
    """Estimate the tokens of an image: one for every 400 pixels, from 1,200 to 5,000.

    Providers count by area: one token for 750 pixels, up to some 1,600 or 4,800 (Anthropic); 170 for each tile of 512
    pixels and 85 more, or up to 2.5 for each patch of 32 (OpenAI); 258 for each tile of 768, or 1,120 for any image
    (Google). This is meant to err on the high side; what a provider reports replaces it.
    """
    return min(max(image.width * image.height // _PIXELS_PER_TOKEN, _FEWEST_IMAGE_TOKENS), _MOST_IMAGE_TOKENS)


def room(request: Request, model: Model) -> int:
    """Completion tokens that fit beside the prompt; negative if even the prompt does not fit."""
    return model.context_window - prompt_tokens(request)


def free_answer(request: Request, text: str, seconds: float = 0.0) -> Answer:
    """A whole answer that costs nothing; its tokens are estimated."""
    usage = Usage(prompt=prompt_tokens(request), completion=count_tokens(text), cost_usd=0.0)
    return Answer(text=text, usage=usage, seconds=seconds)


@lru_cache(maxsize=256)
def _tokens(text: str) -> int:
    """The count, cached because a shared prefix of 100 pages is sent with every file."""
    return count_tokens(text)


class ContextGuard(ModelWrapper):
    """Rejects a request whose prompt and completion may together exceed the context window."""

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer.

        Raises:
            ContextError: the request is too large; it was not sent.
        """
        prompt = prompt_tokens(request)
        if prompt + request.max_tokens > self.context_window:
            raise ContextError(
                f"{request.about}: about {prompt:,} prompt tokens and up to {request.max_tokens:,} for the answer "
                f"exceed the {self.context_window:,} of {self.name}. Choose a model with a larger context window, or "
                "lower --max-tokens."
            )
        return await self.inner.answer(request)
