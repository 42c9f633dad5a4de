"""Draws a sequence diagram: a column for each participant, a row for each step, frames around blocks."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from markupsafe import Markup

from papercoder.diagrams.sequences import (
    Activity,
    BlockBegins,
    BlockEnds,
    BlockParts,
    Message,
    Note,
    Participant,
    SequenceDiagram,
    Step,
    parse_sequence,
)
from papercoder.diagrams.svg import drawing, group, line, node, path, rect, words
from papercoder.diagrams.text import shortened, text_width, wrapped
from papercoder.diagrams.wires import tip, wire

_MARGIN, _HEAD, _LINE = 18.0, 40.0, 16.0
_LABEL = 250.0
"""Where a label is broken into lines."""

_SELF = 34.0
"""How far a message to oneself swings out."""


def draw_sequence(source: str, title: str = "Sequence diagram") -> str:
    """A sequence diagram in Mermaid as a standalone SVG.

    Raises:
        Undrawable: it does not parse, has no participants, or is too large.
    """
    diagram = parse_sequence(source)
    columns = _columns(diagram)
    canvas = _Canvas(diagram, columns)
    canvas.fill()
    return drawing(
        canvas.parts(),
        canvas.right,
        canvas.y + _HEAD + _MARGIN + 14,
        diagram.title or title,
        _about(diagram),
    )


def _about(diagram: SequenceDiagram) -> str:
    said = [step for step in diagram.steps if isinstance(step, Message)]
    names = ", ".join(person.name for person in diagram.participants)
    return f"{len(said)} messages between {names}."


@dataclass(frozen=True)
class _Columns:
    """Where the columns stand."""

    at: dict[str, float]
    """Key -> the middle of its column."""

    width: dict[str, float]
    """Key -> the width of its head."""

    right: float

    def index(self, key: str) -> int:
        return list(self.at).index(key)


def _columns(diagram: SequenceDiagram) -> _Columns:
    """Columns so far apart that heads do not touch and labels fit between them."""
    keys = [person.key for person in diagram.participants]
    width = {person.key: text_width(_head_name(person), 13) * 1.06 + 30 for person in diagram.participants}
    place = {key: index for index, key in enumerate(keys)}
    needs = _needs(diagram, place)
    at = [_MARGIN + max(width[keys[0]] / 2, needs.get((-1, 0), 0.0))]
    for index in range(1, len(keys)):
        least = at[-1] + (width[keys[index - 1]] + width[keys[index]]) / 2 + 26
        wanted = [at[start] + need for (start, end), need in needs.items() if end == index and start >= 0]
        at.append(max([least, *wanted]))
    beyond = needs.get((len(keys) - 1, len(keys)), 0.0)
    return _Columns(dict(zip(keys, at, strict=True)), width, at[-1] + max(width[keys[-1]] / 2, beyond) + _MARGIN)


def _head_name(person: Participant) -> str:
    return shortened(person.name, 32)


def _needs(diagram: SequenceDiagram, place: dict[str, int]) -> dict[tuple[int, int], float]:
    """(left column, right column) -> the room that labels want between them."""
    needs: dict[tuple[int, int], float] = defaultdict(float)
    for step in diagram.steps:
        if isinstance(step, Message):
            first, last = sorted((place[step.source], place[step.target]))
            room = _label_width(step.text, numbered=diagram.numbered) + 34
            pair = (first, last) if first != last else (first, first + 1)
            needs[pair] = max(needs[pair], room if first != last else room + _SELF - 10)
        elif isinstance(step, Note):
            first, last = min(place[key] for key in step.over), max(place[key] for key in step.over)
            _note_needs(step, first, last, needs)
    return needs


def _note_needs(step: Note, first: int, last: int, needs: dict[tuple[int, int], float]) -> None:
    room = _label_width(step.text) + 30
    if step.side == "right of":
        needs[last, last + 1] = max(needs[last, last + 1], room + 14)
    elif step.side == "left of":
        needs[first - 1, first] = max(needs[first - 1, first], room + 14)
    elif first == last:
        for pair in ((first - 1, first), (first, first + 1)):
            needs[pair] = max(needs[pair], room / 2 + 10)


def _label_width(text: str, *, numbered: bool = False) -> float:
    lines = wrapped(text, _LABEL, 12)
    return max(text_width(line, 12) for line in lines) + (22 if numbered else 0)


@dataclass
class _Frame:
    """A block being drawn."""

    kind: str
    text: str
    top: float
    left: float
    right: float
    parts: list[tuple[float, str]] = field(default_factory=list)


class _Canvas:
    """Goes down the steps and keeps what is to be drawn, by layer."""

    def __init__(self, diagram: SequenceDiagram, columns: _Columns) -> None:
        self.diagram = diagram
        self.columns = columns
        self.right = columns.right
        self.top = _MARGIN + (26 if diagram.title else 0)
        self.y = self.top + _HEAD + 16
        self.frames: list[_Frame] = []
        self.behind: list[Markup] = []
        self.bars: list[Markup] = []
        self.front: list[Markup] = []
        self.active: dict[str, list[float]] = defaultdict(list)
        self.count = 0

    def fill(self) -> None:
        """Draw all steps."""
        for step in self.diagram.steps:
            self._step(step)
        for key in self.columns.at:
            while self.active[key]:
                self._activity(key, begins=False)

    def _step(self, step: Step) -> None:
        match step:
            case Message():
                self._message(step)
            case Note():
                self._note(step)
            case Activity():
                self._activity(step.key, begins=step.begins)
            case BlockBegins():
                self._open(step)
            case BlockParts():
                self._part(step)
            case BlockEnds():
                self._close()

    def parts(self) -> list[Markup]:
        """All of it, from back to front."""
        title = [words(self.diagram.title, self.right / 2, _MARGIN + 8, "name", "middle")] * bool(self.diagram.title)
        bottom = self.y + 10
        lives = [line(x, self.top + _HEAD, x, bottom, "life") for x in self.columns.at.values()]
        heads = [self._head(person, top) for person in self.diagram.participants for top in (self.top, bottom)]
        return [*title, *self.behind, *lives, *self.bars, *self.front, *heads]

    def _head(self, person: Participant, top: float) -> Markup:
        x, width = self.columns.at[person.key], self.columns.width[person.key]
        round_ = _HEAD / 2 if person.is_actor else 6
        box = rect(x - width / 2, top, width, _HEAD - 6, "head", round_)
        return group([box, words(_head_name(person), x, top + 22, "name", "middle", person.name)])

    def _reach(self, left: float, right: float) -> None:
        """All open frames enclose this."""
        for depth, frame in enumerate(reversed(self.frames)):
            frame.left = min(frame.left, left - 8 * (depth + 1))
            frame.right = max(frame.right, right + 8 * (depth + 1))

    def _edge(self, key: str, *, to_right: bool) -> float:
        """Where a message meets a column: at the bar, where it is active."""
        depth = len(self.active[key])
        if not depth:
            return self.columns.at[key]
        return self.columns.at[key] + (1 if to_right else -1) * 5 + (depth - 1) * 4

    def _message(self, step: Message) -> None:
        self.count += 1
        lines = wrapped(step.text, _LABEL, 12)
        if step.source == step.target:
            self._self_message(step, lines)
        else:
            self._across(step, lines)
        if step.activates:
            self._activity(step.target, begins=True)
        if step.deactivates:
            self._activity(step.source, begins=False)
        self.y += 14

    def _across(self, step: Message, lines: tuple[str, ...]) -> None:
        to_right = self.columns.at[step.source] < self.columns.at[step.target]
        self.y += _LINE * len(lines) + 4
        start = self._edge(step.source, to_right=to_right)
        end = self._edge(step.target, to_right=not to_right)
        if step.activates and not self.active[step.target]:
            end += -5 if to_right else 5
        middle = (start + end) / 2
        self.front += self._text(lines, middle, self.y - 7, "middle")
        self.front.append(wire(f"M{start:.1f} {self.y:.1f}H{end:.1f}", dashed=step.dashed))
        self.front.append(self._tip(step, end, math.pi if not to_right else 0.0))
        if step.both_ways:
            self.front.append(_solid_tip(start, self.y, 0.0 if not to_right else math.pi))
        half = max(text_width(text, 12) for text in lines) / 2
        self._reach(min(start, end, middle - half), max(start, end, middle + half))

    def _self_message(self, step: Message, lines: tuple[str, ...]) -> None:
        x = self._edge(step.source, to_right=True)
        height = max(20.0, _LINE * len(lines) + 4)
        top = self.y + 6
        self.y = top + height
        swing = f"M{x:.1f} {top:.1f}h{_SELF - 14:.1f}q8 0 8 8v{height - 16:.1f}q0 8-8 8H{x:.1f}"
        self.front += [wire(swing, dashed=step.dashed), self._tip(step, x, math.pi)]
        first = top + height / 2 - (len(lines) - 1) * _LINE / 2 + 4
        self.front += self._text(lines, x + _SELF, first + (len(lines) - 1) * _LINE, "start")
        width = max(text_width(text, 12) for text in lines) + (22 if self.diagram.numbered else 0)
        self.right = max(self.right, x + _SELF + width + _MARGIN)
        self._reach(x, x + _SELF + width)

    def _text(self, lines: Iterable[str], x: float, last: float, anchor: str) -> list[Markup]:
        lines = [*lines]
        if self.diagram.numbered:
            lines[0] = f"{self.count}. {lines[0]}"
        first = last - (len(lines) - 1) * _LINE
        return [words(text, x, first + row * _LINE, "label", anchor) for row, text in enumerate(lines)]

    def _tip(self, step: Message, x: float, angle: float) -> Markup:
        match step.tip:
            case "arrow":
                return _solid_tip(x, self.y, angle)
            case "open":
                return tip("arrow", (x, self.y), angle)
            case "cross":
                return path(f"M{x - 5:.1f} {self.y - 5:.1f}l10 10m0-10l-10 10", "tip open")
            case "none":
                return Markup("")

    def _note(self, step: Note) -> None:
        lines = wrapped(step.text, _LABEL, 12)
        width, height = _label_width(step.text) + 22, _LINE * len(lines) + 12
        at = [self.columns.at[key] for key in step.over]
        left = (min(at) + max(at) - width) / 2
        if step.side == "over" and len(at) > 1:
            left, width = min(left, min(at) - 20), max(width, max(at) - min(at) + 40)
        elif step.side == "right of":
            left = max(at) + 14
        elif step.side == "left of":
            left = min(at) - 14 - width
        self.y += 6
        self.front.append(rect(left, self.y, width, height, "note", 3))
        self.front += [
            words(text, left + width / 2, self.y + 18 + row * _LINE, "mid", "middle") for row, text in enumerate(lines)
        ]
        self.y += height + 10
        self.right = max(self.right, left + width + _MARGIN)
        self._reach(left, left + width)

    def _activity(self, key: str, *, begins: bool) -> None:
        if begins:
            self.active[key].append(self.y)
        elif self.active[key]:
            start = self.active[key].pop()
            x = self.columns.at[key] - 5 + len(self.active[key]) * 4
            self.bars.insert(0, rect(x, start, 10, max(self.y - start, 8), "active", 2))

    def _open(self, step: BlockBegins) -> None:
        self.y += 10
        self.frames.append(_Frame(step.kind, step.text, self.y, math.inf, -math.inf))
        self.y += 24

    def _part(self, step: BlockParts) -> None:
        self.y += 6
        self.frames[-1].parts.append((self.y, step.text))
        self.y += 20

    def _close(self) -> None:
        frame = self.frames.pop()
        if frame.left > frame.right:
            frame.left, frame.right = _MARGIN, self.right - _MARGIN
        tag = text_width(frame.kind, 11) + 18
        label = shortened(frame.text, 70)
        widest = max([text_width(text, 12) for text in (label, *(text for _, text in frame.parts))])
        frame.right = max(frame.right, frame.left + tag + widest + 40)
        left, width = max(frame.left, 4.0), frame.right - max(frame.left, 4.0)
        self.right = max(self.right, frame.right + _MARGIN)
        self.y += 6
        self.behind.insert(0, rect(left, frame.top, width, self.y - frame.top, "shade", 5))
        self.front.append(path(f"M{left:.1f} {frame.top:.1f}h{tag:.1f}v13l-6 6h-{tag - 6:.1f}z", "tag"))
        self.front.append(words(frame.kind, left + 8, frame.top + 13.5, "small name"))
        self.front.append(_guard(label, left + tag + 8, frame.top + 14))
        for y, text in frame.parts:
            self.front.append(node("line", x1=left, x2=left + width, y1=y, y2=y, class_="wire dashed"))
            self.front.append(_guard(text, left + 10, y + 15))
        self._reach(left, left + width)
        self.y += 8


def _guard(text: str, x: float, y: float) -> Markup:
    return words(f"[{shortened(text, 70)}]", x, y, "soft small label") if text else Markup("")


def _solid_tip(x: float, y: float, angle: float) -> Markup:
    turn = f"translate({x:.1f} {y:.1f}) rotate({math.degrees(angle):.0f})"
    return node("path", d="M-9 -4.5L0 0L-9 4.5Z", class_="tip", transform=turn)
