"""The case before a critique judge: all that it reads, within its model's window."""

import asyncio

from papercoder.agents.agent import Agent, Agents
from papercoder.agents.context import Part, paper_part, text_part
from papercoder.artifacts import Judgement, Paper
from papercoder.artifacts.base import Artifact
from papercoder.errors import ContextError
from papercoder.evaluation.critique.selection import fitted, left_out
from papercoder.evaluation.repository_view import Files, Shown, sizes_of
from papercoder.models.tokens import count_tokens
from papercoder.runs.run import Run


class Case(Artifact):
    """What all samples of a judge have in common."""

    paper: Paper
    repository: str
    """Its tree, where the judge sees it, its files, and the names of those that were left out."""

    gold: str = ""
    """The authors' repository; empty where the judge does not see it."""

    paths: tuple[str, ...]
    """All files of the repository."""

    unseen: tuple[str, ...] = ()
    gold_unseen: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """To read in this order, the same for every sample, so that a provider's cache serves all but the first."""
        gold = (text_part("The authors' repository", self.gold),) if self.gold else ()
        return paper_part(self.paper), *gold, text_part("The repository to judge", self.repository)


async def prepare(
    run: Run[Agents],
    agent: Agent[Judgement],
    paper: Paper,
    repository: Files,
    paths: tuple[str, ...],
    gold: Files = (),
    tree: str = "",
    folder: str = "judges",
) -> Case:
    """Share the window of the agent's model among paper, tree and repositories.

    Raises:
        ContextError: not even a part of one file fits.
    """
    room = _room(run.context, agent, paper) - count_tokens(tree)
    sizes, gold_sizes = [await asyncio.to_thread(sizes_of, files) for files in (repository, gold)]
    first, rest = shares(room, sum(sizes.values()), sum(gold_sizes.values()))
    own = await fitted(run, f"{folder}/selected.json", paper, "the repository", repository, sizes, first)
    whose, kept = "the authors' repository", f"{folder}/selected_gold.json"
    theirs = await fitted(run, kept, paper, whose, gold, gold_sizes, rest)
    if (repository and not own.text) or (gold and not theirs.text):
        raise ContextError(
            f"{agent.name}: {run.context.models['judge'].name} cannot read even one file of the repository beside the "
            "paper. Choose a model with a larger window: --model judge=PROVIDER:NAME."
        )
    return Case(
        paper=paper,
        repository="\n\n".join(filter(None, [tree, _text(own)])),
        gold=_text(theirs) if gold else "",
        paths=paths,
        unseen=own.unseen,
        gold_unseen=theirs.unseen,
    )


def shares(room: int, one: int, other: int) -> tuple[int, int]:
    """Half of the room for each of two sizes, and what one does not need for the other."""
    first = min(one, max(room // 2, room - other))
    return first, min(other, room - first)


def _room(agents: Agents, agent: Agent[Judgement], paper: Paper) -> int:
    """Tokens for files: what the paper leaves, and half of the window at least, for which the paper is shortened."""
    room = agents.available_tokens(agent)
    return max(room - count_tokens(paper_part(paper).full), room // 2) - _TITLES


_TITLES = 100
"""Tokens of the headings around what is shown."""


def _text(shown: Shown) -> str:
    files = shown.text or "There is no file that could be read."
    return f"{files}\n\n{left_out(shown.unseen)}" if shown.unseen else files
