"""Critique judges: each sample lists the faults of a repository and gives a score (Paper2Code, section 4.2).

If a repository is too large, an agent first selects the files that matter most (Paper2Code, section 4.2).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import Part, paper_part, text_part
from papercoder.artifacts import Artifact, CritiqueScore, InvalidSample, Judgement, JudgeName, Paper, SelectedFiles
from papercoder.concurrency import gather_all
from papercoder.errors import AnswerError, ContextError, SettingsError
from papercoder.evaluation.repository_view import Excerpt, Files, excerpt, omitted_note, sizes_of, tree
from papercoder.evaluation.statistics import interval
from papercoder.models.contract import count_tokens
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
        return list(selection_complaints(selected, sizes, attempt))

    parts = paper_part(paper), _listing(title, sizes)
    selected = await agents.ask(SELECTOR, title, parts, check, repository=title)
    return SelectedFiles(paths=tuple(path for path in dict.fromkeys(selected.paths) if path in sizes))


def selection_complaints(selected: SelectedFiles, paths: Iterable[str], attempt: int) -> Iterator[str]:
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


FREE = Agent("judge_free", "judge", Json(Judgement), ("judge_system",))
PLAIN = Agent("judge_plain", "judge", Json(Judgement), ("judge_system",))
BASED = Agent("judge_based", "judge", Json(Judgement), ("judge_system",))


async def judge(
    run: Run[Agents],
    name: JudgeName,
    paper: Paper,
    repository: Files,
    paths: tuple[str, ...],
    gold: Files,
    samples: int,
    folder: str = "judges",
) -> CritiqueScore:
    """Judge a repository with independent samples and return their mean score.

    The first sample runs alone, so that the others, which run concurrently, use the provider's cache.

    Args:
        run: stores the samples.
        name: the judge; `reference-free` also gets the number and the tree of files, as in P2C-Ex.
        paper: the paper to compare with.
        repository: the files that a judge may read.
        paths: all files of the repository.
        gold: the authors' files, for `reference-based` only.
        samples: number of samples.
        folder: in the run folder; a different one for each judged repository.

    Raises:
        SettingsError: the judge needs the authors' files, but there are none.
        ModelError: the model cannot be reached, or its context window is too small.
        CostCapReached: the next call might exceed the cap.
    """
    context = await _context(run, name, paper, repository, paths, gold, folder)
    first = await _sample(run, name, context, 1, folder)
    others = await gather_all(_sample(run, name, context, number, folder) for number in range(2, samples + 1))
    given = [first, *others]
    valid = {number: sample for number, sample in enumerate(given, 1) if isinstance(sample, Judgement)}
    await run.prune(f"{folder}/{name}", {f"{number}.json" for number in valid})
    return CritiqueScore(
        judge=name,
        score=interval([sample.score for sample in valid.values()]),
        samples=tuple(valid.values()),
        invalid=tuple(sample for sample in given if isinstance(sample, InvalidSample)),
        unseen=context.omitted,
        gold_unseen=context.gold_omitted,
    )


async def _context(
    run: Run[Agents], name: JudgeName, paper: Paper, repository: Files, paths: tuple[str, ...], gold: Files, folder: str
) -> JudgeContext:
    if name == "reference-free-plain":
        return await build_context(run, PLAIN, paper, repository, paths, folder=folder)
    if name == "reference-free":
        return await build_context(run, FREE, paper, repository, paths, tree=tree(paths), folder=folder)
    if not gold:
        raise SettingsError("The judge reference-based needs the authors' repository, but it has no readable file.")
    return await build_context(run, BASED, paper, repository, paths, gold, tree(paths), folder)


async def _sample(
    run: Run[Agents], name: JudgeName, context: JudgeContext, number: int, folder: str
) -> Judgement | InvalidSample:
    try:
        return await run.step(f"{folder}/{name}/{number}.json", _SAMPLE[name], context, number)
    except AnswerError as error:
        return InvalidSample(sample=number, reason=str(error))


@uses(FREE)
async def judge_free(agents: Agents, context: JudgeContext, sample: int) -> Judgement:
    """One sample of the judge that reads paper, tree and files (the P2C-Ex variant)."""
    return await agents.ask(FREE, f"sample {sample}", context.parts, _check(context))


@uses(PLAIN)
async def judge_plain(agents: Agents, context: JudgeContext, sample: int) -> Judgement:
    """One sample of the judge that reads only paper and files, for comparison with published numbers."""
    return await agents.ask(PLAIN, f"sample {sample}", context.parts, _check(context))


@uses(BASED)
async def judge_based(agents: Agents, context: JudgeContext, sample: int) -> Judgement:
    """One sample of the judge that also reads the authors' files."""
    return await agents.ask(BASED, f"sample {sample}", context.parts, _check(context))


_SAMPLE: dict[JudgeName, Callable[[Agents, JudgeContext, int], Awaitable[Judgement]]] = {
    "reference-free": judge_free,
    "reference-free-plain": judge_plain,
    "reference-based": judge_based,
}


def _check(context: JudgeContext) -> Callable[[Judgement, int], list[str]]:
    return lambda judgement, attempt: list(judgement_complaints(judgement, context.paths, attempt))


def judgement_complaints(judgement: Judgement, paths: tuple[str, ...], attempt: int) -> Iterator[str]:
    """A score that contradicts the critiques and, in the first attempt only, unknown files."""
    if judgement.score == 5 and any(critique.severity == "high" for critique in judgement.critiques):
        yield "Score 5 means that everything is correct, but a critique has high severity. Correct one of them."
    unknown = {critique.file for critique in judgement.critiques} - {"", *paths}
    if attempt == 0:
        yield from (
            f"The repository has no file {name[:200]!r}. Give the path of an existing file, or leave `file` empty if "
            "a whole part is missing."
            for name in sorted(unknown)
        )
