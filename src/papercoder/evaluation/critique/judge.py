"""Critique judges: each sample lists the faults of a repository and gives a score (Paper2Code, section 4.2)."""

from collections.abc import Awaitable, Callable, Iterator

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.artifacts import CritiqueScore, InvalidSample, Judgement, JudgeName, Paper
from papercoder.concurrency import gather_all
from papercoder.errors import AnswerError, SettingsError
from papercoder.evaluation.critique.context import JudgeContext, build_context
from papercoder.evaluation.repository_view import Files, tree
from papercoder.evaluation.statistics import interval
from papercoder.runs.run import Run

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
    return lambda judgement, attempt: list(complaints(judgement, context.paths, attempt))


def complaints(judgement: Judgement, paths: tuple[str, ...], attempt: int) -> Iterator[str]:
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
