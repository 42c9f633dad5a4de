"""Modules that import each other while they load."""

from collections.abc import Iterator

from papercoder.artifacts.checking import Finding
from papercoder.stages.checking.findings import error, warning
from papercoder.stages.checking.index import Index, index
from papercoder.stages.checking.loading import HalfLoaded, first_failure, loaded_at_once
from papercoder.stages.checking.repository import Tree

_CHECK = "cycles"
_MOST = 300
"""Modules; how a larger repository loads is not followed."""

Edges = dict[str, dict[str, int]]


def check_cycles(tree: Tree) -> Iterator[Finding]:
    """Cycles, and the import that fails by one when `main.py` starts."""
    known = index(tree)
    failure = first_failure("main", known) if known.is_strict and len(known.modules) <= _MOST else None
    if failure:
        yield _failing(failure)
    edges: Edges = {name: dict(reversed(list(loaded_at_once(name, known)))) for name in known.modules}
    for cycle in _cycles(edges):
        if failure is None or failure.target not in cycle:
            yield _cycle(cycle, edges, known)


def _failing(failure: HalfLoaded) -> Finding:
    message = f"`{failure.name}` is imported from `{failure.target}`, which is loading itself and does not have it yet."
    advice = "Move what both need into a module of its own, or import inside the function that uses it."
    return error(_CHECK, str(failure.module.path), failure.line, message, advice)


def _cycle(cycle: list[str], edges: Edges, known: Index) -> Finding:
    path = " -> ".join(f"`{name or known.package}`" for name in [*cycle, cycle[0]])
    advice = "It works in some orders of import alone; move what they share into a module of its own."
    first = known.modules[cycle[0]]
    return warning(_CHECK, str(first.path), edges[cycle[0]][cycle[1]], f"Import cycle: {path}.", advice)


def _cycles(edges: Edges) -> Iterator[list[str]]:
    """One shortest cycle through the first module of each group whose modules all lead to each other."""
    seen: set[str] = set()
    back: Edges = {}
    for name, targets in edges.items():
        for target, line in targets.items():
            back.setdefault(target, {})[name] = line
    for start in sorted(edges):
        if start not in seen and (cycle := _shortest(start, edges)):
            seen |= _reached(start, edges) & _reached(start, back)
            yield cycle


def _reached(start: str, edges: Edges) -> set[str]:
    found, left = {start}, [start]
    while left:
        new = edges.get(left.pop(), {}).keys() - found
        found |= new
        left += new
    return found


def _shortest(start: str, edges: Edges) -> list[str] | None:
    """The shortest way from a module back to itself through others."""
    before: dict[str, str] = {}
    wave = [start]
    while wave:
        following = []
        for name in wave:
            for target in edges.get(name, ()):
                if target == start and name != start:
                    return _way(name, start, before)
                if target not in before and target != start:
                    before[target] = name
                    following.append(target)
        wave = following
    return None


def _way(last: str, start: str, before: dict[str, str]) -> list[str]:
    way = [last]
    while way[-1] != start:
        way.append(before[way[-1]])
    return way[::-1]
