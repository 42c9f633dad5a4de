import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest

from papercoder.errors import ContextError, ModelError, SettingsError
from papercoder.models.contract import Answer, Message, Model, Request, StreamingModel, TransientError
from papercoder.models.resolve import resolve
from papercoder.settings import Settings
from tests.models.fakes import IMAGE, PNG, ask
from tests.models.stub import Reply, Stub, chat, claude, failure, gemini, response, serving

pytestmark = pytest.mark.usefixtures("bare")

TALK = ask(
    messages=(
        Message(role="user", text="The paper.", cache=True),
        Message(role="user", text="The plan.", cache=True),
        Message(role="user", text="Write it."),
        Message(role="assistant", text="def"),
        Message(role="user", text="Continue."),
    )
)
COMPATIBLE = ("openrouter", "deepseek", "litellm", "ollama", "vllm", "lmstudio", "openai-compatible")


def model(spec: str, stub: Stub, **settings: Any) -> Model:
    address = f"{spec.partition(':')[0]}={stub.url}"
    return resolve(spec, Settings(model=spec, base_url=address, **settings))


def answered(spec: str, *replies: Reply, request: Request = TALK, **settings: Any) -> tuple[Answer, Stub]:
    with serving(*replies) as stub:
        return asyncio.run(model(spec, stub, **settings).answer(request)), stub


def test_openai_responses_on_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    answer, stub = answered("openai:gpt-6-luna", response("all done", cached=600))
    sent = stub.sent[0]
    assert stub.paths == ["/responses"]
    assert stub.headers[0]["authorization"] == "Bearer sk-test"
    assert [message["role"] for message in sent["input"]] == ["system", "user", "assistant", "user"]
    assert sent["max_output_tokens"] == TALK.max_tokens
    assert sent["stream"]
    assert sent["store"] is False
    assert sent["prompt_cache_key"]
    assert (answer.text, answer.finish) == ("all done", "stop")
    assert (answer.usage.prompt, answer.usage.cached, answer.usage.completion) == (1000, 600, 10)
    assert answer.usage.cost_usd == pytest.approx((400 * 0.1 + 600 * 0.01 + 10 * 0.5) / 1e6)


def test_openai_chat_on_the_wire() -> None:
    answer, stub = answered("openai-chat:gpt-6-luna", chat("all done", cached=600))
    sent = stub.sent[0]
    assert stub.paths == ["/chat/completions"]
    assert [message["role"] for message in sent["messages"]] == ["system", "user", "assistant", "user"]
    assert sent["messages"][1]["content"] == "The paper.\n\nThe plan.\n\nWrite it."
    assert sent["max_completion_tokens"] == TALK.max_tokens
    assert answer.text == "all done"
    assert (answer.usage.prompt, answer.usage.cached, answer.usage.completion) == (1000, 600, 10)


@pytest.mark.parametrize(
    ("spec", "reply"),
    [
        ("openai:gpt-6-luna", response("all done")),
        ("anthropic:claude-sonnet-5", claude("all done")),
        ("google:gemini-2.5-flash", gemini("all done")),
    ],
)
def test_the_answer_arrives_in_pieces(spec: str, reply: Reply) -> None:
    async def pieces(asked: Model) -> list[str | Answer]:
        assert isinstance(asked, StreamingModel)
        return [piece async for piece in asked.stream(TALK)]

    with serving(reply) as stub:
        *written, answer = asyncio.run(pieces(model(spec, stub)))
    assert written == ["all ", "done"]
    assert isinstance(answer, Answer)
    assert answer.text == "all done"


@pytest.mark.parametrize(
    ("spec", "reply"),
    [
        ("openai:gpt-6-luna", response("all done").cut_after(4)),
        ("openai-chat:gpt-6-luna", chat("all done").cut_after(1)),
        ("anthropic:claude-sonnet-5", claude("all done").cut_after(3)),
        ("google:gemini-2.5-flash", gemini("all done").cut_after(1)),
        ("openai:gpt-6-luna", Reply(events=response("all done").events[:4])),
        ("openai-chat:gpt-6-luna", Reply(events=chat("all done").events[:1])),
        ("google:gemini-2.5-flash", Reply(events=gemini("all done").events[:1])),
    ],
)
def test_a_cut_stream_may_pass(spec: str, reply: Reply) -> None:
    with serving(reply) as stub, pytest.raises(TransientError):
        asyncio.run(model(spec, stub).answer(ask()))


@pytest.mark.parametrize(
    ("spec", "reply", "level", "sent"),
    [
        ("openai:gpt-6-luna", response("done"), "high", {"reasoning": {"effort": "high", "context": "all_turns"}}),
        ("openai-chat:gpt-6-luna", chat("done"), "low", {"reasoning_effort": "low"}),
        ("anthropic:claude-sonnet-5", claude("done"), "medium", {"output_config": {"effort": "medium"}}),
        ("anthropic:claude-sonnet-5", claude("done"), "off", {"thinking": {"type": "disabled"}}),
        ("openrouter:openai/gpt-6-luna", chat("done"), "low", {"reasoning": {"effort": "low", "enabled": True}}),
        ("vllm:some/model", chat("done"), "high", {"model": "some/model"}),
    ],
)
def test_thinking_goes_out_in_the_providers_own_terms(
    spec: str, reply: Reply, level: str, sent: dict[str, object]
) -> None:
    _, stub = answered(spec, reply, request=ask(thinking=level))
    assert stub.sent[0].items() >= sent.items()


def test_a_key_goes_to_no_other_providers_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENROUTER_API_KEY"):
        monkeypatch.setenv(name, "sk-secret")
    with serving(chat("done")) as stub:
        for spec in ("openai-compatible:x", "vllm:x", "lmstudio:x", "ollama:x", "litellm:x"):
            asyncio.run(resolve(spec, Settings(model=spec, base_url=stub.url)).answer(ask()))
        assert not any("sk-secret" in value for headers in stub.headers for value in headers.values())
        mixed = Settings(model="vllm:x", models={"review": "openai:y"}, base_url=stub.url)
        usual = resolve("openai:y", mixed)._client  # type: ignore[attr-defined]
        assert usual.base_url.startswith("https://api.openai.com")


def test_an_address_that_cannot_be_changed_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".codex"
    folder.mkdir(parents=True)
    (folder / "auth.json").write_text("{}")
    settings = Settings(model="openai-codex:x", base_url="openai-codex=http://localhost:1/v1")
    with pytest.raises(SettingsError, match="its address cannot be changed"):
        resolve("openai-codex:x", settings)


def test_anthropic_gets_cache_points_where_prefixes_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test")
    answer, stub = answered("anthropic:claude-sonnet-5", claude("done"))
    sent = stub.sent[0]
    assert stub.paths[0].startswith("/v1/messages")
    assert stub.headers[0]["authorization"] == "Bearer sk-test"
    blocks = sent["messages"][0]["content"]
    assert [block["text"] for block in blocks] == ["The paper.", "The plan.", "Write it."]
    assert ["cache_control" in block for block in blocks] == [True, True, False]
    assert sent["max_tokens"] == TALK.max_tokens
    assert (answer.usage.prompt, answer.usage.cached, answer.usage.completion) == (1000, 700, 10)
    assert answer.usage.cost_usd == pytest.approx((100 * 2 + 200 * 2.5 + 700 * 0.2 + 10 * 10) / 1e6)


def test_more_cache_points_than_anthropic_takes_are_no_error() -> None:
    parts = tuple(Message(role="user", text=f"Part {number}.", cache=True) for number in range(9))
    _, stub = answered("anthropic:claude-sonnet-5", claude("done"), request=ask(messages=parts))
    blocks = stub.sent[0]["messages"][0]["content"]
    assert ["cache_control" in block for block in blocks] == [False] * 5 + [True] * 4


def test_google_on_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "test")
    answer, stub = answered("google:gemini-2.5-flash", gemini("done"))
    assert "gemini-2.5-flash:streamGenerateContent" in stub.paths[0]
    assert [turn["role"] for turn in stub.sent[0]["contents"]] == ["user", "model", "user"]
    assert stub.sent[0]["generationConfig"]["maxOutputTokens"] == TALK.max_tokens
    assert (answer.usage.prompt, answer.usage.cached, answer.usage.completion) == (1000, 400, 10)
    assert answer.usage.cost_usd == pytest.approx((600 * 0.3 + 400 * 0.03 + 10 * 2.5) / 1e6)


@pytest.mark.parametrize("provider", COMPATIBLE)
def test_compatible_servers_get_plain_turns_and_the_older_limit(provider: str) -> None:
    answer, stub = answered(f"{provider}:some/model", chat("done"))
    sent = stub.sent[0]
    assert sent["model"] == "some/model"
    assert sent["max_tokens"] == TALK.max_tokens
    assert "max_completion_tokens" not in sent
    assert all(isinstance(message["content"], str) for message in sent["messages"])
    assert answer.usage.prompt == 1000


def test_claude_through_openrouter_gets_cache_points() -> None:
    _, stub = answered("openrouter:anthropic/claude-sonnet-4.5", chat("done"))
    blocks = stub.sent[0]["messages"][1]["content"]
    assert ["cache_control" in block for block in blocks] == [True, True, False]


@pytest.mark.parametrize(
    ("spec", "reply"),
    [
        ("openai:gpt-6-luna", response("half", incomplete="max_output_tokens")),
        ("anthropic:claude-sonnet-5", claude("half", stop="max_tokens")),
        ("google:gemini-2.5-flash", gemini("half", finish="MAX_TOKENS")),
        ("ollama:qwen3", chat("half", finish="length")),
    ],
)
def test_a_cut_answer_is_known_for_one(spec: str, reply: Reply) -> None:
    answer, _ = answered(spec, reply)
    assert (answer.text, answer.finish) == ("half", "length")


def test_an_answer_cut_before_its_first_word_is_cut_and_no_error() -> None:
    answer, _ = answered("openai:gpt-6-luna", response("", incomplete="max_output_tokens"))
    assert (answer.text, answer.finish) == ("", "length")


def test_the_users_own_prices_count() -> None:
    answer, _ = answered("vllm:x", chat("done", cached=500), price_prompt=2.0, price_cached=1.0, price_completion=10.0)
    assert answer.usage.cost_usd == pytest.approx((500 * 2 + 500 * 1 + 10 * 10) / 1e6)


def test_missing_usage_is_estimated() -> None:
    answer, _ = answered("openai-compatible:x", chat("some words that were said", usage=False))
    assert answer.usage.prompt > 0
    assert answer.usage.completion > 0
    assert answer.usage.cost_usd == 0.0


@pytest.mark.parametrize(
    ("reply", "wait"),
    [
        (failure(429, "slow down", "rate_limit_exceeded", Retry_After="2"), 2.0),
        (failure(429, "slow down", "rate_limit_exceeded", Retry_After="0.25"), 0.25),
        (failure(429, "slow down", "rate_limit_exceeded", Retry_After_Ms="1500"), 1.5),
        (failure(500), None),
        (failure(503, "overloaded", Retry_After="7"), 7.0),
        (failure(408), None),
    ],
)
def test_a_transient_error_is_raised_with_its_wait(reply: Reply, wait: float | None) -> None:
    with serving(reply) as stub:
        with pytest.raises(TransientError, match=str(reply.status)) as error:
            asyncio.run(model("openai:gpt-6-luna", stub).answer(ask()))
        assert len(stub.sent) == 1
    assert error.value.retry_after == wait


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (
            failure(401, "bad key", "invalid_api_key"),
            ModelError,
            "openai rejected OPENAI_API_KEY: check that",
        ),
        (failure(404, "no such model", "model_not_found"), ModelError, "openai has no model 'gpt-6-luna'"),
        (failure(400, "bad temperature"), ModelError, "openai:gpt-6-luna rejected the request: 400, bad temperature"),
        (failure(429, "pay first", "insufficient_quota"), ModelError, "the account's quota is used up"),
        (failure(400, "too long", "context_length_exceeded"), ContextError, "--context-window"),
    ],
)
def test_what_will_not_pass_says_what_to_do(reply: Reply, kind: type[ModelError], words: str) -> None:
    with serving(reply) as stub, pytest.raises(kind, match=words) as error:
        asyncio.run(model("openai:gpt-6-luna", stub).answer(ask()))
    assert not isinstance(error.value, TransientError)


def test_a_lost_connection_may_pass() -> None:
    with serving(chat("never")) as stub:
        url = stub.url
    with pytest.raises(TransientError, match="onnect"):
        asyncio.run(resolve("ollama:qwen3", Settings(model="ollama:qwen3", base_url=url)).answer(ask()))


def test_an_unreadable_response_may_pass() -> None:
    with serving(Reply(events=({"surprise": True},))) as stub, pytest.raises(TransientError):
        asyncio.run(model("openai:gpt-6-luna", stub).answer(ask()))


def test_a_model_can_be_asked_in_one_loop_after_another() -> None:
    with serving(response("done")) as stub:
        asked = model("openai:gpt-6-luna", stub)
        assert [asyncio.run(asked.answer(ask())).text for _ in range(2)] == ["done", "done"]


SHOWN = ask(agent="figure", subject="fig:1", text="Describe it.", images=(IMAGE,))


def test_images_go_out_before_the_text_of_the_first_turn() -> None:
    talk = SHOWN.model_copy(update={"messages": (*SHOWN.messages, *TALK.messages[3:])})
    _, stub = answered("openai-compatible:some", chat("done"), request=talk)
    _, first, _, last = stub.sent[0]["messages"]
    url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert [part["type"] for part in first["content"]] == ["image_url", "text"]
    assert first["content"][0]["image_url"]["url"] == url
    assert first["content"][1]["text"] == "Describe it."
    assert last["content"] == "Continue."


def test_images_go_out_with_cache_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test")
    talk = TALK.model_copy(update={"images": (IMAGE,)})
    _, stub = answered("anthropic:claude-sonnet-5-5", claude("done"), request=talk)
    first = stub.sent[0]["messages"][0]["content"]
    assert [part["type"] for part in first] == ["image", "text", "text", "text"]
    assert "cache_control" in first[1]


def test_a_model_without_images_is_named_with_what_to_do() -> None:
    refusal = failure(400, "image_url is not supported by this model")
    with pytest.raises(ModelError, match=r"rejected the request: 400, image_url .*--model vision=PROVIDER:NAME"):
        answered("openai-compatible:some", refusal, request=SHOWN)
    with pytest.raises(ModelError) as without:
        answered("openai-compatible:some", refusal)
    assert "vision" not in str(without.value)
