"""Requests as pydantic-ai's messages, and its responses as ours."""

from collections.abc import Iterable
from itertools import groupby

from pydantic_ai.messages import (
    BinaryContent,
    CachePoint,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    UserContent,
    UserPromptPart,
)
from pydantic_ai.usage import RequestUsage

from papercoder.models.contract import Message, Request, Usage, count_tokens, prompt_tokens


def to_messages(request: Request, cache_points: bool) -> list[ModelMessage]:
    """The conversation; consecutive user messages become one turn, since some servers want turns to alternate.

    The images come before the text of the first turn.
    """
    turns: list[ModelMessage] = [ModelRequest(parts=[SystemPromptPart(content=request.system)])]
    images = [BinaryContent(data=image.data, media_type="image/png") for image in request.images]
    for role, group in groupby(request.messages, key=lambda message: message.role):
        if role == "assistant":
            turns.append(ModelResponse(parts=[TextPart(content=message.text) for message in group]))
        else:
            turns.append(ModelRequest(parts=[_user_part(images, list(group), cache_points)]))
            images = []
    return turns


def _user_part(images: list[BinaryContent], messages: list[Message], cache_points: bool) -> UserPromptPart:
    if cache_points and any(message.cache for message in messages):
        return UserPromptPart(content=[*images, *_with_cache_points(messages)])
    text = "\n\n".join(message.text for message in messages)
    return UserPromptPart(content=[*images, text] if images else text)


def _with_cache_points(messages: Iterable[Message]) -> Iterable[UserContent]:
    for message in messages:
        yield message.text
        if message.cache:
            yield CachePoint()


def to_text(response: ModelResponse) -> str:
    """Its text, without its thoughts."""
    return "".join(part.content for part in response.parts if isinstance(part, TextPart))


def to_usage(request: Request, text: str, usage: RequestUsage) -> Usage:
    """Its tokens, estimated if the server does not report them."""
    return Usage(
        prompt=usage.input_tokens or prompt_tokens(request),
        cached=min(usage.cache_read_tokens, usage.input_tokens),
        completion=usage.output_tokens or count_tokens(text),
    )
