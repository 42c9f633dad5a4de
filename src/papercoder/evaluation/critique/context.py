"""What a critique judge reads, within its model's context window.

If a repository is too large, an agent first selects the files that matter most (Paper2Code, section 4.2).
"""

import asyncio
from collections.abc import Iterable, Iterator

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import Part, paper_part, text_part
from papercoder.artifacts import Judgement, Paper, SelectedFiles
from papercoder.artifacts.base import Artifact
from papercoder.errors import AnswerError, ContextError
from papercoder.evaluation.repository_view import Excerpt, Files, excerpt, omitted_note, sizes_of
from papercoder.models.tokens import count_tokens
from papercoder.runs.events import Warned
from papercoder.runs.run import Run

SELECTOR = Agent("select_files", "judge", Json(SelectedFiles), ("judge_system",))

_TITLES = 100
"""Tokens of the headings."""


class JudgeContext(Artifact):
    """The context of all samples of a judge."""

    paper: Paper
    repository: str
    """The tree, if the judge gets it, the files and the list of omitted files."""

    gold: str = ""
    """The authors' repository; empty if the judge does not get it."""

    paths: tuple[str, ...]
    """All files of the repository."""

    omitted: tuple[str, ...] = ()
    gold_omitted: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """In the same order for every sample, so that all but the first use the provider's cache."""
        gold = (text_part("The authors' repository", self.gold),) if self.gold else ()
        return paper_part(self.paper), *gold, text_part("The repository to judge", self.repository)


async def build_context(
    run: Run[Agents],
    agent: Agent[Judgement],
    paper: Paper,
    repository: Files,
    paths: tuple[str, ...],
    gold: Files = (),
    tree: str = "",
    folder: str = "judges",
) -> JudgeContext:
    """Divide the context window among the paper, the tree and the repositories.

    Files get the room that the paper leaves, but at least half of the window; then the paper is shortened.

    Raises:
        ContextError: not even a part of one file fits.
    """
    available = run.context.available_tokens(agent)
    room = max(available - count_tokens(paper_part(paper).full), available // 2) - _TITLES - count_tokens(tree)
    sizes, gold_sizes = [await asyncio.to_thread(sizes_of, files) for files in (repository, gold)]
    first, rest = shares(room, sum(sizes.values()), sum(gold_sizes.values()))
    own = await select_excerpt(run, f"{folder}/selected.json", paper, "the repository", repository, sizes, first)
    title, artifact = "the authors' repository", f"{folder}/selected_gold.json"
    authors = await select_excerpt(run, artifact, paper, title, gold, gold_sizes, rest)
    if (repository and not own.text) or (gold and not authors.text):
        raise ContextError(
            f"{agent.name}: the context window of {run.context.models['judge'].name} is too small for the paper and "
            "one file of the repository. Choose a model with a larger window: --model judge=PROVIDER:NAME."
        )
    return JudgeContext(
        paper=paper,
        repository="\n\n".join(filter(None, [tree, _text(own)])),
        gold=_text(authors) if gold else "",
        paths=paths,
        omitted=own.omitted,
        gold_omitted=authors.omitted,
    )


def shares(room: int, one: int, other: int) -> tuple[int, int]:
    """Half of the room for each of two sizes; what one does not need goes to the other."""
    first = min(one, max(room // 2, room - other))
    return first, min(other, room - first)


def _text(part: Excerpt) -> str:
    files = part.text or "The repository has no readable file."
    return f"{files}\n\n{omitted_note(part.omitted)}" if part.omitted else files


async def select_excerpt(
    run: Run[Agents], artifact: str, paper: Paper, title: str, files: Files, sizes: dict[str, int], room: int
) -> Excerpt:
    """The files that fit into `room` tokens; if not all fit, an agent orders them by importance first."""
    if sum(sizes.values()) <= room:
        return await asyncio.to_thread(excerpt, files, sizes, room)
    try:
        first = (await run.step(artifact, select_files, paper, title, sizes)).paths
    except AnswerError as error:
        run.emit(Warned(where=artifact, message=f"{error} The judge reads code first, in the order of the paths."))
        first = ()
    return await asyncio.to_thread(excerpt, files, sizes, room - count_tokens(omitted_note(sizes)), first)


@uses(SELECTOR)
async def select_files(agents: Agents, paper: Paper, title: str, sizes: dict[str, int]) -> SelectedFiles:
    """Select the files that matter most for the paper's method and experiments, most important first.

    Args:
        agents: the agents of the run.
        paper: the paper.
        title: of the repository, in the prompt.
        sizes: path -> tokens.
    """

    def check(selected: SelectedFiles, attempt: int) -> list[str]:
        return list(complaints(selected, sizes, attempt))

    parts = paper_part(paper), _listing(title, sizes)
    selected = await agents.ask(SELECTOR, title, parts, check, repository=title)
    return SelectedFiles(paths=tuple(path for path in dict.fromkeys(selected.paths) if path in sizes))


def complaints(selected: SelectedFiles, paths: Iterable[str], attempt: int) -> Iterator[str]:
    """Unknown paths, in the first attempt only, and a selection without any known path."""
    unknown = [path for path in selected.paths if path not in paths]
    if attempt == 0:
        yield from (f"{path[:200]!r} is not in the list." for path in unknown)
    if len(unknown) == len(selected.paths):
        yield "Name at least one file of the list."


def _listing(title: str, sizes: dict[str, int]) -> Part:
    lines = [f"- {path} ({size} tokens)" for path, size in sizes.items()]
    code = [line for path, line in zip(sizes, lines, strict=True) if path.endswith(".py")]
    return text_part(f"The files of {title}", *("\n".join(form) for form in (lines, code, code[:200])))
