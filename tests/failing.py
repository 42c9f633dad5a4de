"""A disk that refuses."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def failing_open(name: str, number: int) -> Callable[..., Any]:
    """`os.open` that fails for writing a file whose name contains this."""
    whole = os.open

    def opens(path: str | Path, flags: int, *args: Any, **named: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR) and name in str(path):
            raise OSError(number, os.strerror(number))
        return whole(path, flags, *args, **named)

    return opens
