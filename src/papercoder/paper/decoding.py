"""Bytes to text, saying so where the encoding had to be guessed."""

import codecs
import re

from papercoder.artifacts import Loss

_BLANKS = re.compile(r"[^\S\n]{100,}")
"""A run of blanks longer than any layout. Patterns that look for blanks take time with the square of its length."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decode(data: bytes, name: str, losses: list[Loss]) -> str:
    """The text of a file, with line ends as `\\n` and no endless blanks; a guess is added to `losses`."""
    encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        losses.append(
            Loss(
                kind="encoding", message=f"{name} is not UTF-8; it was read as Latin-1, so check its accented letters."
            )
        )
    return _BLANKS.sub(" " * 99, text.replace("\r\n", "\n").replace("\r", "\n"))
