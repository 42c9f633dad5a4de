"""The requirements: extracted from all sections in parallel, completed, verified and numbered."""

from collections.abc import Iterable, Iterator

from rapidfuzz import fuzz

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, Check, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import BRIEF, paper_part, plan_part
from papercoder.agents.listings import requirements_part
from papercoder.artifacts import (
    OverallPlan,
    Paper,
    Requirement,
    RequirementDraft,
    RequirementDrafts,
    Requirements,
    Section,
)
from papercoder.concurrency import gather_all
from papercoder.models.tokens import count_tokens
from papercoder.paper.evidence import find_quote, numbers, plain
from papercoder.stages.planning.refinement import VERIFIER, round_of, violations
from papercoder.text.fences import fence


class RequirementChanges(RequirementDrafts):
    """Corrections of a list of requirements: those to drop, and new or replacing ones."""

    drop: tuple[str, ...] = ()
    """Ids of wrong, repeated or replaced requirements."""


EXTRACTOR = Agent("requirements", "planning", Json(RequirementDrafts), NO_CONVENTIONS)
GAPS = Agent("gaps", "planning", Json(RequirementDrafts), NO_CONVENTIONS)
CHANGER = Agent("refine_requirements", "planning", Json(RequirementChanges), NO_CONVENTIONS)

_PART_TOKENS = 3000
_MIN_WORDS = 20
_SAME = 93.0
"""Similarity, of 100, from which two statements count as the same."""


@uses(EXTRACTOR)
async def find_requirements(agents: Agents, paper: Paper) -> RequirementDrafts:
    """Extract the requirements of each part of the paper, in order."""
    parts = [part for part in parts_of(paper) if _has_content(part)]
    found = await gather_all(_from_part(agents, paper, part) for part in parts)
    return RequirementDrafts(requirements=tuple(draft for drafts in found for draft in drafts.requirements))


async def _from_part(agents: Agents, paper: Paper, part: tuple[Section, ...]) -> RequirementDrafts:
    return await agents.ask(
        EXTRACTOR,
        part[0].anchor,
        (),
        _quoted(paper),
        title=paper.title,
        abstract=fence(paper.abstract),
        section=fence("\n\n".join(section.render() for section in part)),
    )


@uses(GAPS, VERIFIER, CHANGER)
async def complete_requirements(
    agents: Agents, paper: Paper, plan: OverallPlan, found: RequirementDrafts, refine: int
) -> Requirements:
    """Add requirements that span sections or that the paper leaves open; verify, refine and number them."""
    requirements = numbered(paper, found.requirements)
    parts = (paper_part(paper), plan_part(plan, *BRIEF))
    missing = await agents.ask(GAPS, "", (*parts, *requirements_part(requirements.items)), _quoted(paper))
    requirements = numbered(paper, (*requirements.items, *missing.requirements))
    for attempt in range(refine):
        critique = await violations(agents, GAPS, requirements, parts, attempt)
        if not critique.violations:
            break
        changes = await agents.ask(
            CHANGER,
            round_of(GAPS, attempt),
            (*parts, *requirements_part(requirements.items)),
            _quoted(paper),
            violations=critique.violations,
        )
        kept = (item for item in requirements.items if item.id not in changes.drop)
        requirements = numbered(paper, (*kept, *changes.requirements))
    return requirements


def _quoted(paper: Paper) -> Check[RequirementDrafts]:
    """Reject wrong quotes once; after that, they make their requirement an assumption."""
    return lambda drafts, attempt: unquoted(paper, drafts.requirements) if attempt == 0 else []


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
    proved = [_proved(paper, draft) for draft in _unrepeated(drafts)]
    last = len(place)
    proved.sort(key=lambda item: last if item[0].status == "assumed" else place.get(item[0].anchor, last))
    return Requirements(items=tuple(_number(index, *item) for index, item in enumerate(proved, 1)))


def _proved(paper: Paper, draft: RequirementDraft) -> tuple[RequirementDraft, bool]:
    draft = draft.model_copy(update={"anchor": draft.anchor.strip("[] ")})
    if draft.status == "assumed":
        return draft, False
    anchor = find_quote(paper, draft.quote, draft.anchor)
    if anchor is None:
        return draft.model_copy(update={"status": "assumed"}), False
    return draft.model_copy(update={"anchor": anchor}), True


def _number(index: int, draft: RequirementDraft, quote_found: bool) -> Requirement:
    fields = {name: getattr(draft, name) for name in RequirementDraft.model_fields}
    return Requirement(**fields, id=f"R{index}", quote_found=quote_found)


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
