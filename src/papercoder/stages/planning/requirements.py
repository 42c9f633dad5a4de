"""The requirements: extracted from all sections in parallel, numbered, completed and verified."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import Field
from rapidfuzz import fuzz

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, Check, reads_references, uses
from papercoder.agents.answers import Correction, InvalidAnswerError, Json
from papercoder.agents.context import plan_part, technical_part
from papercoder.agents.listings import figures_parts, requirements_part
from papercoder.agents.references import References, Shown, citations, without_citations
from papercoder.artifacts import (
    NO_FIGURES,
    Artifact,
    FigureDescriptions,
    OverallPlan,
    Paper,
    Quote,
    Requirement,
    RequirementDraft,
    RequirementDrafts,
    Requirements,
    Section,
)
from papercoder.concurrency import gather_all
from papercoder.models.contract import count_tokens
from papercoder.paper.evidence import find_quote, numbers, plain
from papercoder.stages.planning.refinement import VERIFIER, round_of, violations
from papercoder.text.fences import fence


class ChangedRequirement(RequirementDraft):
    """A requirement in its new form; it keeps its id."""

    id: str = Field(pattern=r"^R[1-9]\d*$")
    """The id that it has."""


class RequirementChanges(Artifact):
    """What differs from a list of requirements; what is not mentioned stays as it is, under its id."""

    drop: tuple[str, ...] = ()
    """Ids of requirements that are wrong or not needed, or that repeat another one, which stays."""

    change: tuple[ChangedRequirement, ...] = ()
    """Requirements to correct, each in full; also one that takes over what a dropped one says beyond it."""

    add: tuple[RequirementDraft, ...] = ()
    """Requirements that are missing; they get new ids."""


class RenumberingChanges(RequirementChanges):
    """What is missing, in a recording made when a completed list was numbered again."""


@dataclass(frozen=True)
class ChangesFormat:
    """Changes; recordings of earlier versions give the missing requirements alone."""

    @property
    def correction(self) -> Correction:
        """A patch of the wrong changes."""
        return "patch"

    @property
    def instructions(self) -> str:
        """The type of the changes."""
        return Json(RequirementChanges).instructions

    def read(self, text: str) -> RequirementChanges:
        """Return the changes.

        Raises:
            InvalidAnswerError: they do not fit the schema.
        """
        try:
            return Json(RequirementChanges).read(text)
        except InvalidAnswerError as error:
            try:
                return RenumberingChanges(add=Json(RequirementDrafts).read(text).requirements)
            except InvalidAnswerError:
                raise error from None


EXTRACTOR = Agent("requirements", "planning", Json(RequirementDrafts), NO_CONVENTIONS)
GAPS = Agent("gaps", "planning", ChangesFormat(), NO_CONVENTIONS)
CHANGER = Agent("refine_requirements", "planning", Json(RequirementChanges), NO_CONVENTIONS)

_SHOWN_BY_A_FIGURE = (
    "What only a figure says about the code is a requirement with the status `derived`, the figure's anchor, and words "
    "of its caption as the quote. Values that were read from plots are results, not requirements."
)

_PART_TOKENS = 3000
_SHORT_TOKENS = 1000
_MOST_TOGETHER = 8
_MIN_WORDS = 20
_SAME = 93.0
"""Similarity, of 100, from which two statements count as the same."""


@uses(EXTRACTOR)
async def find_requirements(
    agents: Agents, paper: Paper, figures: FigureDescriptions = NO_FIGURES
) -> RequirementDrafts:
    """Extract the requirements of each part of the paper; a part comes with its described figures."""
    questions = questions_of(paper)
    found = await gather_all(_from_sections(agents, paper, name, questions[name], figures) for name in questions)
    return RequirementDrafts(requirements=tuple(draft for drafts in found for draft in drafts.requirements))


async def _from_sections(
    agents: Agents, paper: Paper, name: str, sections: tuple[Section, ...], figures: FigureDescriptions
) -> RequirementDrafts:
    inside = figures.of(block.anchor for section in sections for block in section.blocks)
    return await agents.ask(
        EXTRACTOR,
        name,
        figures_parts(inside, _SHOWN_BY_A_FIGURE),
        lambda drafts, attempt: unquoted(paper, drafts.requirements) if attempt == 0 else [],
        title=paper.title,
        abstract=fence(paper.abstract),
        section=fence("\n\n".join(section.render() for section in sections)),
    )


_REFERENCES = 5000
"""Tokens of passages of other works for all requirements."""

_WHERE = "at the end of the `statement` of the requirement that you add or change"


@reads_references
@uses(GAPS, VERIFIER, CHANGER)
async def complete_requirements(
    agents: Agents,
    paper: Paper,
    plan: OverallPlan,
    found: RequirementDrafts,
    refine: int,
    figures: FigureDescriptions = NO_FIGURES,
) -> Requirements:
    """Number the requirements, add what spans sections or is left open, merge repetitions, verify and refine.

    An id that a requirement got here stays with it, and no other requirement gets it.
    """
    requirements = numbered(paper, found.requirements)
    code = await agents.matching_code(requirements.items, _REFERENCES, _WHERE)
    cited = [item.anchor for item in requirements.items]
    unclear = (plan_part(plan, "unclear"),) if plan.unclear else ()
    parts = (technical_part(paper, cited), *figures_parts(figures, _SHOWN_BY_A_FIGURE), *unclear, *code.part)
    changes = await agents.ask(
        GAPS, "", (*parts, *requirements_part(requirements.items, quoted=False)), _applicable(paper, requirements, code)
    )
    free = len(requirements.items) + 1
    if isinstance(changes, RenumberingChanges):
        requirements = numbered(paper, (*requirements.items, *changes.add))
        free = len(requirements.items) + 1
    else:
        requirements, free = changed(paper, requirements, changes, free)
    for attempt in range(refine):
        critique = await violations(agents, GAPS, requirements, parts, attempt)
        if not critique.violations:
            break
        changes = await agents.ask(
            CHANGER,
            round_of(GAPS, attempt),
            (*parts, *requirements_part(requirements.items, quoted=False)),
            _applicable(paper, requirements, code),
            violations=critique.violations,
        )
        requirements, free = changed(paper, requirements, changes, free)
    return with_code_as_evidence(requirements, agents.references)


def with_code_as_evidence(requirements: Requirements, references: References) -> Requirements:
    """The requirements with the passages of other works that their statements cite as evidence instead."""
    items = []
    for item in requirements.items:
        sources = references.sources(citations(item.statement)) if references.items else {}
        quotes = tuple(
            Quote(anchor=name, text=f"{source.path}, lines {source.first} to {source.last} of {source.origin}")
            for name, source in sources.items()
        )
        update = {"statement": without_citations(item.statement), "evidence": (*item.evidence, *quotes)}
        items.append(item.model_copy(update=update) if quotes else item)
    return Requirements(items=tuple(items))


def changed(
    paper: Paper, requirements: Requirements, changes: RequirementChanges, free: int
) -> tuple[Requirements, int]:
    """The requirements after changes, and the next free number, given the first one."""
    dropped = set(changes.drop)
    new = {item.id: _requirement(paper, item.id, item) for item in changes.change}
    items = [new.get(item.id, item) for item in requirements.items if item.id not in dropped]
    for draft in changes.add:
        if not any(_same(draft, item) for item in items):
            items.append(_requirement(paper, f"R{free}", draft))
            free += 1
    return Requirements(items=tuple(items)), free


def _applicable(paper: Paper, requirements: Requirements, code: Shown) -> Check[RequirementChanges]:
    """Reject unknown ids, and wrong quotes and citations once."""

    def problems(changes: RequirementChanges, attempt: int) -> list[str]:
        named = [*changes.drop, *(item.id for item in changes.change)]
        found = [f"{name} is not in the list." for name in named if name not in requirements.ids]
        found += [f"{name} occurs twice in `drop` and `change`." for name, count in Counter(named).items() if count > 1]
        new = (*changes.change, *changes.add)
        return found + (unquoted(paper, new) + code.problems(item.statement for item in new) if attempt == 0 else [])

    return problems


def questions_of(paper: Paper) -> dict[str, tuple[Section, ...]]:
    """The sections that one request each asks for, by their anchors: `3`, or `1, 4, app:A` for short parts together."""
    groups: list[list[tuple[Section, ...]]] = []
    together: list[tuple[Section, ...]] = []
    room = 0
    for part in filter(_has_content, parts_of(paper)):
        tokens = sum(count_tokens(section.render()) for section in part)
        if tokens <= min(room, _SHORT_TOKENS) and len(together) < _MOST_TOGETHER:
            together.append(part)
            room -= tokens
            continue
        groups.append([part])
        if tokens <= _SHORT_TOKENS:
            together, room = groups[-1], _PART_TOKENS - tokens
    return {", ".join(part[0].anchor for part in group): sum(group, ()) for group in groups}


def parts_of(paper: Paper) -> Iterator[tuple[Section, ...]]:
    """The paper in parts: each section with its subsections, split if too long."""
    part: list[Section] = []
    size = 0
    for section in paper.sections:
        tokens = count_tokens(section.render())
        if part and (section.level == 1 or size + tokens > _PART_TOKENS):
            yield tuple(part)
            part, size = [], 0
        part.append(section)
        size += tokens
    if part:
        yield tuple(part)


def _has_content(part: tuple[Section, ...]) -> bool:
    """False for a part with only names and addresses."""
    words = sum(len(section.render().split()) for section in part)
    return words >= _MIN_WORDS or any(block.kind != "paragraph" for section in part for block in section.blocks)


def unquoted(paper: Paper, drafts: Iterable[RequirementDraft]) -> list[str]:
    """Problems of quotes that are not in the paper."""
    return [
        f'The paper does not say "{draft.quote}" [{draft.anchor}]. Copy its words exactly, or mark it as `assumed`.'
        for draft in drafts
        if draft.status != "assumed" and find_quote(paper, draft.quote, draft.anchor) is None
    ]


def numbered(paper: Paper, drafts: Iterable[RequirementDraft]) -> Requirements:
    """The drafts without repetitions, numbered: in the paper's order, then those without evidence, as `assumed`."""
    anchors = ["abstract", *(name for s in paper.sections for name in (s.anchor, *(b.anchor for b in s.blocks)))]
    place = {anchor: index for index, anchor in enumerate(anchors)}
    last = len(place)
    proved = [_requirement(paper, "R1", draft) for draft in _unrepeated(drafts)]
    proved.sort(key=lambda item: last if item.status == "assumed" else place.get(item.anchor, last))
    return Requirements(items=tuple(item.model_copy(update={"id": f"R{n}"}) for n, item in enumerate(proved, 1)))


def _requirement(paper: Paper, name: str, draft: RequirementDraft) -> Requirement:
    """A requirement at the block that says it, or as `assumed` if the paper does not have its quote."""
    fields = {key: getattr(draft, key) for key in RequirementDraft.model_fields}
    anchor = None if draft.status == "assumed" else find_quote(paper, draft.quote, draft.anchor)
    if anchor is None:
        is_found = not draft.quote.strip() or find_quote(paper, draft.quote, draft.anchor) is not None
        return Requirement(**{**fields, "status": "assumed"}, id=name, quote_found=is_found)
    return Requirement(**{**fields, "anchor": anchor}, id=name)


def _unrepeated(drafts: Iterable[RequirementDraft]) -> list[RequirementDraft]:
    kept: list[RequirementDraft] = []
    for draft in drafts:
        if not any(_same(draft, other) for other in kept):
            kept.append(draft)
    return kept


def _same(one: RequirementDraft, other: RequirementDraft) -> bool:
    if numbers(one.statement) != numbers(other.statement):
        return False
    return fuzz.token_sort_ratio(plain(one.statement), plain(other.statement), score_cutoff=_SAME) > 0
