"""Layered layout of boxes and links: users above what they use, few crossings, straight long links.

The steps are those of Sugiyama, Tagawa and Toda (1981): break rings, give ranks, order each rank by barycentres, give
coordinates. Coordinates are the least-squares answer under the given order (isotonic regression). The long axis of
the drawing is *depth*, from rank to rank; *breadth* runs along a rank. Components that do not touch are laid out apart.
"""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise

from papercoder.diagrams.spread import spread

_SWEEPS = 8


@dataclass(frozen=True)
class Box:
    """Something to place; sizes in pixels."""

    key: str
    breadth: float
    depth: float


@dataclass(frozen=True)
class Link:
    """From the upper box to the lower one."""

    upper: str
    lower: str


@dataclass(frozen=True)
class Spacing:
    """Free room, in pixels."""

    beside: float = 36
    """Between boxes of a rank."""

    between: float = 64
    """Between ranks."""

    widest: float = 1040
    """A rank that is broader goes on in a further rank, if no link forbids."""


@dataclass(frozen=True)
class Spot:
    """Where a box's corner stands."""

    breadth: float
    depth: float


@dataclass(frozen=True)
class Point:
    """A point that a link passes."""

    breadth: float
    depth: float


@dataclass(frozen=True)
class Layout:
    """Where everything stands; routes are in the order of the links, empty for a link from a box to itself."""

    spots: Mapping[str, Spot]
    routes: tuple[tuple[Point, ...], ...]
    breadth: float
    depth: float


Node = str | tuple[int, int]
"""A box's key, or (link, rank) where a long link passes a rank."""


def lay_out(boxes: Sequence[Box], links: Sequence[Link], spacing: Spacing) -> Layout:
    """Place all boxes and route all links."""
    parts = [_Component(part, _within(links, part), spacing).place() for part in _components(boxes, links)]
    return _packed(parts, len(links), spacing)


@dataclass(frozen=True)
class _Placed:
    """A component, laid out from (0, 0) on."""

    spots: dict[str, Spot]
    routes: dict[int, tuple[Point, ...]]
    breadth: float
    depth: float


def _components(boxes: Sequence[Box], links: Sequence[Link]) -> list[list[Box]]:
    """Boxes that links hold together, the largest component first."""
    root = {box.key: box.key for box in boxes}

    def find(key: str) -> str:
        while root[key] != key:
            key = root[key]
        return key

    for link in links:
        root[find(link.upper)] = find(link.lower)
    parts: dict[str, list[Box]] = defaultdict(list)
    for box in boxes:
        parts[find(box.key)].append(box)
    return sorted(parts.values(), key=len, reverse=True)


def _within(links: Sequence[Link], boxes: Iterable[Box]) -> dict[int, Link]:
    keys = {box.key for box in boxes}
    return {index: link for index, link in enumerate(links) if link.upper in keys and link.upper != link.lower}


def _packed(parts: Sequence[_Placed], links: int, spacing: Spacing) -> Layout:
    """Components in rows, like words on lines."""
    spots: dict[str, Spot] = {}
    routes: list[tuple[Point, ...]] = [()] * links
    widest = max([spacing.widest, *(part.breadth for part in parts)])
    x = y = row = right = 0.0
    for part in parts:
        if x and x + part.breadth > widest:
            x, y, row = 0.0, y + row + spacing.between * 0.7, 0.0
        for key, spot in part.spots.items():
            spots[key] = Spot(spot.breadth + x, spot.depth + y)
        for index, route in part.routes.items():
            routes[index] = tuple(Point(point.breadth + x, point.depth + y) for point in route)
        right, row = max(right, x + part.breadth), max(row, part.depth)
        x += part.breadth + spacing.beside
    return Layout(spots, tuple(routes), right, y + row)


class _Component:
    """Boxes that links hold together."""

    def __init__(self, boxes: Sequence[Box], links: Mapping[int, Link], spacing: Spacing) -> None:
        self.boxes = {box.key: box for box in boxes}
        self.spacing = spacing
        self.ends = _without_rings(self.boxes, links)
        self.rank: dict[Node, int] = {}
        self.rank.update(_narrowed(_ranks(self.boxes, self.ends.values()), self.boxes, spacing).items())
        self.chains = {index: self._chain(index, *ends) for index, ends in self.ends.items()}
        self.above: dict[Node, list[Node]] = defaultdict(list)
        self.below: dict[Node, list[Node]] = defaultdict(list)
        for chain in self.chains.values():
            for upper, lower in pairwise(chain):
                self.below[upper].append(lower)
                self.above[lower].append(upper)

    def place(self) -> _Placed:
        rows = self._ordered(self._rows())
        middle = self._middles(rows)
        tops = self._tops(rows)
        left = min(middle[node] - self._breadth(node) / 2 for node in self.rank)
        middle = {node: at - left for node, at in middle.items()}
        right = max(middle[node] + self._breadth(node) / 2 for node in self.rank)
        spots = {key: Spot(middle[key] - box.breadth / 2, tops[self.rank[key]]) for key, box in self.boxes.items()}
        return _Placed(spots, self._routes(middle, tops, rows), right, tops[-1])

    def _chain(self, index: int, upper: str, lower: str) -> list[Node]:
        between: list[Node] = [(index, rank) for rank in range(self.rank[upper] + 1, self.rank[lower])]
        for rank, node in enumerate(between, self.rank[upper] + 1):
            self.rank[node] = rank
        return [upper, *between, lower]

    def _rows(self) -> list[list[Node]]:
        rows: list[list[Node]] = [[] for _ in range(max(self.rank.values()) + 1)]
        for node, rank in self.rank.items():
            rows[rank].append(node)
        return rows

    def _ordered(self, rows: list[list[Node]]) -> list[list[Node]]:
        """The order with the fewest crossings among those that sweeps down and up come by."""
        best, fewest = rows, self._crossings(rows)
        for sweep in range(_SWEEPS):
            rows = self._sweep(rows, down=sweep % 2 == 0)
            crossings = self._crossings(rows)
            if crossings < fewest:
                best, fewest = rows, crossings
        return best

    def _sweep(self, rows: list[list[Node]], *, down: bool) -> list[list[Node]]:
        swept = rows if down else rows[::-1]
        neighbours = self.above if down else self.below
        done = [swept[0]]
        for row in swept[1:]:
            at = {node: index for index, node in enumerate(done[-1])}
            keys = {node: _mean([at[other] for other in neighbours[node]], own) for own, node in enumerate(row)}
            done.append(sorted(row, key=keys.__getitem__))
        return done if down else done[::-1]

    def _crossings(self, rows: list[list[Node]]) -> int:
        total = 0
        for upper, lower in pairwise(rows):
            at = {node: index for index, node in enumerate(lower)}
            seen: list[int] = []
            for node in upper:
                ends = sorted(at[other] for other in self.below[node])
                total += sum(len(seen) - bisect_right(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return total

    def _breadth(self, node: Node) -> float:
        return self.boxes[node].breadth if isinstance(node, str) else 4

    def _middles(self, rows: list[list[Node]]) -> dict[Node, float]:
        """Boxes near the middle of their neighbours, in order and apart."""
        middle: dict[Node, float] = {}
        for row in rows:
            self._settle(row, middle, dict.fromkeys(row, 0.0))
        for sweep in range(2 * _SWEEPS):
            down = sweep % 2 == 0
            neighbours = self.above if down else self.below
            for row in rows if down else rows[::-1]:
                wanted = {node: _mean([middle[other] for other in neighbours[node]], middle[node]) for node in row}
                self._settle(row, middle, wanted)
        return middle

    def _settle(self, row: list[Node], middle: dict[Node, float], wanted: Mapping[Node, float]) -> None:
        half = [self._breadth(node) / 2 for node in row]
        gaps = [
            left + right + self.spacing.beside * (1 if isinstance(one, str) and isinstance(other, str) else 0.5)
            for (one, other), (left, right) in zip(pairwise(row), pairwise(half), strict=True)
        ]
        weights = [1.0 if isinstance(node, str) else 3.0 for node in row]
        middle.update(zip(row, spread([wanted[node] for node in row], gaps, weights), strict=True))

    def _tops(self, rows: list[list[Node]]) -> list[float]:
        """Where each rank begins, and at last where the drawing ends."""
        tops = [0.0]
        for index, row in enumerate(rows):
            tallest = max((self.boxes[node].depth for node in row if isinstance(node, str)), default=0.0)
            last = index == len(rows) - 1
            tops.append(tops[-1] + tallest + (0 if last else self.spacing.between))
        return tops

    def _routes(
        self, middle: Mapping[Node, float], tops: Sequence[float], rows: Sequence[Sequence[Node]]
    ) -> dict[int, tuple[Point, ...]]:
        ports = self._ports(middle)
        last = len(rows) - 1
        return {index: self._route(index, middle, tops, ports, last) for index in self.chains}

    def _route(
        self,
        index: int,
        middle: Mapping[Node, float],
        tops: Sequence[float],
        ports: Mapping[tuple[str, int], float],
        last: int,
    ) -> tuple[Point, ...]:
        """Down from the upper box to the end of its rank, straight through the ranks between, into the lower box."""
        upper, *between, lower = self.chains[index]
        assert isinstance(upper, str)
        assert isinstance(lower, str)
        points = [Point(ports[upper, index], tops[self.rank[upper]] + self.boxes[upper].depth)]
        points.append(Point(points[0].breadth, self._bottom(tops, self.rank[upper], last)))
        for node in between:
            rank = self.rank[node]
            points += [Point(middle[node], tops[rank]), Point(middle[node], self._bottom(tops, rank, last))]
        points.append(Point(ports[lower, index], tops[self.rank[lower]]))
        return tuple(points)

    def _bottom(self, tops: Sequence[float], rank: int, last: int) -> float:
        return tops[rank + 1] - (0 if rank == last else self.spacing.between)

    def _ports(self, middle: Mapping[Node, float]) -> dict[tuple[str, int], float]:
        """(box, link) -> where the link leaves or enters the box: side by side, in the order of their other ends."""
        sides: dict[tuple[str, bool], list[tuple[float, int]]] = defaultdict(list)
        for index, chain in self.chains.items():
            upper, lower = chain[0], chain[-1]
            assert isinstance(upper, str)
            assert isinstance(lower, str)
            sides[upper, True].append((middle[chain[1]], index))
            sides[lower, False].append((middle[chain[-2]], index))
        ports: dict[tuple[str, int], float] = {}
        for (key, _), found in sides.items():
            step = min(22.0, self.boxes[key].breadth / (len(found) + 1))
            for place, (_, index) in enumerate(sorted(found)):
                ports[key, index] = middle[key] + (place - (len(found) - 1) / 2) * step
        return ports


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _without_rings(boxes: Iterable[str], links: Mapping[int, Link]) -> dict[int, tuple[str, str]]:
    """Link -> (upper, lower); a link that would close a ring is turned round."""
    below: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for index, link in links.items():
        below[link.upper].append((index, link.lower))
    ends: dict[int, tuple[str, str]] = {}
    state: dict[str, int] = {}
    for start in boxes:
        if start in state:
            continue
        state[start] = 1
        stack = [(start, iter(below[start]))]
        while stack:
            key, rest = stack[-1]
            step = next(rest, None)
            if step is None:
                state[key] = 2
                stack.pop()
                continue
            index, other = step
            ends[index] = (other, key) if state.get(other) == 1 else (key, other)
            if other not in state:
                state[other] = 1
                stack.append((other, iter(below[other])))
    return ends


def _ranks(boxes: Iterable[str], ends: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Each box below all that link to it, as high as can be."""
    above: dict[str, set[str]] = {key: set() for key in boxes}
    for upper, lower in ends:
        above[lower].add(upper)
    rank: dict[str, int] = {}
    for key in TopologicalSorter(above).static_order():
        rank[key] = max((rank[other] + 1 for other in above[key]), default=0)
    return rank


def _narrowed(rank: Mapping[str, int], boxes: Mapping[str, Box], spacing: Spacing) -> dict[str, int]:
    """Ranks broken into further ones where they are too broad; links only ever lead to lower ranks, so that is safe."""
    narrow: dict[str, int] = {}
    at = -1
    for level in range(max(rank.values()) + 1):
        at, used = at + 1, 0.0
        for key in (key for key in boxes if rank[key] == level):
            breadth = boxes[key].breadth + spacing.beside
            if used and used + breadth > spacing.widest:
                at, used = at + 1, 0.0
            narrow[key], used = at, used + breadth
    return narrow
