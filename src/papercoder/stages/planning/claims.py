"""The claims: the numbers and orderings that the paper reports of its own experiments, each found in the paper."""

import math
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import Part, paper_part, text_part
from papercoder.agents.listings import figures_parts
from papercoder.artifacts import (
    NO_FIGURES,
    Artifact,
    Claim,
    ClaimDraft,
    Claims,
    FigureDescriptions,
    Ordering,
    Paper,
    Paragraph,
    Section,
    Table,
)
from papercoder.artifacts.claims import Direction
from papercoder.paper.evidence import find_quote, half_unit, numbers, plain, read_quantities
from papercoder.stages.planning.readings import TableReading, reading_problems, table_claims, tables_text

_MOST_PAIRS = 40
"""Pairs of methods in a table; with more, the paper's own method is only compared with the best other one."""

_SHORTEST_CHAIN = 3
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class StatedOrdering(Artifact):
    """A sentence about which of several methods or settings is better."""

    anchor: str
    experiment: str
    methods: tuple[str, ...]
    """Best first, two or more, by the names that the tables have."""

    dataset: str = ""
    """Empty if it is said of all data sets."""

    metric: str
    direction: Direction
    quote: str
    """The words that say so, copied character by character."""


def stated_orderings(paper: Paper, stated: Iterable[StatedOrdering]) -> Iterator[Ordering]:
    """The orderings that the paper's text contains; their ids are all `O1`."""
    for item in stated:
        anchor = find_quote(paper, item.quote, item.anchor)
        if anchor and len(item.methods) > 1:
            fields = dict(item) | {"anchor": anchor}
            yield Ordering(**fields, id="O1", statement=_statement(item.methods, item.metric, item.dataset))


def table_orderings(claims: Iterable[Claim]) -> Iterator[Ordering]:
    """The orderings that the values of tables imply; their ids are all `O1`.

    The paper's own method against each other method, for each data set and metric; and chains over a numeric setting in
    which the metric is monotone. Values that rounding may have made different count as equal.
    """
    tables: dict[tuple[str, str], list[Claim]] = {}
    for claim in claims:
        if claim.row is not None and claim.direction and claim.statistic in ("mean", "median") and claim.bound == "=":
            tables.setdefault((claim.anchor, claim.experiment), []).append(claim)
    for found in tables.values():
        yield from _pairs(found)
        yield from _chains(found)


def _pairs(table: list[Claim]) -> Iterator[Ordering]:
    """The paper's own method with others, in the conditions that both have."""
    pairs = [
        sorted((own, other), key=_rank)
        for own in table
        if own.is_own
        for other in table
        if not other.is_own and _condition(own) == _condition(other) and differs(own, other)
    ]
    if len(pairs) > _MOST_PAIRS:
        pairs = list(_with_best_other(pairs))
    yield from (_ordering(pair) for pair in pairs)


def _with_best_other(pairs: list[list[Claim]]) -> Iterator[list[Claim]]:
    """For each of the paper's own results, the pair with the best of the others."""
    best: dict[str, list[Claim]] = {}
    for pair in pairs:
        own, other = sorted(pair, key=lambda claim: not claim.is_own)
        known = best.get(own.id)
        if known is None or _rank(other) < _rank(next(claim for claim in known if not claim.is_own)):
            best[own.id] = pair
    yield from best.values()


def _chains(table: list[Claim]) -> Iterator[Ordering]:
    """Methods, or data sets of one method, that differ in one number, if the metric rises or falls with it."""
    groups: dict[tuple[object, ...], list[Claim]] = {}
    for claim in table:
        groups.setdefault(("method", _NUMBER.sub("#", claim.method), _condition(claim)), []).append(claim)
        if claim.is_own:
            key = ("dataset", claim.method, _NUMBER.sub("#", claim.dataset), claim.metric, claim.unit)
            groups.setdefault(key, []).append(claim)
    for (kind, *_), group in groups.items():
        setting = [_numbers(claim.method if kind == "method" else claim.dataset) for claim in group]
        varying = [place for place in range(len(setting[0])) if len({numbers[place] for numbers in setting}) > 1]
        if len(group) < _SHORTEST_CHAIN or len(varying) != 1:
            continue
        by_setting = sorted(zip(setting, group, strict=True), key=lambda item: item[0])
        chain = [claim for _, claim in by_setting]
        chain = chain if _rank(chain[0]) < _rank(chain[-1]) else chain[::-1]
        if all(_rank(better) < _rank(worse) and differs(better, worse) for better, worse in pairwise(chain)):
            yield _ordering(chain)


def _numbers(name: str) -> tuple[float, ...]:
    return tuple(map(float, _NUMBER.findall(name)))


def differs(one: Claim, other: Claim) -> bool:
    """Whether two values differ by more than rounding explains."""
    apart = abs(one.value - other.value)
    return apart > (half_unit(one.printed) + half_unit(other.printed)) * (1 + 1e-9)


def _condition(claim: Claim) -> tuple[str, ...]:
    return claim.dataset, claim.metric, claim.unit, claim.statistic


def _rank(claim: Claim) -> float:
    """Lower is better."""
    return -claim.value if claim.direction == "higher" else claim.value


def _ordering(claims: list[Claim]) -> Ordering:
    """These claims, best first."""
    first = claims[0]
    same_method = len({claim.method for claim in claims}) == 1
    methods = tuple(f"{claim.method}, {claim.dataset}" if same_method else claim.method for claim in claims)
    dataset = "" if same_method else first.dataset
    return Ordering(
        id="O1",
        anchor=first.anchor,
        experiment=first.experiment,
        dataset=dataset,
        metric=first.metric,
        direction=first.direction or "higher",
        methods=methods,
        claims=tuple(claim.id for claim in claims),
        statement=_statement(methods, first.metric, dataset),
    )


def _statement(methods: tuple[str, ...], metric: str, dataset: str) -> str:
    where = f" on {dataset}" if dataset else ""
    best, *others = methods
    return f"{metric}{where}: {best} is better than {', which is better than '.join(others)}."


_TELLING_DIGITS = 3
"""Significant digits from which the same number elsewhere in the paper is the same result."""


class ReportedResults(Artifact):
    """What the tables mean, and the results outside them."""

    tables: tuple[TableReading, ...] = ()
    """Every table, in the paper's order."""

    numbers: tuple[ClaimDraft, ...] = ()
    """Results in text, abstract, captions, charts and damaged tables that no described cell has."""

    orderings: tuple[StatedOrdering, ...] = ()
    """What the text says about which method or setting is better, if the tables do not show it."""


CLAIMANT = Agent("claims", "planning", Json(ReportedResults), NO_CONVENTIONS)


@uses(CLAIMANT)
async def extract_claims(agents: Agents, paper: Paper, figures: FigureDescriptions = NO_FIGURES) -> Claims:
    """Ask what tables, text and described plots report, and read the values; what none of them has is dropped."""

    def check(results: ReportedResults, attempt: int) -> list[str]:
        return [*reading_problems(paper, results.tables), *unproved(paper, results, figures)] if attempt == 0 else []

    anchors = [table.anchor for table in paper.tables]
    tables = (text_part("The tables, with numbered rows and columns", tables_text(paper)),) if anchors else ()
    parts: tuple[Part, ...] = (paper_part(_without_cells(paper), anchors), *figures_parts(figures), *tables)
    has_plots = any(figure.series for figure in figures.items)
    return claims_of(paper, await agents.ask(CLAIMANT, "", parts, check, plots=has_plots), figures)


def _without_cells(paper: Paper) -> Paper:
    """The paper with the captions of its tables alone; their cells are shown with numbered rows and columns."""

    def shortened(section: Section) -> Section:
        blocks = (b.model_copy(update={"rows": ()}) if isinstance(b, Table) else b for b in section.blocks)
        return section.model_copy(update={"blocks": tuple(blocks)})

    return paper.model_copy(update={"sections": tuple(map(shortened, paper.sections))})


def claims_of(paper: Paper, results: ReportedResults, figures: FigureDescriptions = NO_FIGURES) -> Claims:
    """The claims in the paper's order, each listed once, and the orderings that they imply or that the text states."""
    places = {anchor: index for index, anchor in enumerate(_anchors(paper))}
    tables = {table.anchor: table for table in paper.tables}
    found = [
        claim
        for reading in results.tables
        if reading.anchor in tables
        for claim in table_claims(tables[reading.anchor], reading)
    ]
    found += (_stated(paper, draft) for draft in results.numbers if not _unproved_number(paper, draft, figures))
    found.sort(key=lambda claim: places.get(claim.anchor, len(places)))
    listed = _numbered(paper, _unrepeated(found))
    ids = {_result_of(claim): claim.id for claim in listed}
    in_tables = [claim.model_copy(update={"id": ids[_result_of(claim)]}) for claim in found]
    orderings = {_order_of(item): item for item in stated_orderings(paper, results.orderings)}
    orderings |= {_order_of(item): item for item in table_orderings(in_tables)}
    ordered = sorted(orderings.values(), key=lambda item: places.get(item.anchor, len(places)))
    return Claims(
        items=tuple(listed),
        orderings=tuple(item.model_copy(update={"id": f"O{index}"}) for index, item in enumerate(ordered, 1)),
    )


def unproved(paper: Paper, results: ReportedResults, figures: FigureDescriptions = NO_FIGURES) -> Iterator[str]:
    """Problems of numbers and orderings whose quote the paper does not have, or whose number is not in the quote."""
    yield from filter(None, (_unproved_number(paper, draft, figures) for draft in results.numbers))
    for stated in results.orderings:
        if find_quote(paper, stated.quote, stated.anchor) is None:
            yield f'The paper does not say "{stated.quote}" [{stated.anchor}]. Copy its words exactly.'


def _unproved_number(paper: Paper, draft: ClaimDraft, figures: FigureDescriptions) -> str:
    if find_quote(paper, draft.quote, draft.anchor) is None:
        if figures.of([draft.anchor]).items:
            return _unread_number(draft, figures)
        return f'The paper does not say "{draft.quote}" [{draft.anchor}]. Copy its words exactly.'
    found = numbers(draft.quote)
    if not any(math.isclose(abs(draft.value), factor * number) for number in found for factor in (1, 100)):
        return f'"{draft.quote}" does not contain the number {draft.value:g}.'
    return ""


def _unread_number(draft: ClaimDraft, figures: FigureDescriptions) -> str:
    """Why a value is none that was read from the plot which the draft names; empty if it is one."""
    readings = [
        reading
        for figure in figures.of([draft.anchor]).items
        for series in figure.series
        for reading in series.readings
        if plain(reading) in plain(draft.quote)
    ]
    values = [value for reading in readings for value in numbers(reading.rpartition(":")[2])]
    if any(math.isclose(abs(draft.value), value) for value in values):
        return ""
    return (
        f'No value of {draft.anchor} was read as "{draft.quote}". Copy the reading from its description, and take the '
        "value after the colon."
    )


def _stated(paper: Paper, draft: ClaimDraft) -> Claim:
    """A claim from the text, with the number as printed in the quote, or an approximate one from a plot."""
    anchor = find_quote(paper, draft.quote, draft.anchor)
    if anchor is None:
        return Claim(**{**dict(draft), "bound": "about", "spread": None}, id="C1", from_image=True)
    quantities = read_quantities(draft.quote)
    printed = next((found.printed for found in quantities if found.value == draft.value), "")
    return Claim(**{**dict(draft), "anchor": anchor}, id="C1", printed=printed)


def _unrepeated(claims: Iterable[Claim]) -> list[Claim]:
    """Claims of the same result become one, which names the other places."""
    kept: dict[tuple[object, ...], Claim] = {}
    for claim in claims:
        key = _result_of(claim)
        first = kept.setdefault(key, claim)
        if first is not claim:
            also = (*first.also, *({claim.anchor} - {first.anchor, *first.also}))
            averaged_over = first.averaged_over or claim.averaged_over
            kept[key] = first.model_copy(update={"also": also, "averaged_over": averaged_over})
    return list(kept.values())


def _result_of(claim: Claim) -> tuple[object, ...]:
    """What tells results apart: their names and value. The place and the experiment's name do not."""
    names = (claim.method, claim.dataset, claim.metric, claim.compared_with)
    kind = (claim.statistic, claim.comparison, claim.condition, claim.bound)
    return *map(plain, names), *kind, claim.value, claim.spread


def _order_of(item: Ordering) -> tuple[str, ...]:
    return (*map(plain, (item.dataset, item.metric, *item.methods)),)


def _numbered(paper: Paper, claims: list[Claim]) -> list[Claim]:
    """The claims with their ids, and with the paragraphs that repeat a number that only one claim has."""
    texts = {"abstract": paper.abstract}
    texts |= {block.anchor: block.text for block in paper.blocks() if isinstance(block, Paragraph)}
    printed = {anchor: {found.printed for found in read_quantities(text)} for anchor, text in texts.items()}
    values = [claim.printed for claim in claims]
    numbered: list[Claim] = []
    for index, claim in enumerate(claims, 1):
        also = list(claim.also)
        if len(claim.printed.strip("-0.").replace(".", "")) >= _TELLING_DIGITS and values.count(claim.printed) == 1:
            also += (at for at, found in printed.items() if claim.printed in found and at not in (claim.anchor, *also))
        numbered.append(claim.model_copy(update={"id": f"C{index}", "also": tuple(also)}))
    return numbered


def _anchors(paper: Paper) -> list[str]:
    return ["abstract", *(name for part in paper.sections for name in (part.anchor, *(b.anchor for b in part.blocks)))]
