"""Reports of our own scripts from inside a sandbox, told apart from what the repository's code prints or writes."""

import secrets
from pathlib import Path

from pydantic import BaseModel, ValidationError

from papercoder.environments.repository_copy import read_untrusted_file

_NONCE, _REPORT = ".papercoder-nonce", ".papercoder-report"
_MOST_BYTES = 16 << 20

FILES = (_NONCE, _REPORT)
"""The first arguments of a script: where it finds the nonce and where it writes its report."""


class ScriptReport(BaseModel):
    """The outcomes that a script observed."""

    nonce: str
    complete: bool
    """False if what it observed cannot be trusted."""

    outcomes: dict[str, str]
    """Test or module -> `passed`, `failed` or `skipped`."""


def script(path: Path, *arguments: str) -> tuple[str, ...]:
    """The command that runs one of our scripts, without modules of the working directory on its path."""
    return "python", "-P", "-c", path.read_text(encoding="utf-8"), *FILES, *arguments


def write_nonce(folder: Path) -> str:
    """Write a new nonce for the next script; scripts delete it before they import code of the repository."""
    nonce = secrets.token_hex(16)
    (folder / _REPORT).unlink(missing_ok=True)
    (folder / _NONCE).unlink(missing_ok=True)
    (folder / _NONCE).write_text(nonce, encoding="ascii")
    return nonce


def read_report(folder: Path, nonce: str) -> ScriptReport | None:
    """The report of the script that was given this nonce; None if it wrote none."""
    text = read_untrusted_file(folder, _REPORT, _MOST_BYTES)
    try:
        report = ScriptReport.model_validate_json(text or "")
    except ValidationError:
        return None
    return report if secrets.compare_digest(report.nonce.encode(), nonce.encode()) else None
