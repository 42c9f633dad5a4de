"""Sign in with ChatGPT, without OpenAI: the browser and the exchange of the code are played by the test."""

import asyncio
import socket
import stat
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic_ai.providers.openai_chatgpt import OpenAIChatGPTCredentials, OpenAIChatGPTOAuthFlow

from papercoder.errors import ModelError, SettingsError
from papercoder.models.provider_registry import SavedLogin, sign_in
from papercoder.models.resolve import resolve
from papercoder.settings import Settings

pytestmark = pytest.mark.usefixtures("bare")

GRANTED = "openid chatgpt.tokens.use.direct"


def credentials(scope: str = GRANTED) -> OpenAIChatGPTCredentials:
    return OpenAIChatGPTCredentials(client_id="c", access_token="a", refresh_token="r", scope=scope)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def signed_in(monkeypatch: pytest.MonkeyPatch, given: OpenAIChatGPTCredentials) -> Path:
    """Sign in with a browser that approves at once."""

    async def exchange(_: object, code: str, *, client_id: str | None = None) -> OpenAIChatGPTCredentials:
        assert (code, client_id) == ("the-code", "c")
        return given

    monkeypatch.setattr(OpenAIChatGPTOAuthFlow, "exchange_code", exchange)
    visits: list[asyncio.Task[None]] = []

    async def visit(address: str) -> None:
        while True:
            try:
                await asyncio.to_thread(lambda: urllib.request.urlopen(address, timeout=10).close())
            except OSError:  # the listener is not there yet
                await asyncio.sleep(0)
            else:
                return

    def browse(url: str) -> None:
        asked = parse_qs(urlsplit(url).query)
        back = f"{asked['redirect_uri'][0]}?code=the-code&client_id=c&state={asked['state'][0]}"
        visits.append(asyncio.get_running_loop().create_task(visit(back)))

    return asyncio.run(sign_in(browse, free_port()))


def test_a_login_is_saved_for_the_user_alone_and_makes_models_available(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="papercoder login"):
        resolve("openai-chatgpt:gpt-6.1-sol", Settings())
    path = signed_in(monkeypatch, credentials())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SavedLogin().read() == credentials()
    assert resolve("openai-chatgpt:gpt-6.1-sol", Settings()).name == "openai-chatgpt:gpt-6.1-sol"


def test_a_login_without_plan_usage_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="did not allow PaperCoder to use your ChatGPT plan"):
        signed_in(monkeypatch, credentials("openid"))


def test_renewed_credentials_replace_the_saved_ones() -> None:
    saved = SavedLogin()
    asyncio.run(saved.save(credentials()))
    asyncio.run(saved.save(credentials("")))
    assert asyncio.run(saved.load()) == credentials("")
    assert [path.name for path in saved.path.parent.iterdir()] == ["openai-chatgpt.json"]


def test_a_damaged_login_is_reported_before_any_call() -> None:
    path = SavedLogin().path
    path.parent.mkdir(parents=True)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(SettingsError, match="papercoder login"):
        resolve("openai-chatgpt:x", Settings())
