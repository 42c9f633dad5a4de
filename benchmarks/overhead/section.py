"""The section about the overhead per call."""

from benchmarks.overhead.measure import FILES, REPORT, OverheadResults, Part
from benchmarks.results import Plot, Section, Table
from benchmarks.speed.measure import LATENCY
from papercoder.report.plots import Bar, bars

_ANSWER = 1500
"""Tokens of a typical answer."""


def section(results: OverheadResults) -> Section:
    """The section about the overhead per call."""
    call = LATENCY.seconds(_ANSWER)
    share = results.wall / 1000 / call
    sync = results.wall / results.wall_unsynced
    largest = max(_every_call(results), key=lambda part: part.cpu)
    meaning = (
        f"A call takes {results.cpu:.1f} ms of CPU time and {results.wall:.1f} ms of wall time without the model, "
        f"{share:.2%} of the {call:.0f} s that an answer of {_ANSWER:,} tokens takes. Syncing every answer and "
        f"artifact to the disk makes it {sync:.2f} times as long. The largest part is "
        f"{largest.name} ({largest.cpu / results.cpu:.0%})."
    )
    heads = ("of a call", "share of processor time", "processor, ms", "wall, ms", "wall without syncing, ms")
    whole = ("all of it", "100%", f"{results.cpu:.2f}", f"{results.wall:.2f}", f"{results.wall_unsynced:.2f}")
    return Section(
        title="Our own code for each call",
        command="python -m benchmarks.overhead [PAPER]",
        meaning=meaning,
        tables=(Table(heads, [whole, *(_row(part, results.cpu) for part in results.parts)]),),
        plots=(Plot("overhead", _plot(results), "Milliseconds of processor time for each call, by part."),),
        notes=(
            f"Profile `papercoder`, {FILES} files, {results.calls} calls of a model that answers at once; medians of "
            f"three runs. The work of the simulated model ({results.model_cpu:.1f} ms), the report and the reading of "
            f"the paper ({results.reading:.1f} s once per run) are not included. The rest is "
            "git, packaging and the event loop. Many calls wait for the disk at the same time, so "
            "walls of parts may add up to more than the whole.",
        ),
    )


def _every_call(results: OverheadResults) -> list[Part]:
    return [part for part in results.parts if part.name != REPORT]


def _row(part: Part, whole: float) -> list[str]:
    share = "" if part.name == REPORT else f"{part.cpu / whole:.0%}"
    return [part.name, share, f"{part.cpu:.2f}", f"{part.wall:.2f}", f"{part.wall_unsynced:.2f}"]


def _plot(results: OverheadResults) -> str:
    measured = sum(part.cpu for part in _every_call(results))
    rows = tuple(Bar(part.name, part.cpu, f"{part.cpu:.2f} ms") for part in _every_call(results))
    rest = max(results.cpu - measured, 0.0)
    return bars((*rows, Bar("all else", rest, f"{rest:.2f} ms")), "Our own processor time for each call", alone=True)
