"""Which runs this user started: only their settings are used again.

A run folder may come from someone else. What is in it is data, but a setting such as an address for API keys, a sandbox
or a program would act on this machine. The event with which a run starts is therefore signed, with a key that only this
user has, together with the identity of its folder. Without the signature, in a copied folder or with a changed setting,
a run is foreign.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path, PurePath

from papercoder.runs.events import RunStarted
from papercoder.settings import LOCAL_MODELS, state_folder

_KEY_BYTES = 32
_HARMLESS = frozenset(
    {
        "max_cost",
        "max_tokens",
        "profile",
        "refine",
        "repair_rounds",
        "review_rounds",
        "role_thinking",
        "thinking",
    }
)
"""Settings that are used again whoever started the run: none of them reaches anything outside the run."""


def signed(folder: Path, event: RunStarted) -> RunStarted:
    """The start of a run with this user's signature; unchanged if no key can be kept on this machine."""
    key = _key(create=True) if folder.is_dir() else None
    return event.model_copy(update={"signature": _signature(folder, event, key) if key else ""})


def is_own(folder: Path, event: RunStarted) -> bool:
    """Whether this user started the run, in this folder and with these settings."""
    key = _key(create=False)
    return key is not None and hmac.compare_digest(event.signature.encode(), _signature(folder, event, key).encode())


def trusted(folder: Path, event: RunStarted) -> RunStarted:
    """The start of a run as far as it may be used again: that of a foreign run has harmless settings only."""
    if is_own(folder, event):
        return event
    is_local = any(model.partition(":")[0] in LOCAL_MODELS for model in event.models.values())
    return event.model_copy(
        update={
            "paper": PurePath(event.paper).name,  # names no file of this machine
            "models": {} if is_local else event.models,
            "settings": {name: value for name, value in event.settings.items() if name in _HARMLESS},
        }
    )


def ignored_settings(folder: Path, event: RunStarted, used: RunStarted) -> str:
    """Which settings of a foreign run were not used, in one sentence; empty if none.

    Args:
        folder: the run folder.
        event: the earlier start of the run.
        used: the start of the run now.
    """
    before, kept = event.settings, trusted(folder, event)
    names = sorted(name for name in before.keys() - kept.settings.keys() if before[name] != used.settings.get(name))
    ignored = [f"{name} = {before[name]}" for name in names]
    if kept.models != event.models != used.models:
        ignored += [f"models = {', '.join(dict.fromkeys(event.models.values()))}"]
    if not ignored:
        return ""
    return (
        "This run was started by another user, on another machine or in another folder, so these of its settings were "
        f"not used: {'; '.join(ignored)}. Give them as flags or in your own settings if you want them."
    )


def _signature(folder: Path, event: RunStarted, key: bytes) -> str:
    place = f"{os.path.realpath(folder)}\n{folder.stat().st_ino}\n"
    return hmac.new(key, (place + event.model_dump_json(exclude={"signature"})).encode(), hashlib.sha256).hexdigest()


def _key(*, create: bool) -> bytes | None:
    """This user's key; None if there is none."""
    path = state_folder() / "run-key"
    try:
        if create and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
            try:
                os.link(part, path)  # unlike a rename, keeps the key of a process that was faster
            except FileExistsError:
                pass
            finally:
                part.unlink()
        key = path.read_bytes()
    except OSError:
        return None
    return key if len(key) == _KEY_BYTES else None
