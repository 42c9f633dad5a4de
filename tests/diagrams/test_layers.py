"""The layout's promises: boxes apart, links downward, all inside."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from papercoder.diagrams.layers import Box, Link, Spacing, lay_out
from papercoder.diagrams.spread import spread

_sizes = st.lists(st.tuples(st.floats(20, 300), st.floats(20, 300)), min_size=1, max_size=14)


@given(_sizes, st.lists(st.tuples(st.integers(0, 13), st.integers(0, 13)), max_size=30))
def test_any_graph_is_laid_out(sizes: list[tuple[float, float]], ends: list[tuple[int, int]]) -> None:
    boxes = [Box(str(number), *size) for number, size in enumerate(sizes)]
    links = [Link(str(one), str(other)) for one, other in ends if max(one, other) < len(boxes)]
    layout = lay_out(boxes, links, Spacing())
    for one, other in combinations(boxes, 2):
        a, b = layout.spots[one.key], layout.spots[other.key]
        apart_in_breadth = a.breadth + one.breadth <= b.breadth + 1e-6 or b.breadth + other.breadth <= a.breadth + 1e-6
        apart_in_depth = a.depth + one.depth <= b.depth + 1e-6 or b.depth + other.depth <= a.depth + 1e-6
        assert apart_in_breadth or apart_in_depth
    for box in boxes:
        spot = layout.spots[box.key]
        assert -1e-6 <= spot.breadth <= layout.breadth - box.breadth + 1e-6
        assert -1e-6 <= spot.depth <= layout.depth - box.depth + 1e-6
    for link, route in zip(links, layout.routes, strict=True):
        assert bool(route) == (link.upper != link.lower)
        assert all(upper.depth <= lower.depth + 1e-6 for upper, lower in pairwise(route))


def test_users_stand_above_what_they_use() -> None:
    boxes = [Box(key, 50, 30) for key in "cab"]
    layout = lay_out(boxes, [Link("a", "b"), Link("b", "c"), Link("a", "c")], Spacing())
    assert layout.spots["a"].depth < layout.spots["b"].depth < layout.spots["c"].depth


def test_a_rank_that_is_too_broad_goes_on_below() -> None:
    boxes = [Box(str(number), 200, 30) for number in range(12)]
    layout = lay_out(boxes, [Link("0", str(number)) for number in range(1, 12)], Spacing(widest=700))
    assert layout.breadth <= 1400
    assert all(layout.spots[str(number)].depth > layout.spots["0"].depth for number in range(1, 12))


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20))
def test_spread_keeps_order_and_gaps(wanted: list[float]) -> None:
    gaps = [10.0] * (len(wanted) - 1)
    placed = spread(wanted, gaps, [1.0] * len(wanted))
    assert all(right - left >= 10 - 1e-6 for left, right in pairwise(placed))


def test_spread_leaves_what_is_far_enough_apart() -> None:
    assert spread([0, 20, 50], [10, 10], [1, 1, 1]) == [0, 20, 50]
    assert spread([5, 5], [10], [1, 1]) == [0, 10]
