"""What the runs say: of time, and of tokens and dollars."""

from collections.abc import Sequence
from math import log
from statistics import linear_regression

from benchmarks.charts import Series, lines
from benchmarks.results import Plot, Section, Table
from benchmarks.speed import reference
from benchmarks.speed.measure import LATENCY, NARROW, PRICE, FullRuns, Graph, Measured, Replayed, SpeedResults, Spent

_COMMAND = "python -m benchmarks.speed [PAPER]"
_REFERENCE = (
    "The reference is Paper2Code's client, modelled from the same answers: 4 + 2N requests one after the other, each "
    "code prompt with all code before it, counted without instructions of its own."
)


def sections(results: SpeedResults) -> tuple[Section, Section]:
    """Of time, and of tokens."""
    return _speed(results), _tokens(results)


def _serial(run: Measured) -> float:
    return reference.seconds(run.sizes, LATENCY)


def _narrow(results: SpeedResults) -> list[Measured]:
    return [run for run in results.published if run.graph in NARROW]


def _speed(results: SpeedResults) -> Section:
    runs = results.published
    worst = max(runs, key=_over)
    most = max(runs, key=lambda run: _serial(run) / run.seconds)
    largest = results.full[-1]
    share = f"{largest.parallel / largest.layered:.0%}"
    one, other = results.example
    meaning = (
        f"A run waits for the longest chain of calls that need each other, and at most {_over(worst):.1%} more. It "
        f"is up to {_serial(most) / most.seconds:.1f} times as fast as the serial client. In layers, what bounds it is "
        "the chain of imports: a flatter graph of as many files is done sooner. By default no file waits "
        f"for another: at {largest.graph.files} files the full pipeline takes {share} of the time that it takes in "
        f"layers, and {largest.planning / largest.parallel:.0%} of that is planning. The answers of the example take "
        f"{other.seconds / one.seconds:.0%}."
    )
    ratios = ("over the critical path", "times as fast as the reference")
    heads = ("files", "width", *ratios, "seconds", "critical path, s", "reference, s", "our own, s")
    orders = ("full pipeline, files", "parallel of layered", "planning of parallel", "layered, s", "parallel, s")
    return Section(
        title="Speed",
        command=_COMMAND,
        meaning=meaning,
        tables=(
            Table(heads, [_time_row(run) for run in runs]),
            Table((*orders, "planning, s"), [_order_row(each) for each in results.full]),
            replayed_table(results.example),
        ),
        plots=(Plot("speed", _time_plot(results), "Seconds by files: reference, both orders of coding."),),
        notes=(
            f"{results.paper}; the first table has the profile `papercoder`. Seconds are modelled: those of waiting "
            "for the model, while our own work takes no time. That work is given in real seconds of this machine, with "
            "the work of the simulated model in it. The last table replays the recorded answers of the example at the "
            "same pace: seconds from the start of the run.",
            _REFERENCE,
        ),
    )


def _over(run: Measured) -> float:
    return max(0.0, run.seconds / run.critical_path - 1)


def _time_row(run: Measured) -> list[str]:
    return [
        str(run.graph.files),
        str(run.graph.width),
        f"{_over(run):.1%}",
        f"{_serial(run) / run.seconds:.1f}",
        f"{run.seconds:.0f}",
        f"{run.critical_path:.0f}",
        f"{_serial(run):.0f}",
        f"{run.own:.1f}",
    ]


def _order_row(runs: FullRuns) -> list[str]:
    return [
        str(runs.graph.files),
        f"{runs.parallel / runs.layered:.0%}",
        f"{runs.planning / runs.parallel:.0%}",
        f"{runs.layered:.0f}",
        f"{runs.parallel:.0f}",
        f"{runs.planning:.0f}",
    ]


def replayed_table(runs: tuple[Replayed, Replayed]) -> Table:
    """When the calls of each agent begin and end, with both orders of coding."""
    layered, parallel = runs
    rows = [
        [agent, *(f"{at:.0f}" for span in (layered.agents.get(agent, span), span) for at in (span.began, span.ended))]
        for agent, span in parallel.agents.items()
    ]
    share = f"all, {parallel.seconds / layered.seconds:.0%} of layered"
    rows.append([share, "0", f"{layered.seconds:.0f}", "0", f"{parallel.seconds:.0f}"])
    return Table(("agent", "layered: from", "to", "parallel: from", "to"), rows)


def _time_plot(results: SpeedResults) -> str:
    runs = _narrow(results)
    series = (
        Series("reference", [(run.graph.files, _serial(run)) for run in runs]),
        Series("as published", [(run.graph.files, run.seconds) for run in runs]),
        Series("full, layered", [(each.graph.files, each.layered) for each in results.full]),
        Series("full, parallel", [(each.graph.files, each.parallel) for each in results.full]),
    )
    return lines(series, "Modelled seconds by files, width 4", "files")


def _tokens(results: SpeedResults) -> Section:
    runs = _narrow(results)
    sizes = [run.graph.files for run in runs]
    own = _growth(sizes, [run.spent.prompt for run in runs])
    theirs = _growth(sizes, [reference.prompt_tokens(run.sizes) for run in runs])
    whole = _growth([each.graph.files for each in results.full], [each.spent.usd for each in results.full])
    largest = runs[-1]
    share = largest.spent.prompt / reference.prompt_tokens(largest.sizes)
    meaning = (
        f"Prompt tokens grow as N^{own:.2f} with the number of files, those of the reference as N^{theirs:.2f}: at "
        f"{largest.graph.files} files {share:.0%} of its tokens are sent, since a prompt has the code that a file "
        f"imports and not all that was written. The dollars of the whole line, with requirements, verification, "
        f"reviews and tests, grow as N^{whole:.2f}."
    )
    ratios = ("of the reference's prompt", "read from the cache")
    heads = ("profile, files", *ratios, "dollars", "prompt", "cached", "completion", "reference's prompt")
    rows = [_token_row("papercoder", run.graph, run.spent, run) for run in runs]
    rows += [_token_row("full", each.graph, each.spent) for each in results.full]
    return Section(
        title="Tokens and dollars",
        command=_COMMAND,
        meaning=meaning,
        tables=(Table(heads, rows),),
        plots=(Plot("tokens", _token_plot(results), "Prompt tokens by files: reference, whole line, as published."),),
        notes=(
            f"At ${PRICE.prompt:g}, ${PRICE.cached:g} from the cache and ${PRICE.completion:g} for completion, for a "
            "million tokens each; the cache is simulated as that of a provider which keeps every prefix of 1,024 "
            "tokens or more. `papercoder` is the line as published, `full` the whole one, with nothing to repair.",
        ),
    )


def _growth(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The exponent b of value = a * size^b, by least squares on the logarithms."""
    return linear_regression(list(map(log, sizes)), list(map(log, values))).slope


def _token_row(profile: str, graph: Graph, spent: Spent, run: Measured | None = None) -> list[str]:
    theirs = reference.prompt_tokens(run.sizes) if run else None
    return [
        f"{profile}, {graph.files}",
        f"{spent.prompt / theirs:.0%}" if theirs else "",
        f"{spent.cached / spent.prompt:.0%}",
        f"${spent.usd:.2f}",
        f"{spent.prompt:,}",
        f"{spent.cached:,}",
        f"{spent.completion:,}",
        f"{theirs:,}" if theirs else "",
    ]


def _token_plot(results: SpeedResults) -> str:
    runs = _narrow(results)
    series = (
        Series("reference", [(run.graph.files, reference.prompt_tokens(run.sizes)) for run in runs]),
        Series("full pipeline", [(each.graph.files, each.spent.prompt) for each in results.full]),
        Series("as published", [(run.graph.files, run.spent.prompt) for run in runs]),
    )
    return lines(series, "Prompt tokens by files, width 4", "files")
