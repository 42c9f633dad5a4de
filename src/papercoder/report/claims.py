"""Compares the results that the paper reports with those that the generated code measured.

A measured mean meets a claim if it differs from the printed value by at most the tolerance. The tolerance is `spreads`
times the spread if the paper prints one, otherwise `relative` times the value, and at least half a unit of the last
printed digit.
The spread that the code measures is ignored on purpose: noisy code must not meet a claim more easily.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from papercoder.artifacts.claims import Claim, ClaimResult, Claims, Measured

_PRINTED = re.compile(r"-?\d[\d,]*(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?|-?\.(\d+)")
_ID = re.compile(r"C[1-9]\d{0,5}")
_NAMED = ("experiment", "method", "dataset", "metric")
_LONGEST = 5_000_000
"""Characters; a longer `results.json` is not a table of results."""


@dataclass(frozen=True)
class Tolerance:
    """How far a mean may be from the claimed value."""

    spreads: float = 2.0
    """Multiple of the spread, if the paper prints one."""

    relative: float = 0.05
    """Share of the value, if it does not."""

    def of(self, claim: Claim) -> float:
        """The tolerance for this claim, in its own unit."""
        noise = self.relative * abs(claim.value) if claim.spread is None else self.spreads * abs(claim.spread)
        return max(noise, rounding(claim))


TOLERANCE = Tolerance()
"""The default."""


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


def compare(
    claims: Claims, measured: tuple[Measured, ...], tolerance: Tolerance = TOLERANCE
) -> tuple[ClaimResult, ...]:
    """Each claim with its measurement and verdict; a claim that was not measured is `not_run`."""
    by_claim = {item.claim: item for item in measured}
    return tuple(_result(claim, by_claim.get(claim.id), tolerance.of(claim)) for claim in claims.items)


def rounding(claim: Claim) -> float:
    """Half a unit of the last digit that the paper prints, or of the value if the quote does not contain it."""
    match = _PRINTED.fullmatch(printed(claim))
    power = int(match[2] or 0) - len(match[1] or match[3] or "") if match else 0
    return 0.5 * 10.0**power


def printed(claim: Claim) -> str:
    """The claimed value as the paper prints it, with trailing zeros, or in its shortest form if the quote lacks it."""
    found = (match[0].rstrip(",") for match in _PRINTED.finditer(claim.quote) if _is(match[0], claim.value))
    return next(found, f"{claim.value:.15g}")


def _is(text: str, value: float) -> bool:
    return math.isclose(float(text.replace(",", "")), value, rel_tol=1e-12)


def _result(claim: Claim, measured: Measured | None, tolerance: float) -> ClaimResult:
    if measured is None or not math.isfinite(measured.value):
        return ClaimResult(claim=claim, measured=None, tolerance=tolerance, verdict="not_run")
    apart = abs(measured.value - claim.value)
    is_met = apart <= tolerance or math.isclose(apart, tolerance, rel_tol=1e-9)
    return ClaimResult(claim=claim, measured=measured, tolerance=tolerance, verdict="met" if is_met else "differs")


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
