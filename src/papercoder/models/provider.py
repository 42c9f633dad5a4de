"""Adapts pydantic-ai's models: our requests become its messages, and its responses our answers."""

import time
from collections.abc import AsyncGenerator, Iterable
from itertools import groupby

from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import (
    BinaryContent,
    CachePoint,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    SystemPromptPart,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    UserContent,
    UserPromptPart,
)
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModelSettings
from pydantic_ai.settings import ModelSettings

from papercoder.errors import ModelError
from papercoder.models.catalog import Provider, context_window_of, price_of
from papercoder.models.contract import (
    Answer,
    Message,
    Request,
    StreamingModel,
    TransientError,
    Usage,
    count_tokens,
    prompt_tokens,
)
from papercoder.models.provider_registry import NO_IMAGES, client_for, takes_cache_points, translated
from papercoder.runs.folder import digest
from papercoder.settings import Settings


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


class ProviderModel(StreamingModel):
    """One model of one provider; makes one try a call, since the wrappers retry."""

    def __init__(self, provider: Provider, name: str, settings: Settings) -> None:
        """Prepare a client; nothing is sent.

        Raises:
            SettingsError: credentials, an address or an SDK are missing.
        """
        self.name = f"{provider.name}:{name}"
        self.context_window = context_window_of(provider, name, settings)
        self.price = price_of(provider, name, settings)
        self._provider = provider
        self._model = name
        self._is_listed = settings.price_prompt is None and not provider.self_hosted and not provider.subscription
        self._timeout = settings.idle_timeout
        self._client = client_for(provider, name, settings)
        self._cache_points = takes_cache_points(provider.name, name)

    async def stream(self, request: Request) -> AsyncGenerator[str | Answer, None]:
        """The answer as the provider sends it; thoughts are passed on too, and only the text makes the answer.

        Raises:
            TransientError: the call failed in a way that may pass, or the stream ended before the answer did.
            ContextError: the request is larger than the model's context window.
            ModelError: the call failed for good.
        """
        began = time.monotonic()
        if request.images and not self._client.profile.get("supports_image_input", True):
            raise ModelError(f"{self.name} reads no images.{NO_IMAGES}")
        messages = to_messages(request, self._cache_points)
        settings = self._settings(request)
        with translated(self._provider, self._model, shows_images=bool(request.images)):
            async with (  # connections close when no call is in flight
                self._client,
                model_request_stream(self._client, messages, model_settings=settings) as stream,
            ):
                async for event in stream:
                    if piece := _piece(event):
                        yield piece
                response = stream.get()
        text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
        self._check_ending(response, text)
        yield Answer(
            text=text,
            finish="length" if response.finish_reason == "length" else "stop",
            usage=self._usage(request, text, response),
            seconds=time.monotonic() - began,
        )

    def _settings(self, request: Request) -> ModelSettings:
        settings = OpenAIResponsesModelSettings(max_tokens=request.max_tokens)
        if "max_retries" not in self._client.unsupported_settings:
            settings["max_retries"] = 0
        if "timeout" not in self._client.unsupported_settings:
            settings["timeout"] = self._timeout
        if request.thinking is not None:
            settings["thinking"] = False if request.thinking == "off" else request.thinking
        if self._provider.name in {"openai", "openai-chat"}:
            shared = request.messages[0].text if request.messages[0].cache else ""
            settings["openai_prompt_cache_key"] = digest([request.system, shared])
            settings["openai_store"] = False
        return settings

    def _check_ending(self, response: ModelResponse, text: str) -> None:
        if response.finish_reason == "content_filter":
            raise ModelError(f"{self.name} withheld its answer: its content filter stopped it.")
        if response.finish_reason == "error" and not text:
            raise TransientError("the model ended with an error")
        ended = response.finish_reason or (response.provider_details or {}).get("finish_reason")
        if isinstance(self._client, OpenAIChatModel):  # whose finish_reason is "stop" even if the server sent none
            ended = (response.provider_details or {}).get("finish_reason") or response.usage.output_tokens
        if response.state != "complete" or not ended:
            raise TransientError("the stream ended before the answer did")

    def _usage(self, request: Request, text: str, response: ModelResponse) -> Usage:
        usage = Usage(
            prompt=response.usage.input_tokens or prompt_tokens(request),
            cached=min(response.usage.cache_read_tokens, response.usage.input_tokens),
            completion=response.usage.output_tokens or count_tokens(text),
        )
        return usage.model_copy(update={"cost_usd": self._cost(usage, response)})

    def _cost(self, usage: Usage, response: ModelResponse) -> float | None:
        """Dollars: by the user's own prices, else by the price list for this response, else by the model's price."""
        if self._is_listed:
            try:
                return float(response.cost().total_price)
            except (LookupError, ValueError):  # neither the model nor its tokens are known
                pass
        return self.price.of(usage.prompt, usage.cached, usage.completion) if self.price else None


def _piece(event: ModelResponseStreamEvent) -> str:
    """What an event adds to text or thoughts; empty if nothing."""
    match event:
        case PartStartEvent(part=TextPart(content=content) | ThinkingPart(content=content)):
            return content
        case PartDeltaEvent(delta=TextPartDelta(content_delta=content)):
            return content
        case PartDeltaEvent(delta=ThinkingPartDelta(content_delta=content)):
            return content or ""
        case _:
            return ""
