"""The claims: the numbers that the paper reports for its own experiments, each verified in its text."""

from collections.abc import Iterable

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import paper_part
from papercoder.artifacts import Artifact, Claim, ClaimDraft, Claims, Paper
from papercoder.paper.evidence import find_quote, numbers


class ClaimDrafts(Artifact):
    """The claims of the paper, as an agent lists them."""

    claims: tuple[ClaimDraft, ...] = ()


CLAIMANT = Agent("claims", "planning", Json(ClaimDrafts))


@uses(CLAIMANT)
async def extract_claims(agents: Agents, paper: Paper) -> Claims:
    """List the reported numbers; those that the paper's text does not contain are dropped."""

    def check(drafts: ClaimDrafts, attempt: int) -> list[str]:
        return unproved(paper, drafts.claims) if attempt == 0 else []

    drafts = await agents.ask(CLAIMANT, "", (paper_part(paper, (table.anchor for table in paper.tables)),), check)
    proved = [draft for draft in drafts.claims if not unproved(paper, [draft])]
    return Claims(items=tuple(Claim(**dict(draft), id=f"C{index}") for index, draft in enumerate(proved, 1)))


def unproved(paper: Paper, drafts: Iterable[ClaimDraft]) -> list[str]:
    """Problems of claims whose quote is not in the paper, or whose number is not in the quote."""
    found = []
    for draft in drafts:
        if find_quote(paper, draft.quote, draft.anchor) is None:
            found.append(f'The paper does not say "{draft.quote}" [{draft.anchor}]. Copy its words exactly.')
        elif not numbers(draft.quote) & {abs(draft.value), abs(draft.value) / 100}:
            found.append(f'"{draft.quote}" does not contain the number {draft.value:g}.')
    return found
