"""Python source as a tree, whatever a model wrote."""

import ast
import warnings


def parse(code: str) -> ast.Module:
    """The syntax tree; odd escapes in strings are passed over in silence.

    Raises:
        SyntaxError: it is no Python, holds what no source may hold, or is nested too deeply.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(code)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error) or "it is nested too deeply") from error
