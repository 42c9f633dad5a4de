"""Sign in with ChatGPT: the browser asks the user, and the credentials are saved for later runs."""

import asyncio
import os
import uuid
from collections.abc import Callable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic_ai.exceptions import ModelAPIError, UserError
from pydantic_ai.providers.openai_chatgpt import OpenAIChatGPTCredentials, OpenAIChatGPTOAuthFlow

from papercoder.errors import ModelError, SettingsError
from papercoder.settings import config_folder

_CREDENTIALS = TypeAdapter(OpenAIChatGPTCredentials)
_TIME_TO_SIGN_IN = 600.0
"""Seconds."""


class SavedLogin:
    """The credentials in the user's configuration folder; only the user can read them."""

    @property
    def path(self) -> Path:
        """The file."""
        return config_folder() / "openai-chatgpt.json"

    def read(self) -> OpenAIChatGPTCredentials:
        """The credentials.

        Raises:
            SettingsError: nobody has signed in, or the file is damaged.
        """
        try:
            return _CREDENTIALS.validate_json(self.path.read_bytes())
        except (OSError, ValidationError):
            raise SettingsError("openai-chatgpt: there is no saved login; run `papercoder login`.") from None

    def write(self, credentials: OpenAIChatGPTCredentials) -> None:
        """Replace the credentials.

        Raises:
            SettingsError: the file cannot be written.
        """
        part = self.path.with_suffix(f".{uuid.uuid4().hex}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(_CREDENTIALS.dump_json(credentials))
            part.replace(self.path)
        except OSError as error:
            raise SettingsError(f"{self.path}: the login cannot be saved ({error.strerror}).") from error

    async def load(self) -> OpenAIChatGPTCredentials:
        """The credentials, for pydantic-ai."""
        return await asyncio.to_thread(self.read)

    async def save(self, credentials: OpenAIChatGPTCredentials) -> None:
        """Replace the credentials, which pydantic-ai renewed."""
        await asyncio.to_thread(self.write, credentials)


async def sign_in(show: Callable[[str], None], port: int = 1455) -> Path:
    """Let the user sign in with ChatGPT in a browser, and save the credentials.

    Args:
        show: receives the address that the user opens.
        port: on this machine, where the browser returns to.

    Returns:
        The file with the credentials.

    Raises:
        ModelError: the user did not sign in, or did not allow plan usage.
    """
    saved = SavedLogin()
    before = await saved.load() if saved.path.is_file() else None
    flow = OpenAIChatGPTOAuthFlow(
        app_name="PaperCoder",
        host_id=None if before else uuid.uuid4().urn,
        client_id=before.client_id if before else None,
        redirect_uri=f"http://127.0.0.1:{port}/auth/callback",
    )
    show(flow.authorization_url())
    try:
        async with asyncio.timeout(_TIME_TO_SIGN_IN):
            credentials = await flow.exchange_code_from_callback()
    except TimeoutError:
        raise ModelError("Nobody signed in within 10 minutes; run `papercoder login` again.") from None
    except (UserError, ModelAPIError, OSError) as error:
        raise ModelError(f"The login failed: {error}") from error
    await saved.save(credentials)
    if not credentials.plan_usage_granted:
        raise ModelError(
            "You are signed in, but did not allow PaperCoder to use your ChatGPT plan; run `papercoder login` again."
        )
    return saved.path
