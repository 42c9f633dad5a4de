"""Estimates a run before it starts: calls, tokens and dollars for a paper and a model."""

from dataclasses import dataclass

from papercoder.artifacts import Paper
from papercoder.errors import SettingsError
from papercoder.models.contract import Price, count_tokens
from papercoder.models.resolve import price_of_spec
from papercoder.paper.fidelity import Estimate
from papercoder.settings import Coding, Settings
from papercoder.stages.planning.requirements import questions_of
from papercoder.stages.review import SHARED

FILES = 8
"""Files of a typical repository."""

_INSTRUCTIONS = 1_500
"""Prompt tokens of system, task and form of answer."""

_PLAN, _REQUIREMENTS, _DESIGN, _LOGIC, _CONFIG = 2_000, 6_000, 2_000, 4_000, 2_500
_ANALYSIS, _CODE, _CRITIQUE = 2_000, 2_500, 400
_CLAIMS, _DATA, _VERDICTS, _EDITS, _FIGURE = 3_000, 600, 1_200, 600, 500
"""Completion tokens of each answer."""

_IMAGE = 3_000
"""Prompt tokens of a figure with its caption."""

_IMPORTED = 2
"""Files whose code is shown to the one that imports them."""


@dataclass(frozen=True)
class _Stage:
    calls: int
    prompt: int
    """Tokens of one call's prompt."""

    completion: int
    """Tokens of one call's answer."""


def estimate(
    paper: Paper,
    model: str,
    price: Price | None,
    refine: int = 1,
    files: int = FILES,
    *,
    as_published: bool = False,
    coding: Coding = "parallel",
    figures: bool = False,
) -> Estimate:
    """Estimate a run in the full profile, or as the paper of PaperCoder describes it; with `figures` described or not.

    `coding` is the order in which the full profile writes files. The unit sizes are typical ones, so take it as an
    order of magnitude.
    """
    stages = _published_stages(paper, files) if as_published else _stages(paper, refine, files, coding)
    stages += [_Stage(len(paper.figures), _IMAGE, _FIGURE)] if figures else []
    prompt = sum(stage.calls * (stage.prompt + _INSTRUCTIONS) for stage in stages)
    completion = sum(stage.calls * stage.completion for stage in stages)
    rounds = f"{refine} round{'' if refine == 1 else 's'} of refinement"
    extent = f"{files} files" if as_published else f"{files} files, half of them revised, and {rounds}"
    note = f"for {extent}; a cached prefix costs less"
    return Estimate(
        model=model,
        calls=sum(stage.calls for stage in stages),
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost_usd=price.of(prompt, 0, completion) if price else None,
        note=note if price else f"{note}; the model's price is not known",
    )


def require_affordable(paper: Paper, settings: Settings) -> str:
    """Compare the cost limit with a new run of this paper; returns a warning if it is below the estimate, else ''.

    Raises:
        SettingsError: the limit is below what the first call may cost, so that nothing could be made.
    """
    name, limit = settings.model_for("planning"), settings.max_cost
    price = price_of_spec(name, settings)
    if limit is None or price is None:
        return ""
    first = first_call_cost(paper, price, settings.max_tokens)
    if first > limit:
        raise SettingsError(
            f"--max-cost: the first call for this paper may cost up to ${first:.2f}, more than the limit of "
            f"${limit:g}. Give a higher limit, or a lower --max-tokens."
        )
    figures = settings.has("vision")
    estimated = estimate(paper, name, price, settings.refine, coding=settings.coding, figures=figures)
    expected = estimated.cost_usd or 0.0
    if expected <= limit:
        return ""
    return f"about ${expected:.2f} is expected for this paper; the run will stop before it exceeds ${limit:g}"


def first_call_cost(paper: Paper, price: Price, max_tokens: int) -> float:
    """The most dollars that the first call for a paper may cost."""
    return price.of(count_tokens(paper.render()) + _INSTRUCTIONS, 0, max_tokens)


def _published_stages(paper: Paper, files: int) -> list[_Stage]:
    """Plan, design, logic and configuration one after the other, then each file is analysed and written."""
    text = count_tokens(paper.render())
    planned = text + _PLAN
    return [
        *(_Stage(1, planned, size) for size in (_PLAN, _DESIGN, _LOGIC, _CONFIG)),
        _Stage(files, planned + _DESIGN + _LOGIC + _CONFIG, _ANALYSIS),
        _Stage(files, text // 2 + _CONFIG + _LOGIC // 2 + _ANALYSIS + _IMPORTED * _CODE, _CODE),
    ]


def _stages(paper: Paper, refine: int, files: int, coding: Coding) -> list[_Stage]:
    text = count_tokens(paper.render())
    parts, cited = len(questions_of(paper)), text // 4
    imported = _IMPORTED * (_CODE if coding == "layered" else _LOGIC // files)
    designed, around = _REQUIREMENTS + _DESIGN + _CONFIG, cited + _CONFIG + (1 + _IMPORTED) * _CODE
    reviews, reviewed = -(-files * _CODE // SHARED), cited + _CONFIG + SHARED + _IMPORTED * _CODE
    return [
        _Stage(1, text, _PLAN),
        _Stage(parts, text // max(parts, 1), _REQUIREMENTS // max(parts, 1)),
        _Stage(1, text + _REQUIREMENTS, _REQUIREMENTS // 4),
        _Stage(1, text, _CLAIMS),
        _Stage(1, text // 2 + _REQUIREMENTS, _DATA),
        _Stage(1, _REQUIREMENTS, _DESIGN),
        _Stage(1, text + _REQUIREMENTS, _CONFIG),
        _Stage(1, designed, _LOGIC),
        *(_Stage(refine, text + _REQUIREMENTS, size) for size in (_CRITIQUE, _REQUIREMENTS // 8)),
        *(_Stage(refine, _REQUIREMENTS + _DESIGN, size) for size in (_CRITIQUE, _DESIGN // 4)),
        *(_Stage(refine, text + _REQUIREMENTS + _CONFIG, size) for size in (_CRITIQUE, _CONFIG // 4)),
        *(_Stage(refine, designed + _LOGIC, size) for size in (_CRITIQUE, _LOGIC // 4)),
        _Stage(files, cited + _CONFIG + _LOGIC // 4, _ANALYSIS),
        _Stage(files, cited + _CONFIG + _LOGIC // 4 + _ANALYSIS + imported, _CODE),
        _Stage(1 if coding == "parallel" else 0, files * _CODE // 2, _EDITS),
        _Stage(reviews, reviewed, files * _VERDICTS // reviews),
        _Stage(files // 2, around, _EDITS),
        _Stage(-(-reviews // 2), reviewed, files * _VERDICTS // reviews),
        _Stage(files // 2, around, _CODE),
    ]
