"""What in a run folder is this user's own: the settings of its start, its data on this machine, and what was observed.

A run folder may come from someone else. What is in it is data, but a setting such as an address for API keys, a sandbox
or a program would act on this machine. The event with which a run starts is therefore signed, with a key that only this
user has, together with the identity of its folder. Without the signature, in a copied folder or with a changed setting,
a run is foreign.

What running code has shown, such as a passed test or the result of a trial, has a seal: a signature that holds in every
folder, because it covers all inputs of the observation. Without a valid seal, it is observed again.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path, PurePath

from papercoder.errors import RunFolderError
from papercoder.files.regular import read_text, write
from papercoder.runs.events import RunStarted
from papercoder.settings import LOCAL_MODELS, state_folder

_KEY_BYTES = 32
_SEALS = ".store/seals"
_OBSERVED = {
    "execution/report.json": "what was executed",
    "reproduction/claims.json": "what its trials measured",
    "diagnosis/report.json": "its diagnosis",
}
"""Files that people and reports read for what was observed."""

_HARMLESS = frozenset(
    {
        "blacklist",
        "coding",
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
"""Settings that are used again by any user of the run: none of them reaches anything outside the run."""


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


def foreign_start(folder: Path, event: RunStarted, used: RunStarted) -> tuple[str, ...]:
    """The message for a user who resumes a foreign run; nothing if the run is their own.

    Args:
        folder: the run folder.
        event: the earlier start of the run.
        used: the start of the run now.
    """
    if is_own(folder, event):
        return ()
    told = (
        "This run was started by another user, on another machine or in another folder. The answers of models that "
        "are stored in it are used as they are; what it says was executed or measured is used only if you observed "
        "it, and is observed again otherwise."
    )
    return tuple(filter(None, (told, _ignored_settings(folder, event, used))))


def _ignored_settings(folder: Path, event: RunStarted, used: RunStarted) -> str:
    before, kept = event.settings, trusted(folder, event)
    names = sorted(name for name in before.keys() - kept.settings.keys() if before[name] != used.settings.get(name))
    ignored = [f"{name} = {before[name]}" for name in names]
    if kept.models != event.models != used.models:
        ignored += [f"models = {', '.join(dict.fromkeys(event.models.values()))}"]
    if not ignored:
        return ""
    return (
        f"These settings of the run were not used: {'; '.join(ignored)}. Give them as flags or in your own settings if "
        "you want them."
    )


def seal_output(folder: Path, artifact: str, text: str) -> None:
    """Record that this user's PaperCoder wrote a file of a run, in this folder.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    write(folder, f"{_SEALS}/{artifact}", seal(f"{place_of(folder)}{artifact}\n{text}"))


def foreign_results(folder: Path) -> str:
    """Which results in a run folder this user did not observe in it, in one sentence; empty if there are none."""
    foreign = [what for artifact, what in _OBSERVED.items() if not _is_own_output(folder, artifact)]
    if not foreign:
        return ""
    return (
        f"This folder says {' and '.join(foreign)}, but this was not observed by you in this folder. `papercoder run` "
        "and `papercoder reproduce` observe it here; what you observed in another folder is not repeated."
    )


def _is_own_output(folder: Path, artifact: str) -> bool:
    try:
        text, given = read_text(folder, artifact), read_text(folder, f"{_SEALS}/{artifact}")
    except RunFolderError:
        return False
    return text is None or is_sealed(f"{place_of(folder)}{artifact}\n{text}", given or "")


def _signature(folder: Path, event: RunStarted, key: bytes) -> str:
    return _hmac(key, place_of(folder) + event.model_dump_json(exclude={"signature"}))


def place_of(folder: Path) -> str:
    """The identity of a folder, for what must not hold in a copy of it."""
    return f"{os.path.realpath(folder)}\n{folder.stat().st_ino}\n"


def seal(text: str) -> str:
    """This user's signature of a text; empty if no key can be kept on this machine."""
    key = _key(create=True)
    return _hmac(key, f"seal\n{text}") if key else ""


def is_sealed(text: str, given: str) -> bool:
    """Whether this user signed the text."""
    key = _key(create=False)
    return key is not None and hmac.compare_digest(given.encode(), _hmac(key, f"seal\n{text}").encode())


def _hmac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


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
