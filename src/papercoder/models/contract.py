"""What a model is to PaperCoder: text in, text out, and what it cost."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Literal, Protocol

from papercoder.artifacts.base import Artifact
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
    """The agent's name, which is its prompt's: `architecture`, `coding`, ..."""

    subject: str
    """What it is about: a file's path, a section's anchor, or ''."""

    round: int = 0
    """How many answers to the same question were sent back before this one."""

    system: str
    messages: tuple[Message, ...]
    max_tokens: int
    """Completion tokens the model may use."""

    thinking: Thinking | None = None
    """How much the model thinks first; None: the model's default."""

    @property
    def text(self) -> str:
        """All that is sent."""
        return "\n\n".join([self.system, *(message.text for message in self.messages)])


class Usage(Artifact):
    """Tokens and money of one call."""

    prompt: int = 0
    cached: int = 0
    """Those of the prompt tokens that the provider read from its cache."""

    completion: int = 0
    cost_usd: float | None = None
    """None where no price is known."""


class Answer(Artifact):
    """What a model gave back."""

    text: str
    finish: Literal["stop", "length"] = "stop"
    """`length` where the answer was cut."""

    usage: Usage = Usage()
    seconds: float = 0.0


class Price(Artifact):
    """Dollars for a million tokens."""

    prompt: float
    cached: float
    completion: float

    def of(self, prompt: int, cached: int, completion: int) -> float:
        """Dollars for these tokens; `cached` are part of `prompt`."""
        return ((prompt - cached) * self.prompt + cached * self.cached + completion * self.completion) / 1e6


class Model(Protocol):
    """Anything that answers; providers, doubles and the wrappers around them alike."""

    @property
    def name(self) -> str:
        """`provider:name`, as the user gave it; part of the journal's key."""

    @property
    def context_window(self) -> int:
        """Tokens that prompt and completion may have together."""

    @property
    def price(self) -> Price | None:
        """None where it is not known; zero for a model that costs nothing."""

    async def answer(self, request: Request) -> Answer:
        """Answer the request.

        Raises:
            ModelError: no answer could be had.
            CostCapReached: the call was not made, since it might exceed the cap.
        """


class StreamingModel(ABC):
    """A model that sends its answer piece by piece."""

    name: str
    context_window: int
    price: Price | None

    @abstractmethod
    def stream(self, request: Request) -> AsyncGenerator[str | Answer, None]:
        """What the model writes, text and thoughts alike, as it comes; the last item is the whole answer.

        Raises:
            ModelError: no answer could be had.
        """

    async def answer(self, request: Request) -> Answer:
        """The whole answer.

        Raises:
            ModelError: no answer could be had.
        """
        async with aclosing(self.stream(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Answer):
                    return piece
        raise AssertionError("a stream ends with an answer")
