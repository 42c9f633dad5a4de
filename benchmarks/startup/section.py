"""What starting takes, in words."""

from benchmarks.results import Plot, Section, Table
from benchmarks.startup.measure import Start, StartupResults
from papercoder.report.plots import Bar, bars


def section(results: StartupResults) -> Section:
    """The section about startup times."""
    alone, *others = results.starts
    slowest = max(others, key=lambda start: start.seconds)
    meaning = (
        f"The slowest of these, `{slowest.command}`, takes {slowest.seconds / alone.seconds:.0f} times as long as "
        f"Python alone, {slowest.seconds:.2f} s. pydantic, which settings and artifacts use, is shown for comparison."
    )
    heads = ("", "of Python alone", "median, s", "least, s", "most, s")
    return Section(
        title="Starting",
        command="python -m benchmarks.startup",
        meaning=meaning,
        tables=(Table(heads, [_row(start, alone) for start in results.starts]),),
        plots=(Plot("startup", _plot(results.starts), "Times as long as Python alone, by command."),),
        notes=(f"Medians of {results.runs} runs of each, in turn, after one that does not count.",),
    )


def _row(start: Start, alone: Start) -> list[str]:
    times = (f"{value:.3f}" for value in (start.seconds, start.least, start.most))
    return [f"`{start.command}`", f"{start.seconds / alone.seconds:.1f}", *times]


def _plot(starts: tuple[Start, ...]) -> str:
    alone = starts[0].seconds
    rows = [Bar(start.command, start.seconds / alone, f"{start.seconds / alone:.1f}") for start in starts]
    return bars(tuple(rows), "Start, in times of Python alone", alone=True)
