"""Do these Mermaid diagrams parse? Class and sequence diagrams, line by line, without a browser."""

import re
from collections.abc import Iterable

_NAME = r"[A-Za-z_`][\w.`~]*"
_CLASS_LINES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(abstract\s+)?class\s+{_NAME}(\[\"[^\"]*\"\])?\s*(:::\w+)?\s*(\{{\s*\}}|\{{)?",
        r"\}",
        rf"{_NAME}\s*(\"[^\"]*\"\s*)?(<\|--|<\|\.\.|--\|>|\.\.\|>|\*--|--\*|o--|--o|<--|-->|<\.\.|\.\.>|--|\.\.)"
        rf"\s*(\"[^\"]*\"\s*)?{_NAME}\s*(:.*)?",
        rf"{_NAME}\s*:\s*\S.*",
        r"<<\w+>>\s*\w*",
        r"(direction\s+(TB|BT|LR|RL)|note\s+.*|namespace\s+\w+\s*\{|%%.*)",
    )
)
_MEMBER = re.compile(r"([+\-#~]?\s*[\w$*].*|<<\w+>>|%%.*)")
_ARROW = r"(->>|-->>|->|-->|-x|--x|-\)|--\)|<<->>|<<-->>)"
_SEQUENCE_LINES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(create\s+)?(participant|actor)\s+\w+(\s+as\s+.+)?",
        rf"[\w.]+\s*{_ARROW}\s*[+-]?\s*[\w.]+\s*:\s*.*",
        r"(activate|deactivate|destroy)\s+[\w.]+",
        r"[Nn]ote\s+(over|left of|right of)\s+[\w., ]+\s*:.*",
        r"(loop|alt|else|opt|par|and|critical|option|break|rect|box)\b.*",
        r"(end|autonumber.*|title.*|%%.*)",
    )
)
_OPENS = re.compile(r"(loop|alt|opt|par|critical|break|rect|box)\b")


def unfenced(text: str) -> str:
    """A diagram without the Markdown fence that models like to put around it."""
    return re.sub(r"^\s*```\w*\s*\n|\n?\s*```\s*$", "", text).strip()


def class_diagram_complaint(text: str) -> str | None:
    """Why this is no class diagram, or None."""
    head, *lines = _lines(text)
    if head != "classDiagram":
        return "the class diagram does not start with `classDiagram`"
    depth = 0
    for line in lines:
        inside = depth > 0 and not line.startswith(("class ", "}", "namespace "))
        if not (_MEMBER.fullmatch(line) if inside else _matches(_CLASS_LINES, line)):
            return f"the class diagram does not parse at `{line}`"
        depth += line.endswith("{") - (line == "}")
    return "the class diagram has a brace without its other half" if depth else None


def sequence_diagram_complaint(text: str) -> str | None:
    """Why this is no sequence diagram, or None."""
    head, *lines = _lines(text)
    if head != "sequenceDiagram":
        return "the sequence diagram does not start with `sequenceDiagram`"
    depth = 0
    for line in lines:
        if not _matches(_SEQUENCE_LINES, line):
            return f"the sequence diagram does not parse at `{line}`"
        depth += bool(_OPENS.match(line)) - (line == "end")
    return "the sequence diagram has a block without `end`, or an `end` without a block" if depth else None


def _lines(text: str) -> list[str]:
    return [stripped for line in unfenced(text).splitlines() if (stripped := line.strip().rstrip(";"))] or [""]


def _matches(patterns: Iterable[re.Pattern[str]], line: str) -> bool:
    return any(pattern.fullmatch(line) for pattern in patterns)
