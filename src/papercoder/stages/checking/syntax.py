"""What could not be read or parsed at all."""

from collections.abc import Iterator

from papercoder.artifacts.checking import Finding
from papercoder.stages.checking.repository import Tree


def check_syntax(tree: Tree) -> Iterator[Finding]:
    """Files that are no Python, and files that were left out."""
    yield from tree.broken
