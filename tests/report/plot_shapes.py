"""Reads plots, as strict XML."""

import re

from tests.diagrams.shapes import parsed

SVG = "{http://www.w3.org/2000/svg}"


def marks(svg: str, colour: str) -> list[tuple[float, float]]:
    """The centres of the markers with this fill, in the order of drawing."""
    return [
        (float(found[1]), float(found[2]))
        for path in parsed(svg).iter(f"{SVG}path")
        if f"fill: var(--{colour})" in path.get("style", "")
        and (found := re.match(r"translate\(([-\d.]+) ([-\d.]+)\)", path.get("transform", "")))
    ]


def is_inside(svg: str) -> bool:
    """Whether all points and texts lie in the plot."""
    root = parsed(svg)
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    points = [(float(text.get("x", "")), float(text.get("y", ""))) for text in root.iter(f"{SVG}text")]
    for path in root.iter(f"{SVG}path"):
        place = re.match(r"translate\(([-\d.]+) ([-\d.]+)\)", path.get("transform", ""))
        left, top = (float(place[1]), float(place[2])) if place else (0.0, 0.0)
        numbers = [float(number) for number in re.findall(r"-?[\d.]+(?:e[+-]?\d+)?", path.get("d", ""))]
        points += [(left + x, top + y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    return all(-1 <= x <= width + 1 and -1 <= y <= height + 1 for x, y in points)
