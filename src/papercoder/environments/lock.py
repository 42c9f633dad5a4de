"""`requirements.lock`: the packages of an environment, each with its version and the hashes of its files.

A repository brings its own lock, so nothing else is accepted in it: an option such as `--no-binary` or `--index-url`
would make the installer run a package's code.
"""

import re
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement

REQUIREMENTS, LOCK = "requirements.txt", "requirements.lock"

MOST_BYTES = 4 << 20
"""The largest lock that is read."""

_HASHES = re.compile(r"( --hash=sha256:[0-9a-f]{64})+")


class InvalidLock(ValueError):
    """A line of the lock is not a package with a version and hashes; the message names the line."""


def locked_packages(text: str) -> tuple[str, ...]:
    """The packages in a lock, one a line: `name==version; marker --hash=sha256:...`.

    Raises:
        InvalidLock: a line is anything else.
    """
    return tuple(_locked_packages(text))


def _locked_packages(text: str) -> Iterator[str]:
    for raw in re.sub(r"\\\r?\n", " ", text).splitlines():
        line = " ".join(raw.split())
        if line and not line.startswith("#"):
            yield _package(line)


def _package(line: str) -> str:
    hashes = _HASHES.search(line)
    try:
        requirement = Requirement(line[: hashes.start()] if hashes else line)
    except InvalidRequirement:
        raise _invalid(line) from None
    pins = [specifier for specifier in requirement.specifier if specifier.operator == "=="]
    is_pinned = len(pins) == len(requirement.specifier) == 1 and "*" not in pins[0].version
    if not hashes or hashes.end() != len(line) or requirement.url or not is_pinned or "$" in line:
        raise _invalid(line)
    return f"{requirement}{hashes[0]}"


def _invalid(line: str) -> InvalidLock:
    return InvalidLock(
        f"`{line[:80]}` in {LOCK} is not a package with its version and hashes (`numpy==2.1.0 --hash=sha256:...`), so "
        f"nothing was installed. Delete {LOCK} to have it made again."
    )
