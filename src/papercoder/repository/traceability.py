"""The links between requirements, quotes, claims and code: marks in comments, `TRACEABILITY.json` and `claims.json`."""

import re
import tokenize
from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import not_
from urllib.parse import quote

from pydantic import Field, ValidationError

from papercoder.artifacts import (
    ArchitectureDesign,
    Artifact,
    Claim,
    Claims,
    Mark,
    ReferencePassage,
    Requirements,
    SourceFile,
    Trace,
    Traceability,
)
from papercoder.artifacts.claims import Statistic
from papercoder.repository.files import tokens
from papercoder.text.markdown import code, escaped, inline

_MARK = re.compile(r"#\s*(R[1-9]\d*(?:\s*(?:[,;/&\u2013-]|to|and)\s*R[1-9]\d*)*)\b")
_FURTHER = re.compile(r"[;.]\s*(R[1-9]\d*)(?=:)")
_LONGEST_RANGE = 200
_RANGE = re.compile(r"R(\d+)\s*(?:[\u2013-]|to)\s*R(\d+)")


@lru_cache(maxsize=512)
def marks(code: str) -> Mapping[str, tuple[int, ...]]:
    """Requirement id -> lines whose comments start with it: `# R3: ...`, `# R3, R4: ...`.

    Forms that models write although nobody asks for them count too: `# R3-R6: ...`, `# R3: ...; R4: ...`.
    """
    found: dict[str, list[int]] = {}
    try:
        for token in tokens(code):
            if token.type == tokenize.COMMENT and (mark := _MARK.match(token.string)):
                for name in (*ids_in(mark[1]), *_FURTHER.findall(token.string)):
                    found.setdefault(name, []).append(token.start[0])
    except SyntaxError:
        pass  # the user's code may be invalid; the marks before the error count
    return {name: tuple(lines) for name, lines in found.items()}


def _numbers(first: int, last: int) -> range:
    return range(first, min(last, first + _LONGEST_RANGE) + 1)


def ids_in(text: str) -> tuple[str, ...]:
    """The ids of requirements that a text names, one by one or as a range (`R3-R6`)."""
    spelled_out = _RANGE.sub(lambda found: " ".join(f"R{n}" for n in _numbers(*map(int, found.groups()))), text)
    return tuple(dict.fromkeys(re.findall(r"\bR[1-9]\d*\b", spelled_out)))


def trace(
    requirements: Requirements,
    architecture: ArchitectureDesign,
    files: Iterable[SourceFile],
    references: Mapping[str, tuple[ReferencePassage, ...]] | None = None,
) -> Traceability:
    """Trace every requirement to its owner and to all lines that are marked with it.

    `references` are the passages of other works that were used, by requirement.
    """
    marked = {file.path: marks(file.text) for file in files if file.path.endswith(".py")}
    return Traceability(
        traces=tuple(
            Trace(
                requirement=item,
                owner=architecture.owner_of(item.id),
                marks=tuple(
                    Mark(path=path, line=line) for path, lines in marked.items() for line in lines.get(item.id, ())
                ),
                references=(references or {}).get(item.id, ()),
            )
            for item in requirements.items
        )
    )


def to_markdown(traceability: Traceability) -> str:
    """`TRACEABILITY.md`: a table from the paper to the code, and a list from the code to the paper."""
    rows = ["# Traceability", "", "Each requirement, its words in the paper, and the lines that implement it.", ""]
    rows += ["| | status | requirement | the paper | code |", "|---|---|---|---|---|"]
    rows += [_row(item) for item in traceability.traces]
    rows += ["", "## From the code to the paper", "", *_backwards(traceability)]
    open_ids = sorted({*traceability.unowned, *traceability.unmarked}, key=lambda name: int(name[1:]))
    rows += [
        "",
        f"Without a mark in their owner: {', '.join(open_ids)}." if open_ids else "All requirements have a mark.",
    ]
    if used := [
        f"- {item.requirement.id}: {_reference(each)}" for item in traceability.traces for each in item.references
    ]:
        rows += ["", "## Code of other works that was read", "", *used]
    return "\n".join(rows) + "\n"


def _row(item: Trace) -> str:
    need = item.requirement
    words = f"[{escaped(need.anchor)}]" + (f" “{inline(need.quote)}”" if need.quote else "")
    where = ", ".join(map(_link, item.marks)) or "none"
    return f"| {need.id} | {need.status} | {inline(need.statement)} | {words} | {where} |"


def _reference(item: ReferencePassage) -> str:
    licence = f"licence {item.licence}" if item.licence else "no licence was found"
    where = f"{inline(item.origin)}, revision {escaped(item.revision[:12])}; {escaped(licence)}"
    return f"{code(f'{item.path}:{item.first}-{item.last}')} of {where}"


def _link(mark: Mark) -> str:
    return f"[{escaped(mark.path)}:{mark.line}]({quote(mark.path)}#L{mark.line})"


def _backwards(traceability: Traceability) -> list[str]:
    lines = sorted(
        (mark.path, mark.line, item.requirement.id, item.requirement.anchor)
        for item in traceability.traces
        for mark in item.marks
    )
    places = [f"- {code(f'{path}:{line}')} {name} [{escaped(anchor)}]" for path, line, name, anchor in lines]
    return places or ["No line is marked."]


CLAIMS = "claims.json"
_PLACES = {"tab": "Table", "fig": "Figure", "app": "Appendix"}
_BOUNDS = {"=": "", "about": "about "}


class ClaimRow(Artifact):
    """One claim in the file."""

    id: str
    table: str = ""
    """Where the paper reports it, as text."""

    experiment: str
    method: str
    compared_with: str = ""
    dataset: str
    averaged_over: tuple[str, ...] = Field(default=(), exclude_if=not_)
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
            averaged_over=claim.averaged_over,
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
    """Where it is in the paper, as text: `Table 1` for `tab:1`, `Section 3.2` for `3.2¶1`."""
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
