"""Do these Mermaid diagrams parse? Class and sequence diagrams, line by line, without a browser.

Held against mermaid 11, which takes a few more forms than are taken here (half arrows, one-line classes with braces).
"""

import re
from collections import Counter
from collections.abc import Iterable

from papercoder.artifacts.base import without_fence

_NAME = r"(?:`[^`]+`|\w[\w.-]*)(?:~[^~\s].*?~)?"
_RELATION = r"(?:<\||\*|o|<|\(\))?(?:--|\.\.)(?:\|>|\*|o|>|\(\))?"
_CLASS_LINES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"class\s+{_NAME}\s*(\[\"[^\"]*\"\])?\s*(:::\w+)?\s*(<<[^<>]+>>)?\s*(\{{[^{{}}]*\}}|\{{)?",
        r"\}",
        rf"{_NAME}\s*(\"[^\"]*\"\s*)?{_RELATION}\s*(\"[^\"]*\"\s*)?{_NAME}\s*(:[^:;]*)?",
        rf"{_NAME}\s*:\s*\S.*",
        rf"<<\w+>>\s*{_NAME}",
        r"note\s+(for\s+\S+\s+)?\"[^\"]*\"",
        r"namespace\s+[\w.]+\s*\{",
        r"direction\s+(TB|BT|LR|RL)",
        r"(title|accTitle:|accDescr:|classDef|cssClass|style|click|link|callback)\s.+",
    )
)
_MEMBER = re.compile(r"[^{}\"(][^{}]*")
_ACTOR = r"[^<>=:,;+\s(-][^<>=:,;+\n]*?"
_ARROW = r"(?:<<->>|<<-->>|-->>|->>|-->|->|--x|-x|--\)|-\))"
_MESSAGE = re.compile(rf"({_ACTOR})\s*{_ARROW}\s*([+-]?)\s*({_ACTOR})\s*:.*")
_SEQUENCE_LINES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(create\s+)?(participant|actor)\s+\S.*",
        r"(activate|deactivate|destroy)\s+\S.*",
        r"(?i:note)\s+(over|left of|right of)\s+[^:,]+(,[^:,]+)?:.*",
        r"(loop|alt|else|opt|par|par_over|and|critical|option|break|rect|box)\b.*",
        r"(end|autonumber.*|title.*|accTitle:.*|accDescr:.*|links?\s.*)",
    )
)
_OPENS = re.compile(r"(loop|alt|opt|par|par_over|critical|break|rect|box)\b(?!.*->)")
_PARTS = {"else": "alt", "and": "par", "option": "critical"}
"""Line -> the block that it parts."""

_WORDS = frozenset({"end", "loop", "alt", "else", "opt", "par", "and", "critical", "option", "break", "rect", "box"})


def class_diagram_complaint(text: str) -> str | None:
    """Why this is no class diagram, or None."""
    head, *lines = _lines(text)
    if head not in {"classDiagram", "classDiagram-v2"}:
        return "the class diagram does not start with `classDiagram`"
    if not lines:
        return "the class diagram is empty"
    depth = 0
    for line in lines:
        inside = depth > 0 and not line.startswith(("class ", "}", "namespace "))
        if not (_MEMBER.fullmatch(line) if inside else _matches(_CLASS_LINES, line)):
            return f"the class diagram does not parse at `{line}`"
        depth += line.endswith("{") - (line == "}")
    return "the class diagram has a brace without its other half" if depth else None


def sequence_diagram_complaint(text: str) -> str | None:
    """Why this is no sequence diagram, or None."""
    head, *lines = [line.rstrip("; ") for line in _lines(text)]
    if head != "sequenceDiagram":
        return "the sequence diagram does not start with `sequenceDiagram`"
    blocks = list[str]()
    for line in lines:
        if not _is_sequence_line(line) or not _stands_in(blocks, line):
            return f"the sequence diagram does not parse at `{line}`"
        if opened := _OPENS.match(line):
            blocks.append(opened[1])
        elif line == "end":
            blocks.pop()
    if blocks:
        return f"the sequence diagram has a `{blocks[-1]}` without `end`"
    return _activation_complaint(lines)


def _is_sequence_line(line: str) -> bool:
    if ";" in re.sub(r"#\w+;", "", line):
        return False
    message = _MESSAGE.fullmatch(line)
    return message[3] not in _WORDS if message else _matches(_SEQUENCE_LINES, line)


def _stands_in(blocks: list[str], line: str) -> bool:
    """Is there a block to part or to end?"""
    word = line.split(maxsplit=1)[0]
    if line == "end":
        return bool(blocks)
    return _MESSAGE.fullmatch(line) is not None or word not in _PARTS or _PARTS[word] in blocks[-1:]


def _activation_complaint(lines: Iterable[str]) -> str | None:
    active = Counter[str]()
    for line in lines:
        name, change = _activation(line)
        active[name] += change
        if active[name] < 0:
            return f"the sequence diagram deactivates `{name}`, which is not active, at `{line}`"
    return None


def _activation(line: str) -> tuple[str, int]:
    """Who becomes active (1) or ceases to be (-1) by this line."""
    if told := re.match(r"(de)?activate\s+(.+)", line):
        return told[2], -1 if told[1] else 1
    if message := _MESSAGE.fullmatch(line):
        return {"+": (message[3], 1), "-": (message[1], -1)}.get(message[2], ("", 0))
    return "", 0


def _lines(text: str) -> list[str]:
    """The lines that say something, from the diagram's kind on."""
    text = re.sub(r"\A---\n.*?\n---\n", "", without_fence(text), flags=re.DOTALL)
    stripped = (re.sub(r"\s*%%.*", "", line).strip() for line in text.splitlines())
    return [line for line in stripped if line] or [""]


def _matches(patterns: Iterable[re.Pattern[str]], line: str) -> bool:
    return any(pattern.fullmatch(line) for pattern in patterns)
