"""What the replayed answers say about tokens."""

from collections.abc import Iterable

from benchmarks.results import Plot, Section, Table
from benchmarks.tokens.measure import Spent, TokenResults
from papercoder.report.plots import Bar, bars

BEFORE = {
    "review": Spent(9, 130_342, 0, 9_561),
    "verify": Spent(5, 91_241, 0, 45),
    "analysis": Spent(6, 79_691, 0, 4_847),
    "coding": Spent(6, 67_501, 0, 9_062),
    "property_tests": Spent(3, 25_264, 0, 11_309),
    "logic": Spent(1, 20_908, 0, 3_731),
    "config": Spent(1, 16_548, 0, 2_844),
    "data": Spent(1, 16_516, 0, 260),
    "architecture": Spent(1, 15_761, 0, 2_434),
    "requirements": Spent(6, 15_430, 0, 6_181),
    "gaps": Spent(1, 14_078, 0, 740),
    "claims": Spent(1, 12_850, 0, 1_827),
    "overall_plan": Spent(1, 6_736, 0, 2_494),
}
"""The full pipeline with the prompts and the recording of commit 32bafc7 (30 November 2026), counted in this way."""

MOST_COMPLETION = 1.5
"""The aim: times the completion tokens of the published stages."""


def section(results: TokenResults) -> Section:
    """The section about tokens by agent."""
    full, published, before = total(results.full.values()), total(results.published.values()), total(BEFORE.values())
    of_published = full.completion / published.completion
    now, then = (f"{spent.prompt / results.reference:.1f}" for spent in (full, before))
    meaning = (
        f"The full pipeline takes {of_published:.1f} times the completion tokens of the published stages (aim: at most "
        f"{MOST_COMPLETION:g}) and {now} times the prompt tokens of the published client (before: {then}; aim: 1). "
        f"A provider's cache can give {full.cached / full.prompt:.0%} of them. The largest parts are "
        f"{' and '.join(_largest(results.full))}."
    )
    heads = ("agent", "calls", "prompt", "cached", "completion", "published: prompt", "published: completion")
    agents = [*results.full, *(agent for agent in BEFORE if agent not in results.full)]
    none = Spent(0, 0, 0, 0)
    rows = [
        _row(agent, *(part.get(agent, none) for part in (results.full, results.published, BEFORE))) for agent in agents
    ]
    return Section(
        title="Tokens by agent",
        command="python -m benchmarks.tokens",
        meaning=meaning,
        tables=(
            Table((*heads, "before: prompt", "before: completion"), [*rows, _row("all", full, published, before)]),
        ),
        plots=(Plot("agents", _plot(results), "Prompt tokens by agent."),),
        notes=(
            "The recorded answers of the example, replayed without a sandbox, so without repairs and diagnosis; "
            f"{results.retried} of {full.calls} calls followed a rejected answer. `published` is "
            "`--profile papercoder`, with recorded answers of its own; Paper2Code's client would send "
            f"{results.reference:,} prompt tokens for them. `before` is commit 32bafc7 with the recording that it had. "
            "A cache is assumed to keep leading messages of 1,024 tokens or more.",
        ),
    )


def total(parts: Iterable[Spent]) -> Spent:
    """All agents together."""
    found = [(part.calls, part.prompt, part.cached, part.completion) for part in parts]
    return Spent(*map(sum, zip(*found, strict=True)))


def _largest(parts: dict[str, Spent]) -> list[str]:
    whole = total(parts.values()).prompt
    return [f"{agent} ({part.prompt / whole:.0%})" for agent, part in list(parts.items())[:2]]


def _row(agent: str, full: Spent, published: Spent, before: Spent) -> list[str]:
    numbers = (full.prompt, full.cached, full.completion, published.prompt, published.completion)
    shown = (full.calls, *numbers, before.prompt, before.completion)
    return [agent, *(f"{number:,}" if number else "" for number in shown)]


def _plot(results: TokenResults) -> str:
    rows = tuple(Bar(agent, part.prompt, f"{part.prompt:,}") for agent, part in results.full.items())
    return bars(rows, "Prompt tokens by agent", alone=True)
