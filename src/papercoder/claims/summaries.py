"""Reads a `results.json`: the means of what the generated code measured in a run without trials."""

import json
import math
import re
from collections.abc import Iterator, Mapping

from papercoder.artifacts.claims import Claims, Measured

_ID = re.compile(r"C[1-9]\d{0,5}")
_NAMED = ("experiment", "method", "dataset", "metric")
_LONGEST = 5_000_000
"""Characters; a longer `results.json` is not a table of results."""


def parse_results(text: str, claims: Claims | None = None) -> tuple[Measured, ...]:
    """The measurements in a `results.json`, one per claim; the first row of a claim counts.

    The text comes from generated code, so rows without a claim or a finite mean are ignored. A row without a claim's id
    belongs to the claim with the same experiment, method, data set and metric, if there is exactly one.
    """
    if len(text) > _LONGEST:
        return ()
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    names = _by_name(claims or Claims())
    found: dict[str, Measured] = {}
    for row in _rows(content):
        measured = _measured(row, names)
        if measured is not None:
            found.setdefault(measured.claim, measured)
    return tuple(found.values())


def _rows(content: object) -> Iterator[Mapping[str, object]]:
    """Rows in a list, or in the list under `results`."""
    rows = content.get("results") if isinstance(content, dict) else content
    if isinstance(rows, list):
        yield from (row for row in rows if isinstance(row, dict))


def _measured(row: Mapping[str, object], names: Mapping[tuple[str, ...], str]) -> Measured | None:
    mean = _number(row.get("mean"))
    claim = row.get("claim")
    if not isinstance(claim, str) or not _ID.fullmatch(claim):
        claim = names.get(tuple(_plain(row.get(name)) for name in _NAMED))
    if mean is None or not claim:
        return None
    seeds = row.get("seeds")
    counted = len(seeds) if isinstance(seeds, list) else _number(seeds)
    return Measured(
        claim=claim,
        value=mean,
        std=_spread(row.get("std")),
        seeds=int(counted) if counted is not None and 1 <= counted < 1e9 else None,
    )


def _number(value: object) -> float | None:
    """A finite number, possibly written as text; None for anything else, booleans included."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _spread(value: object) -> float | None:
    number = _number(value)
    return number if number is not None and number >= 0 else None


def _by_name(claims: Claims) -> dict[tuple[str, ...], str]:
    """Names -> id, for names that identify one claim."""
    found: dict[tuple[str, ...], list[str]] = {}
    for claim in claims.items:
        key = (_plain(claim.experiment), _plain(claim.method), _plain(claim.dataset), _plain(claim.metric))
        found.setdefault(key, []).append(claim.id)
    return {key: ids[0] for key, ids in found.items() if len(ids) == 1}


def _plain(value: object) -> str:
    return " ".join(value.lower().split()) if isinstance(value, str) else ""
