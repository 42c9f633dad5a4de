"""How large a request is, before it is sent."""

from functools import lru_cache

from papercoder.models.contract import Model, Request
from papercoder.models.tokens import count_tokens

_MESSAGE_OVERHEAD = 8
"""Tokens that a provider adds to a message for its role and bounds."""


def prompt_tokens(request: Request) -> int:
    """Estimated tokens of the prompt, on the high side."""
    texts = [request.system, *(message.text for message in request.messages)]
    return sum(_tokens(text) + _MESSAGE_OVERHEAD for text in texts)


def room(request: Request, model: Model) -> int:
    """Completion tokens that fit beside the prompt; negative where even the prompt does not fit."""
    return model.context_window - prompt_tokens(request)


@lru_cache(maxsize=256)
def _tokens(text: str) -> int:
    """The count, kept because a shared prefix of 100 pages is sent with every file."""
    return count_tokens(text)
