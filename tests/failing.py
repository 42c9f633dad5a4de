"""A disk that refuses."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any


def failing_open(name: str, number: int) -> Callable[..., Any]:
    """`Path.open` that fails for appending to or writing this file."""
    whole = Path.open

    def opens(self: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if mode[0] in "aw" and name in str(self):
            raise OSError(number, {errno.ENOSPC: "No space left on device", errno.EACCES: "Permission denied"}[number])
        return whole(self, mode, *args, **kwargs)

    return opens
