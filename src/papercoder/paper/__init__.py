"""Reading papers, of every kind, into one form.

`read` is loaded when it is first asked for: the parsers behind it are heavy, and most of PaperCoder needs none of them.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from papercoder.paper.reading import read as read

__all__ = ["read"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from papercoder.paper import reading  # noqa: PLC0415

        return getattr(reading, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
