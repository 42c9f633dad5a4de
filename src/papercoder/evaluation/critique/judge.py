"""Judges by critique: what is wrong in a repository, and a score, sample by sample (Paper2Code, section 4.2)."""

from collections.abc import Awaitable, Callable, Iterator

from papercoder.agents.agent import Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.artifacts import CritiqueScore, InvalidSample, Judgement, JudgeName, Paper
from papercoder.concurrency import gather_all
from papercoder.errors import AnswerError, SettingsError
from papercoder.evaluation.critique.context import Case, prepare
from papercoder.evaluation.repository_view import Files, tree
from papercoder.evaluation.statistics import interval
from papercoder.runs.run import Run

FREE = Agent("judge_free", "judge", Json(Judgement), "judge_system")
PLAIN = Agent("judge_plain", "judge", Json(Judgement), "judge_system")
BASED = Agent("judge_based", "judge", Json(Judgement), "judge_system")


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
    """Judge a repository so many times, independently, and say what the judgements come to.

    The first sample goes ahead, so that the others, all at once, find what they read in the provider's cache.

    Args:
        run: where the samples are kept.
        name: which judge; `reference-free` sees how many files there are and their tree, as P2C-Ex does.
        paper: what the repository is held against.
        repository: its files that a judge may read.
        paths: all its files.
        gold: the authors' files; `reference-based` alone is shown them.
        samples: how often the judge is asked.
        folder: below the run's; one for each repository that is judged in this run.

    Raises:
        SettingsError: the judge needs the authors' files, and there are none.
        ModelError: the model could not be reached, or the case does not fit its context window.
        CostCapReached: the next call might exceed the cap.
    """
    case = await _case(run, name, paper, repository, paths, gold, folder)
    ahead = [await _sample(run, name, case, 1, folder)]
    others = await gather_all(_sample(run, name, case, number, folder) for number in range(2, samples + 1))
    given = [*ahead, *others]
    valid = {number: sample for number, sample in enumerate(given, 1) if isinstance(sample, Judgement)}
    await run.prune(f"{folder}/{name}", {f"{number}.json" for number in valid})
    return CritiqueScore(
        judge=name,
        score=interval([sample.score for sample in valid.values()]),
        samples=tuple(valid.values()),
        invalid=tuple(sample for sample in given if isinstance(sample, InvalidSample)),
        unseen=case.unseen,
        gold_unseen=case.gold_unseen,
    )


async def _case(
    run: Run[Agents], name: JudgeName, paper: Paper, repository: Files, paths: tuple[str, ...], gold: Files, folder: str
) -> Case:
    """What this judge reads."""
    if name == "reference-free-plain":
        return await prepare(run, PLAIN, paper, repository, paths, folder=folder)
    if name == "reference-free":
        return await prepare(run, FREE, paper, repository, paths, tree=tree(paths), folder=folder)
    if not gold:
        raise SettingsError("The judge reference-based needs the authors' repository, and it has no file to read.")
    return await prepare(run, BASED, paper, repository, paths, gold, tree(paths), folder)


async def _sample(run: Run[Agents], name: JudgeName, case: Case, number: int, folder: str) -> Judgement | InvalidSample:
    try:
        return await run.step(f"{folder}/{name}/{number}.json", _SAMPLE[name], case, number)
    except AnswerError as error:
        return InvalidSample(sample=number, reason=str(error))


@uses(FREE)
async def judge_free(agents: Agents, case: Case, sample: int) -> Judgement:
    """One sample of the judge that sees paper, tree and files (the P2C-Ex variant)."""
    return await agents.ask(FREE, f"sample {sample}", case.parts, _check(case))


@uses(PLAIN)
async def judge_plain(agents: Agents, case: Case, sample: int) -> Judgement:
    """One sample of the judge that sees paper and files alone, to compare with published numbers."""
    return await agents.ask(PLAIN, f"sample {sample}", case.parts, _check(case))


@uses(BASED)
async def judge_based(agents: Agents, case: Case, sample: int) -> Judgement:
    """One sample of the judge that sees the authors' files too."""
    return await agents.ask(BASED, f"sample {sample}", case.parts, _check(case))


_SAMPLE: dict[JudgeName, Callable[[Agents, Case, int], Awaitable[Judgement]]] = {
    "reference-free": judge_free,
    "reference-free-plain": judge_plain,
    "reference-based": judge_based,
}


def _check(case: Case) -> Callable[[Judgement, int], list[str]]:
    return lambda judgement, attempt: list(complaints(judgement, case.paths, attempt))


def complaints(judgement: Judgement, paths: tuple[str, ...], attempt: int) -> Iterator[str]:
    """A score that its critiques contradict; and, once, files that are not there."""
    if judgement.score == 5 and any(critique.severity == "high" for critique in judgement.critiques):
        yield "The score 5 says that all is right, but a critique is of high severity: one of the two is mistaken."
    unknown = {critique.file for critique in judgement.critiques} - {"", *paths}
    if attempt == 0:
        yield from (
            f"The repository has no file {name[:200]!r}. Name a file of it by its path, or leave `file` empty where a "
            "whole part is missing."
            for name in sorted(unknown)
        )
