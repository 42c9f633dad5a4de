"""The lines of a Mermaid diagram that say something."""

import re

from papercoder.artifacts.base import without_fence


def statements(source: str) -> list[str]:
    """All lines after the one that names the diagram's kind, without front matter, comments and closing semicolons."""
    text = re.sub(r"\A---\n.*?\n---\n", "", without_fence(source), flags=re.DOTALL)
    lines = (re.sub(r"\s*%%.*", "", line).strip().rstrip("; ") for line in text.splitlines())
    return [line for line in lines if line][1:]
