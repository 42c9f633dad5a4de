"""Draws a class diagram: boxes with compartments, layered, with UML's heads at the relations' ends."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from papercoder.diagrams.classes import ClassBox, ClassDiagram, Head, Member, Relation, parse_classes
from papercoder.diagrams.layers import Box, Layout, Link, Point, Spacing, Spot, lay_out
from papercoder.diagrams.svg import drawing, group, line, rect, words
from papercoder.diagrams.text import shortened, text_width
from papercoder.diagrams.wires import XY, curve, shortened_ends, tip, wire

_LINE, _PAD, _MARGIN, _TOP = 18.0, 12.0, 16.0, 32.0
_MOST_SIGNS = 58


@dataclass(frozen=True)
class _Sized:
    """A class and the size of its box."""

    box: ClassBox
    width: float
    head: float
    """Height of the part with the name."""

    @property
    def height(self) -> float:
        parts = [part for part in (self.box.attributes, self.box.methods, self.box.notes) if part]
        return self.head + sum(len(part) * _LINE + 12 for part in parts)


@dataclass(frozen=True)
class _Wired:
    """A relation whose route runs down from `upper` to `lower`."""

    relation: Relation
    points: tuple[XY, ...]

    @property
    def heads(self) -> tuple[Head, Head]:
        """At the upper end and at the lower one."""
        heads = (self.relation.left_head, self.relation.right_head)
        return heads if self.relation.left_is_above else (heads[1], heads[0])

    @property
    def counts(self) -> tuple[str, str]:
        """Multiplicities at the upper end and at the lower one."""
        counts = (self.relation.left_count, self.relation.right_count)
        return counts if self.relation.left_is_above else (counts[1], counts[0])


def draw_classes(source: str, title: str = "Class diagram") -> str:
    """A class diagram in Mermaid as a standalone SVG.

    Raises:
        Undrawable: it does not parse, shows no class, or is too large.
    """
    diagram = parse_classes(source)
    sized = {box.key: _sized(box) for box in diagram.classes}
    layout = lay_out(
        [Box(key, size.width, size.height) for key, size in sized.items()],
        [_link(relation) for relation in diagram.relations],
        Spacing(beside=34, between=_between(diagram.relations), widest=1300),
    )
    wired = [
        _Wired(relation, tuple(_xy(point) for point in route))
        for relation, route in zip(diagram.relations, layout.routes, strict=True)
        if route
    ]
    parts = [_wire(item) for item in wired]
    parts += [_loop(relation, sized, layout) for relation in diagram.relations if relation.left == relation.right]
    parts += [_class(size, layout.spots[key]) for key, size in sized.items()]
    parts += _labels(wired)
    bottom = layout.depth + _TOP + _MARGIN
    parts += [words(note, _MARGIN, bottom + 18 * row, "soft italic") for row, note in enumerate(diagram.notes)]
    loops = 30 if any(relation.left == relation.right for relation in diagram.relations) else 0
    return drawing(
        parts,
        layout.breadth + 2 * _MARGIN + loops + _overhang(wired, layout),
        bottom + 18 * len(diagram.notes),
        title,
        _about(diagram),
    )


def _about(diagram: ClassDiagram) -> str:
    names = ", ".join(box.name for box in diagram.classes)
    return f"{len(diagram.classes)} classes and {len(diagram.relations)} relations: {names}."


def _between(relations: Sequence[Relation]) -> float:
    return 84.0 if any(relation.label for relation in relations) else 62.0


def _link(relation: Relation) -> Link:
    if relation.left_is_above:
        return Link(relation.left, relation.right)
    return Link(relation.right, relation.left)


def _xy(point: Point) -> XY:
    return (point.breadth + _MARGIN, point.depth + _TOP)


def _sized(box: ClassBox) -> _Sized:
    widths = [text_width(_cut(member.text), 12, mono=True) for member in box.members]
    widths += [text_width(_cut(note), 11) for note in box.notes]
    widths += [text_width(_cut(box.name), 13) * 1.08, text_width(box.stereotype, 11) + 20, 90]
    return _Sized(box, max(widths) + 2 * _PAD, 46.0 if box.stereotype else 32.0)


def _cut(text: str) -> str:
    return shortened(text, _MOST_SIGNS)


def _class(size: _Sized, spot: Spot) -> Markup:
    x, y, box = spot.breadth + _MARGIN, spot.depth + _TOP, size.box
    middle = x + size.width / 2
    slanted = " italic" if box.stereotype in {"abstract", "interface"} else ""
    parts = [rect(x, y, size.width, size.height, "box", 5), _head(x, y, size)]
    if box.stereotype:
        parts.append(words(f"«{box.stereotype}»", middle, y + 17, "soft small", "middle"))
    parts.append(words(_cut(box.name), middle, y + size.head - 11, f"name{slanted}", "middle", box.name))
    at = y + size.head
    for members in (box.attributes, box.methods):
        parts += _members(members, x, at, size.width, rule=at > y + size.head)
        at += len(members) * _LINE + 12 if members else 0
    parts += [
        words(_cut(note), x + _PAD, at + 17 + row * _LINE, "soft small italic", full=note)
        for row, note in enumerate(box.notes)
    ]
    return group(parts)


def _head(x: float, y: float, size: _Sized) -> Markup:
    if size.height == size.head:
        return rect(x, y, size.width, size.height, "head", 5)
    corners = f"M{x:.1f} {y + size.head:.1f}v{5 - size.head:.1f}q0-5 5-5h{size.width - 10:.1f}q5 0 5 5"
    return Markup('<path d="{}v{:.1f}z" class="head"/>').format(corners, size.head - 5)


def _members(members: Sequence[Member], x: float, y: float, width: float, *, rule: bool) -> list[Markup]:
    parts = [line(x, y, x + width, y, "rule")] if rule and members else []
    for row, member in enumerate(members):
        style = {"static": " static", "abstract": " italic", "": ""}[member.classifier]
        parts.append(words(_cut(member.text), x + _PAD, y + 19 + row * _LINE, f"mono{style}", full=member.text))
    return parts


def _wire(item: _Wired) -> Markup:
    first, last = item.heads
    d = curve(shortened_ends(item.points, first, last))
    return group(
        [
            wire(d, dashed=item.relation.dashed),
            tip(first, item.points[0], -math.pi / 2),
            tip(last, item.points[-1], math.pi / 2),
        ],
        title=f"{item.relation.left} – {item.relation.right} {item.relation.label}".strip(),
    )


def _loop(relation: Relation, sized: dict[str, _Sized], layout: Layout) -> Markup:
    """A class's relation to itself, at its right upper corner."""
    spot = layout.spots[relation.left]
    x, y = spot.breadth + _MARGIN + sized[relation.left].width, spot.depth + _TOP
    d = f"M{x - 16:.1f} {y:.1f}v-6q0-8 8-8h16q8 0 8 8v16q0 8-8 8h-8"
    label = words(shortened(relation.label, 28), x + 18, y - 20, "label soft", "end", relation.label)
    return group([wire(d, dashed=relation.dashed), tip(relation.right_head, (x, y + 18), math.pi), label])


@dataclass(frozen=True)
class _Area:
    """What a label covers."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Area") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def _labels(wired: Sequence[_Wired]) -> list[Markup]:
    """Labels in the first gap that their link crosses, moved along it until they cover no other label."""
    taken: list[_Area] = []
    parts: list[Markup] = []
    for item in wired:
        parts += _counts(item)
        text = shortened(item.relation.label, 28)
        if not text:
            continue
        places = [_along(item.points, share) for share in (0.5, 0.36, 0.64, 0.24, 0.76)]
        areas = [_area(place, text) for place in places]
        free = [index for index, area in enumerate(areas) if not any(area.meets(other) for other in taken)]
        chosen = free[0] if free else 0
        taken.append(areas[chosen])
        x, y = places[chosen]
        parts.append(words(text, x, y + 4, "label soft", "middle", item.relation.label))
    return parts


def _along(points: Sequence[XY], share: float) -> XY:
    """A place on the swing from the end of the upper rank to the next one."""
    (x1, y1), (x2, y2) = points[1], points[2]
    swing = share * share * (3 - 2 * share)
    return (x1 + (x2 - x1) * swing, y1 + (y2 - y1) * share)


def _area(place: XY, text: str) -> _Area:
    half = text_width(text, 12) / 2 + 3
    return _Area(place[0] - half, place[1] - 9, place[0] + half, place[1] + 9)


def _counts(item: _Wired) -> list[Markup]:
    (x1, y1), (x2, y2) = item.points[0], item.points[-1]
    upper, lower = item.counts
    return [words(shortened(upper, 12), x1 + 8, y1 + 18, "label soft small")] * bool(upper) + [
        words(shortened(lower, 12), x2 + 8, y2 - 10, "label soft small")
    ] * bool(lower)


def _overhang(wired: Sequence[_Wired], layout: Layout) -> float:
    """How far labels reach beyond the boxes."""
    edges = [
        _area(_along(item.points, 0.5), shortened(item.relation.label, 28)).right
        for item in wired
        if item.relation.label
    ]
    return max([0.0, *(edge - layout.breadth - 2 * _MARGIN for edge in edges)])
