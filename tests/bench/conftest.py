"""Benches in tests skip the checks that start other programs, which take seconds each."""

from collections.abc import Iterator

import pytest

from papercoder.stages import checking
from tests.bench.benches import without_tools


@pytest.fixture(autouse=True, scope="package")
def _no_tools() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(checking, "CHECKS", without_tools())
        yield
