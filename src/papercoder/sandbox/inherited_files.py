"""Files without a path that a command inherits as open descriptors."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def inherited_files(*contents: bytes) -> Iterator[tuple[int, ...]]:
    """Descriptors of files with these contents, at their start."""
    descriptors: list[int] = []
    try:
        for content in contents:
            descriptors.append(os.memfd_create("papercoder"))
            with os.fdopen(descriptors[-1], "wb", closefd=False) as file:
                file.write(content)
            os.lseek(descriptors[-1], 0, os.SEEK_SET)
        yield tuple(descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
