"""Python source as a syntax tree; errors of any kind become syntax errors."""

import ast
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()


@contextmanager
def quiet_parser() -> Iterator[None]:
    """Parse or compile inside this context: one thread at a time, without warnings about odd escapes.

    CPython 3.11 counts the parser's recursion depth for all threads together and raises SystemError when two parse at
    once; warning filters are shared by threads too.
    """
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def parse(code: str) -> ast.Module:
    """Parse a module.

    Raises:
        SyntaxError: it is not Python, contains characters that source may not contain, or is nested too deeply.
    """
    try:
        with quiet_parser():
            return ast.parse(code)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or "it is nested too deeply") from error
