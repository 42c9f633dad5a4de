"""The protocol of a model: text in, text out, what it cost, and how many tokens a text has.

There is no vocabulary to download, and the count is the same for every provider.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import lru_cache
from typing import Literal, Protocol

from papercoder.artifacts import Artifact, Image
from papercoder.errors import ContextError, ModelError
from papercoder.settings import Thinking


class Message(Artifact):
    """One turn of the conversation."""

    role: Literal["user", "assistant"]
    text: str
    cache: bool = False
    """True where the conversation up to and including this message is a prefix that later requests share."""


class Request(Artifact):
    """One call, and who makes it."""

    agent: str
    """The agent's name, which is also its prompt's: `architecture`, `coding`, ..."""

    subject: str
    """What it is about: a file's path, a section's anchor, or ''."""

    round: int = 0
    """How many answers to the same question were rejected before this one."""

    system: str
    messages: tuple[Message, ...]
    max_tokens: int
    """Completion tokens that the model may use."""

    thinking: Thinking | None = None
    """How much the model thinks first; None: the model's default."""

    images: tuple[Image, ...] = ()
    """What the first message shows; the journal and recordings keep their digests alone."""

    @property
    def text(self) -> str:
        """All that is sent."""
        return "\n\n".join([self.system, *(message.text for message in self.messages)])

    @property
    def about(self) -> str:
        """Agent and subject, for messages to users."""
        return f"{self.agent} {self.subject}".strip()


class Usage(Artifact):
    """Tokens and dollars of one call."""

    prompt: int = 0
    cached: int = 0
    """Prompt tokens that the provider read from its cache."""

    completion: int = 0
    cost_usd: float | None = None
    """None if no price is known."""


class Answer(Artifact):
    """What a model gave back."""

    text: str
    finish: Literal["stop", "length"] = "stop"
    """`length` if the answer was cut off."""

    usage: Usage = Usage()
    seconds: float = 0.0


class Price(Artifact):
    """Dollars per million tokens."""

    prompt: float
    cached: float
    completion: float

    def of(self, prompt: int, cached: int, completion: int) -> float:
        """Dollars for these tokens; `cached` are part of `prompt`."""
        return ((prompt - cached) * self.prompt + cached * self.cached + completion * self.completion) / 1e6


FREE = Price(prompt=0.0, cached=0.0, completion=0.0)


class TransientError(ModelError):
    """A call failed in a way that another try may not: a rate limit, a server error, a lost connection, silence."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        """Seconds that the provider asks to wait; None if it does not say."""


class Model(Protocol):
    """Anything that answers: providers, programs, test models and the wrappers around them."""

    @property
    def name(self) -> str:
        """`provider:name`, as the user gave it; part of the journal's key."""

    @property
    def context_window(self) -> int:
        """Tokens that prompt and completion may have together."""

    @property
    def price(self) -> Price | None:
        """None if it is not known; zero for a model that costs nothing."""

    async def answer(self, request: Request) -> Answer:
        """Answer the request.

        Raises:
            ModelError: the model gave no answer.
            CostCapReached: the call was not made, since it might exceed the cap.
        """


class StreamingModel(ABC):
    """A model that sends its answer piece by piece."""

    name: str
    context_window: int
    price: Price | None

    @abstractmethod
    def stream(self, request: Request) -> AsyncGenerator[str | Answer, None]:
        """What the model writes, text and thoughts, as it arrives; the last item is the whole answer.

        Raises:
            ModelError: the model gave no answer.
        """

    async def answer(self, request: Request) -> Answer:
        """The whole answer.

        Raises:
            ModelError: the model gave no answer.
        """
        async with aclosing(self.stream(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Answer):
                    return piece
        raise AssertionError("a stream ends with an answer")


class ModelWrapper:
    """A model around another one, with its name and price."""

    def __init__(self, inner: Model) -> None:
        self.inner = inner

    @property
    def name(self) -> str:
        """The inner model's."""
        return self.inner.name

    @property
    def context_window(self) -> int:
        """The inner model's."""
        return self.inner.context_window

    @property
    def price(self) -> Price | None:
        """The inner model's."""
        return self.inner.price


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
    """Completion tokens that fit after the prompt; negative if even the prompt does not fit."""
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
