"""Estimates the calls, tokens and cost of an evaluation."""

from collections.abc import Iterator
from dataclasses import dataclass

from papercoder.artifacts import JudgeName, Rubric
from papercoder.evaluation.execution import Observations
from papercoder.evaluation.repository_view import Files, size
from papercoder.evaluation.subject import EvaluationOptions, Subject
from papercoder.models.resolve import price_of_spec, window_of_spec
from papercoder.models.tokens import count_tokens
from papercoder.paper.fidelity import Estimate
from papercoder.report.formatting import amount, money, plural
from papercoder.settings import Settings

INSTRUCTIONS = 1_500
"""Prompt tokens of system message, task and answer format."""

SAMPLE, LEAF, SELECTION = 1_200, 400, 300
"""Completion tokens per answer."""


@dataclass(frozen=True)
class _Calls:
    """Similar calls."""

    number: int
    prompt: int
    completion: int


def estimate_costs(subject: Subject, options: EvaluationOptions, settings: Settings) -> Estimate:
    """Estimate an evaluation to an order of magnitude, from typical lengths of answers.

    It assumes an empty folder and no prompt cache. It needs no API key.

    Raises:
        SettingsError: the judges' model is invalid.
    """
    model = settings.model_for("judge")
    window = window_of_spec(model, settings)
    room = window - min(settings.max_tokens, window // 3)
    calls = [*_by_critique(subject, options, room), *_by_rubric(subject, room)]
    prompt = sum(each.number * each.prompt for each in calls)
    completion = sum(each.number * each.completion for each in calls)
    price = price_of_spec(model, settings)
    return Estimate(
        model=model,
        calls=sum(each.number for each in calls),
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost_usd=price.of(prompt, 0, completion) if price else None,
        note="cached prompts cost less and existing results are free",
    )


def estimate_text(estimate: Estimate) -> str:
    """The estimate in a sentence."""
    dollars = "price unknown" if estimate.cost_usd is None else f"about {money(estimate.cost_usd)}"
    return (
        f"Estimate: {plural(estimate.calls, 'call')} to {estimate.model}, {amount(estimate.prompt_tokens)} prompt "
        f"tokens and {amount(estimate.completion_tokens)} completion tokens, {dollars}; {estimate.note}."
    )


def _by_critique(subject: Subject, options: EvaluationOptions, room: int) -> Iterator[_Calls]:
    """Samples of each judge for the repository and each control."""
    for files in (subject.files, *(control.files for control in subject.controls)):
        for judge in options.judges:
            yield from _samples(subject, judge, files, options.samples, room)


def _samples(subject: Subject, judge: JudgeName, files: Files, samples: int, room: int) -> Iterator[_Calls]:
    """The samples, and the selection of files if the repositories are too large."""
    gold = _size(subject.gold) if judge == "reference-based" else 0
    paper = count_tokens(subject.paper.render())
    needed = paper + _size(files) + gold + INSTRUCTIONS
    if needed > room:
        yield _Calls(1, paper + INSTRUCTIONS, SELECTION)
    yield _Calls(samples, min(needed, room), SAMPLE)


def _by_rubric(subject: Subject, room: int) -> Iterator[_Calls]:
    """The leaves that need a judge, for the repository and each control that has files."""
    yield from _leaves(subject, subject.rubric, subject.files, subject.observed, room)
    for control in subject.controls:
        yield from _leaves(subject, subject.code_rubric, control.files, Observations(), room)


def _leaves(
    subject: Subject, rubric: Rubric | None, files: Files, observed: Observations, room: int
) -> Iterator[_Calls]:
    if rubric is None or not files:
        return
    categories = [leaf.task_category for leaf in rubric.leaves if leaf.task_category]
    judged = sum(not observed.unmet(category) for category in categories)
    needed = count_tokens(subject.paper.render()) + _size(files) + INSTRUCTIONS
    yield _Calls(judged, min(needed, room), LEAF)


def _size(files: Files) -> int:
    return sum(map(size, files))
