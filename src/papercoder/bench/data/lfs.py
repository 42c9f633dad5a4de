"""Git LFS: a small file that stands for a large one, and says what the large one must be."""

import re
from pathlib import Path

from papercoder.bench.data.partial_file import Content

_LARGEST = 1024
"""Bytes; the format's own limit."""

_POINTER = re.compile(rb"version https://git-lfs\S*\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\nsize (\d{1,15})\n")


def pointer_in(path: Path) -> Content | None:
    """What the large file must be; None where this file is no pointer but the file itself."""
    if path.stat().st_size > _LARGEST:
        return None
    found = _POINTER.match(path.read_bytes())
    return Content(sha256=found[1].decode(), size=int(found[2])) if found else None
