from typing import get_args

import pytest

from papercoder.artifacts import Paper
from papercoder.models.contract import Price
from papercoder.operations.estimate import estimate
from papercoder.paper.draft import Draft, Heading, Picture, Text, assemble
from papercoder.settings import Coding

PRICE = Price(prompt=1.0, cached=0.1, completion=10.0)


def paper(sections: int) -> Paper:
    draft = Draft(title="A paper", abstract="What it does.")
    for number in range(1, sections + 1):
        draft.elements += [Heading(f"Part {number}", 1), Text("The weights are drawn from a normal law. " * 30)]
    return assemble(draft, "latex")


def test_each_stage_is_counted() -> None:
    found = estimate(paper(3), "a:b", PRICE, refine=1, files=8)
    planning, requirements, refinement = 4 + 3, 1, 4 + 4
    analysis, coding, reconciliation, reviews, revisions, tests = 8, 8, 1, 3 + 2, 4, 4
    written = analysis + coding + reconciliation
    assert found.calls == planning + requirements + refinement + written + reviews + revisions + tests


def test_dollars_follow_from_tokens() -> None:
    found = estimate(paper(3), "a:b", PRICE)
    assert found.cost_usd == pytest.approx(found.prompt_tokens / 1e6 + found.completion_tokens / 1e5)


def test_a_price_that_is_not_known_is_said() -> None:
    found = estimate(paper(3), "a:b", None)
    assert found.cost_usd is None
    assert "not known" in found.note


def test_more_takes_more() -> None:
    small, long, refined = (estimate(paper(n), "a:b", PRICE, refine=r) for n, r in ((3, 1), (9, 1), (3, 2)))
    assert small.prompt_tokens < long.prompt_tokens
    assert small.calls < refined.calls


def test_files_that_are_written_at_once_read_less_code_and_are_edited_once() -> None:
    parallel, layered = (estimate(paper(3), "a:b", PRICE, coding=order) for order in get_args(Coding))
    assert parallel.calls == layered.calls + 1
    assert parallel.prompt_tokens < layered.prompt_tokens


def test_each_figure_is_a_call_if_figures_are_described() -> None:
    with_figures = assemble(Draft(title="A paper", elements=[Picture("One."), Picture("Two.")]), "latex")
    without, described = (estimate(with_figures, "a:b", PRICE, figures=figures) for figures in (False, True))
    assert described.calls == without.calls + 2
    assert described.prompt_tokens > without.prompt_tokens + 2 * 1200
