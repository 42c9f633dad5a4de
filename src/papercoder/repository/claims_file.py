"""`claims.json`: the paper's claims as the runner of a generated repository reads them."""

import re

from pydantic import ValidationError

from papercoder.artifacts import Artifact, Claim, Claims
from papercoder.artifacts.claims import Statistic

CLAIMS = "claims.json"
_PLACES = {"tab": "Table", "fig": "Figure", "app": "Appendix"}
_BOUNDS = {"=": "", "about": "about "}


class ClaimRow(Artifact):
    """One claim in the file."""

    id: str
    table: str = ""
    """Where the paper reports it, in words."""

    experiment: str
    method: str
    compared_with: str = ""
    dataset: str
    metric: str
    unit: str = ""
    statistic: Statistic = "mean"
    reported: str = ""
    """The number as printed, with bound, spread and unit."""

    value: float | None = None
    spread: float | None = None


class ClaimsFile(Artifact):
    """The whole file."""

    claims: tuple[ClaimRow, ...] = ()


def claims_json(claims: Claims) -> str:
    """The text of the file."""
    rows = tuple(
        ClaimRow(
            id=claim.id,
            table=place(claim.anchor),
            experiment=claim.experiment,
            method=claim.method,
            compared_with=claim.compared_with,
            dataset=claim.dataset,
            metric=claim.metric,
            unit=claim.unit,
            statistic=claim.statistic,
            reported=reported(claim),
            value=claim.value,
            spread=claim.spread,
        )
        for claim in claims.items
    )
    return ClaimsFile(claims=rows).model_dump_json(indent=1) + "\n"


def read_claims(text: str) -> tuple[ClaimRow, ...]:
    """The claims in the text of the file; none if it is not valid, since users may have edited it."""
    try:
        return ClaimsFile.model_validate_json(text).claims
    except ValidationError:
        return ()


def place(anchor: str) -> str:
    """Where it is in the paper, in words: `Table 1` for `tab:1`, `Section 3.2` for `3.2¶1`."""
    kind, _, number = anchor.partition("¶")[0].rpartition(":")
    if kind in _PLACES:
        return f"{_PLACES[kind]} {number}"
    return f"Section {number}" if re.match(r"\d", number) else anchor.capitalize()


def reported(claim: Claim) -> str:
    """The number as the paper reports it, with bound, spread and unit."""
    number = claim.printed or f"{claim.value:g}"
    spread = "" if claim.spread is None else f" ± {claim.spread:g}"
    read = " (read from the image)" if claim.from_image else ""
    return f"{_BOUNDS.get(claim.bound, f'{claim.bound} ')}{number}{spread}{claim.unit and ' '}{claim.unit}{read}"
