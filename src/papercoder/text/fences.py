"""Fences around text for a model, such as a paper, code and logs: nothing in a text can end its own fence.

The tag of a fence is a digest of the text inside. The author of the text could not know it, and a tag that the text
contains after all is not used. Since the same text always has the same tag, journals, recordings and the providers'
prompt caches still recognise a request, which a random nonce would prevent.
"""

import hashlib
import re
from itertools import count

_TAG = 12
"""Hexadecimal digits of a tag."""


class Fenced(str):
    """A text between fences; it is not fenced again."""

    __slots__ = ()


def fence(text: str) -> Fenced:
    """The text between `<document-TAG>` and `</document-TAG>`."""
    tag = tag_of(text)
    return Fenced(f"<document-{tag}>\n{text}\n</document-{tag}>")


def tag_of(*texts: str) -> str:
    """A short digest of the texts that none of them contains."""
    content = hashlib.sha256()
    for text in texts:
        content.update(f"{len(text)}:{text}".encode("utf-8", "surrogatepass"))
    tags = (hashlib.sha256(content.digest() + str(number).encode()).hexdigest()[:_TAG] for number in count())
    return next(tag for tag in tags if not any(tag in text for text in texts))


def code_block(text: str, language: str = "", shortest: int = 4) -> str:
    """A code block with at least `shortest` backticks, and more than any row of backticks inside."""
    ticks = "`" * max([shortest, *(len(row) + 1 for row in re.findall(r"`+", text))])
    return f"{ticks}{language}\n{text.removesuffix(chr(10))}\n{ticks}"
