"""What an evaluation will take, before it takes anything: calls, tokens and dollars for a subject and a model."""

from collections.abc import Iterator
from dataclasses import dataclass

from papercoder.artifacts import JudgeName, Rubric
from papercoder.evaluation.execution import Observed
from papercoder.evaluation.repository_view import Files, size
from papercoder.evaluation.subject import Subject, Wanted
from papercoder.models.resolve import price_of_spec, window_of_spec
from papercoder.models.tokens import count_tokens
from papercoder.paper.fidelity import Estimate
from papercoder.report.formatting import amount, money, plural
from papercoder.settings import Settings

INSTRUCTIONS = 1_500
"""Prompt tokens of system, task and form of answer."""

SAMPLE, LEAF, SELECTION = 1_200, 400, 300
"""Completion tokens of each answer."""


@dataclass(frozen=True)
class _Asked:
    """Calls that are alike."""

    calls: int
    prompt: int
    completion: int


def forecast(subject: Subject, wanted: Wanted, settings: Settings) -> Estimate:
    """Estimate an evaluation; the lengths of answers are typical ones, so take it as an order of magnitude.

    Every sample is counted with its whole prompt, as if there were no cache, and nothing as judged before. No key is
    needed.

    Raises:
        SettingsError: the judges' model is not what it should be.
    """
    model, room = settings.model_for("judge"), _room(settings)
    asked = [*_by_critique(subject, wanted, room), *_by_rubric(subject, room)]
    prompt = sum(each.calls * each.prompt for each in asked)
    completion = sum(each.calls * each.completion for each in asked)
    price = price_of_spec(model, settings)
    return Estimate(
        model=model,
        calls=sum(each.calls for each in asked),
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost_usd=price.of(prompt, 0, completion) if price else None,
        note="a cached prefix costs less, and what was judged before costs nothing",
    )


def _room(settings: Settings) -> int:
    """Tokens that the judges' model can read at once."""
    window = window_of_spec(settings.model_for("judge"), settings)
    return window - min(settings.max_tokens, window // 3)


def in_words(estimate: Estimate) -> str:
    """The estimate in a sentence."""
    dollars = "at a price that is not known" if estimate.cost_usd is None else f"about {money(estimate.cost_usd)}"
    return (
        f"foreseen: {plural(estimate.calls, 'call')} of {estimate.model}, {amount(estimate.prompt_tokens)} prompt "
        f"tokens and {amount(estimate.completion_tokens)} completion tokens, {dollars}; {estimate.note}"
    )


def _by_critique(subject: Subject, wanted: Wanted, room: int) -> Iterator[_Asked]:
    """Each judge's samples of the repository and of each control."""
    for files in (subject.files, *(control.files for control in subject.controls)):
        for judge in wanted.judges:
            yield from _samples(subject, judge, files, wanted.samples, room)


def _samples(subject: Subject, judge: JudgeName, files: Files, samples: int, room: int) -> Iterator[_Asked]:
    """The samples, and before them the choice of files where the repositories are too large to be read whole."""
    gold = _size(subject.gold) if judge == "reference-based" else 0
    paper = count_tokens(subject.paper.render())
    needed = paper + _size(files) + gold + INSTRUCTIONS
    if needed > room:
        yield _Asked(1, paper + INSTRUCTIONS, SELECTION)
    yield _Asked(samples, min(needed, room), SAMPLE)


def _by_rubric(subject: Subject, room: int) -> Iterator[_Asked]:
    """The leaves that need a judge, of the repository and of each control; of no file, none does."""
    yield from _leaves(subject, subject.rubric, subject.files, subject.observed, room)
    for control in subject.controls:
        yield from _leaves(subject, subject.code_rubric, control.files, Observed(), room)


def _leaves(subject: Subject, rubric: Rubric | None, files: Files, observed: Observed, room: int) -> Iterator[_Asked]:
    if rubric is None or not files:
        return
    categories = [leaf.task_category for leaf in rubric.leaves if leaf.task_category]
    asked = sum(not observed.unmet(category) for category in categories)
    needed = count_tokens(subject.paper.render()) + _size(files) + INSTRUCTIONS
    yield _Asked(asked, min(needed, room), LEAF)


def _size(files: Files) -> int:
    return sum(map(size, files))
