"""Lines between boxes: smooth curves along a route, and what stands at their ends."""

import math
from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from papercoder.diagrams.classes import Head
from papercoder.diagrams.svg import node, path

XY = tuple[float, float]

_LENGTH = {"none": 0.0, "arrow": 0.0, "triangle": 13.0, "diamond": 18.0, "circle": 18.0}


def curve(points: Sequence[XY], *, sideways: bool = False) -> str:
    """A path that leaves and enters every second leg straight and swings in between; `sideways`: from left to right."""
    steps = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        if sideways:
            bend = (x1 + x2) / 2
            steps.append(f"C{bend:.1f} {y1:.1f} {bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}")
        else:
            bend = (y1 + y2) / 2
            steps.append(f"C{x1:.1f} {bend:.1f} {x2:.1f} {bend:.1f} {x2:.1f} {y2:.1f}")
    return "".join(steps)


def tip(head: Head, at: XY, angle: float) -> Markup:
    """What stands at an end that points in the direction `angle` (radians, clockwise from the right)."""
    if head == "none":
        return Markup("")
    turn = f"translate({at[0]:.1f} {at[1]:.1f}) rotate({math.degrees(angle):.0f})"
    shapes = {
        "arrow": ("M-9 -4.5L0 0L-9 4.5", "tip open"),
        "triangle": ("M-13 -7.5L0 0L-13 7.5Z", "tip hollow"),
        "diamond": ("M0 0L-9 -5.5L-18 0L-9 5.5Z", "tip"),
        "circle": ("M0 0L-9 -5.5L-18 0L-9 5.5Z", "tip hollow"),
    }
    d, class_ = shapes[head]
    return node("path", d=d, class_=class_, transform=turn)


def shortened_ends(points: Sequence[XY], first: Head, last: Head) -> list[XY]:
    """The route of a downward link, ending where its heads begin."""
    points = list(points)
    points[0] = (points[0][0], points[0][1] + _LENGTH[first])
    points[-1] = (points[-1][0], points[-1][1] - _LENGTH[last])
    return points


def wire(d: str, *, dashed: bool = False) -> Markup:
    """A line along a path."""
    return path(d, "wire dashed" if dashed else "wire")
