"""A Mermaid sequence diagram as typed values, in the order of its lines."""

import re
from dataclasses import dataclass, field
from typing import Literal

from papercoder.diagrams.mermaid import sequence_diagram_complaint
from papercoder.diagrams.statements import statements
from papercoder.diagrams.text import one_line
from papercoder.diagrams.undrawable import Undrawable

_ARROW = r"<<-->>|<<->>|-->>|->>|-->|->|--x|-x|--\)|-\)"
_ACTOR = r"[^<>=:,;+\s(-][^<>=:,;+\n]*?"
_MESSAGE = re.compile(rf"({_ACTOR})\s*({_ARROW})\s*([+-]?)\s*({_ACTOR})\s*:\s*(.*)")
_PARTICIPANT = re.compile(r"(?:create\s+)?(participant|actor)\s+(\S.*?)(?:\s+as\s+(.+))?")
_NOTE = re.compile(r"(?i:note)\s+(over|left of|right of)\s+([^:]+?)\s*:(.*)")
_ACTIVITY = re.compile(r"(activate|deactivate|destroy)\s+(\S.*)")
_OPEN = re.compile(r"(loop|alt|opt|par_over|par|critical|break|rect|box)\b\s*(.*)")
_PART = re.compile(r"(else|and|option)\b\s*(.*)")
_MOST_ROWS, _MOST_PEOPLE = 400, 30


@dataclass(frozen=True)
class Participant:
    """A column."""

    key: str
    name: str
    is_actor: bool = False


@dataclass(frozen=True)
class Message:
    """An arrow from one column to another, or to itself."""

    source: str
    target: str
    text: str
    dashed: bool
    tip: Literal["none", "arrow", "cross", "open"]
    both_ways: bool = False
    activates: bool = False
    """The target is active from here on."""

    deactivates: bool = False
    """The source is active no longer."""


@dataclass(frozen=True)
class Note:
    """A remark over columns or beside one."""

    side: Literal["over", "left of", "right of"]
    over: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Activity:
    """A column becomes active, or ends being so."""

    key: str
    begins: bool


@dataclass(frozen=True)
class BlockBegins:
    """A frame opens: `loop`, `alt`, `opt`, ..."""

    kind: str
    text: str


@dataclass(frozen=True)
class BlockParts:
    """The next part of a frame: `else`, `and`, `option`."""

    kind: str
    text: str


@dataclass(frozen=True)
class BlockEnds:
    """A frame closes."""


Step = Message | Note | Activity | BlockBegins | BlockParts | BlockEnds


@dataclass(frozen=True)
class SequenceDiagram:
    """Columns from left to right, steps from top to bottom."""

    participants: tuple[Participant, ...]
    steps: tuple[Step, ...]
    title: str = ""
    numbered: bool = False


def parse_sequence(source: str) -> SequenceDiagram:
    """Read a sequence diagram in the subset that `papercoder.diagrams.mermaid` accepts.

    Raises:
        Undrawable: it does not parse, has no messages' ends, or is too large.
    """
    if complaint := sequence_diagram_complaint(source):
        raise Undrawable(one_line(complaint))
    reader = _Reader()
    for line in statements(source):
        reader.read(line)
    if not reader.people:
        raise Undrawable("the sequence diagram has no participants")
    if len(reader.people) > _MOST_PEOPLE or len(reader.steps) > _MOST_ROWS:
        raise Undrawable(
            f"the sequence diagram has {len(reader.people)} participants and {len(reader.steps)} steps, too many for "
            "one drawing"
        )
    return SequenceDiagram(tuple(reader.people.values()), tuple(reader.steps), reader.title, reader.numbered)


@dataclass
class _Reader:
    """Takes a diagram in line by line."""

    people: dict[str, Participant] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    title: str = ""
    numbered: bool = False
    open: list[bool] = field(default_factory=list)
    """For each open block, whether it is drawn: `box` and `rect` only colour."""

    def read(self, line: str) -> None:
        if match := _PARTICIPANT.fullmatch(line):
            name = " ".join(one_line(match[3] or match[2]).replace("<br/>", " ").split())
            self.people[match[2]] = Participant(match[2], name, match[1] == "actor")
        elif match := _MESSAGE.fullmatch(line):
            self._message(match)
        elif match := _NOTE.fullmatch(line):
            self._note(match)
        elif match := _ACTIVITY.fullmatch(line):
            self.steps.append(Activity(self._person(match[2]), match[1] == "activate"))
        else:
            self._block(line)

    def _block(self, line: str) -> None:
        if line == "end":
            self._end()
        elif match := _OPEN.fullmatch(line):
            self.open.append(match[1] not in {"box", "rect"})
            if self.open[-1]:
                self.steps.append(BlockBegins(match[1], one_line(match[2])))
        elif match := _PART.fullmatch(line):
            if self.open[-1:] == [True]:
                self.steps.append(BlockParts(match[1], one_line(match[2])))
        elif line.startswith("title"):
            self.title = one_line(line.removeprefix("title").lstrip(": "))
        elif line.startswith("autonumber"):
            self.numbered = True

    def _end(self) -> None:
        if self.open and self.open.pop():
            self.steps.append(BlockEnds())

    def _person(self, key: str) -> str:
        self.people.setdefault(key, Participant(key, one_line(key)))
        return key

    def _message(self, match: re.Match[str]) -> None:
        source, arrow, sign, target, text = match.groups()
        self.steps.append(
            Message(
                self._person(source),
                self._person(target),
                text.strip(),
                arrow.removeprefix("<<").startswith("--"),
                _tip(arrow),
                arrow.startswith("<<"),
                sign == "+",
                sign == "-",
            )
        )

    def _note(self, match: re.Match[str]) -> None:
        side: Literal["over", "left of", "right of"] = "over"
        if match[1] in {"left of", "right of"}:
            side = "left of" if match[1] == "left of" else "right of"
        named = [name.strip() for name in match[2].split(",") if name.strip()]
        over = tuple(self._person(name) for name in named)
        if over:
            self.steps.append(Note(side, over, match[3].strip()))


def _tip(arrow: str) -> Literal["none", "arrow", "cross", "open"]:
    if arrow.endswith("x"):
        return "cross"
    if arrow.endswith(")"):
        return "open"
    return "arrow" if arrow.endswith(">>") else "none"
