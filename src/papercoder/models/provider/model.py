"""A provider's model as one of ours."""

import time

from pydantic_ai.direct import model_request
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models.openai import OpenAIChatModelSettings
from pydantic_ai.settings import ModelSettings

from papercoder.errors import ModelError
from papercoder.models.catalog import Provider
from papercoder.models.contract import Answer, Request, Usage
from papercoder.models.failures import PassingError
from papercoder.models.prices import context_window_of, price_of
from papercoder.models.provider.clients import client_for, takes_cache_points
from papercoder.models.provider.messages import to_messages, to_text, to_usage
from papercoder.models.provider.translated import translated
from papercoder.runs.store import digest
from papercoder.settings import Settings


class Provided:
    """One model of one provider; makes one try a call, since trying again is what the wrappers are for."""

    def __init__(self, provider: Provider, name: str, settings: Settings) -> None:
        """Prepare a client; nothing is sent.

        Raises:
            SettingsError: there is no key, or no address.
        """
        base_url = provider.find_base_url(settings)
        key = provider.require_key(base_url)
        self.name = f"{provider.name}:{name}"
        self.context_window = context_window_of(provider, name, settings)
        self.price = price_of(provider, name, settings)
        self._provider = provider
        self._model = name
        self._user_priced = settings.price_prompt is not None
        self._timeout = settings.call_timeout
        self._client = client_for(provider.name, name, base_url, key)
        self._cache_points = takes_cache_points(provider.name, name)

    async def answer(self, request: Request) -> Answer:
        """One answer.

        Raises:
            PassingError: the call failed in a way that may pass.
            ContextError: the request is larger than the model's context window.
            ModelError: the call failed for good.
        """
        began = time.monotonic()
        messages = to_messages(request, self._cache_points)
        with translated(self._provider, self._model):
            async with self._client:  # connections close when no call is in flight
                response = await model_request(self._client, messages, model_settings=self._settings(request))
        text = to_text(response)
        self._refuse_withheld(response, text)
        return Answer(
            text=text,
            finish="length" if response.finish_reason == "length" else "stop",
            usage=self._usage(request, text, response),
            seconds=time.monotonic() - began,
        )

    def _settings(self, request: Request) -> ModelSettings:
        settings = OpenAIChatModelSettings(max_tokens=request.max_tokens, max_retries=0, timeout=self._timeout)
        if self._provider.name == "openai":
            shared = request.messages[0].text if request.messages[0].cache else ""
            settings["openai_prompt_cache_key"] = digest([request.system, shared])
        return settings

    def _refuse_withheld(self, response: ModelResponse, text: str) -> None:
        if response.finish_reason == "content_filter":
            raise ModelError(f"{self.name} withheld its answer: its content filter stopped it.")
        if response.finish_reason == "error" and not text:
            raise PassingError("the model ended with an error")

    def _usage(self, request: Request, text: str, response: ModelResponse) -> Usage:
        usage = to_usage(request, text, response.usage)
        return usage.model_copy(update={"cost_usd": self._cost(usage, response)})

    def _cost(self, usage: Usage, response: ModelResponse) -> float | None:
        """Dollars: by the user's own prices, else as the list says of this response, else by the listed price."""
        if not self._user_priced and not self._provider.hosted_by_user:
            try:
                return float(response.cost().total_price)
            except (LookupError, ValueError):  # neither the model nor its tokens are known
                pass
        return self.price.of(usage.prompt, usage.cached, usage.completion) if self.price else None
