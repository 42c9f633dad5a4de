"""Putting together a text that was cut and its continuation, which may begin with words already said."""

import re

_SURE = 20
"""Characters of an overlap that is no coincidence wherever it begins."""

_LONGEST = 2000
_FENCE_OPENED_ANEW = re.compile(r"\A\s*```[\w+-]+[ \t]*\n")
_FENCE_LINE = re.compile(r"^[ \t]*```", re.MULTILINE)


def join(head: str, tail: str) -> str:
    """The text that was cut, from its head and the continuation.

    What the tail repeats of the head's end is dropped: of at least 20 characters, or of the line in which the cut fell.
    So is a code fence that the tail opens though the head's is open still.
    """
    if len(_FENCE_LINE.findall(head)) % 2:
        tail = _FENCE_OPENED_ANEW.sub("", tail)
    return head + tail[_overlap(head, tail) :]


def _overlap(head: str, tail: str) -> int:
    """How many characters of the tail repeat the head's end."""
    cut_line = len(head) - (head.rfind("\n") + 1)
    for size in range(min(len(head), len(tail), _LONGEST), 0, -1):
        said = tail[:size]
        if (size >= _SURE or size == cut_line) and len(said.strip()) > 1 and head.endswith(said):
            return size
    return 0
