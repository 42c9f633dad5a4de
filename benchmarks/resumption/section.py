"""What killing and resuming takes, in words."""

from statistics import median

from benchmarks.results import Plot, Section, Table
from benchmarks.resumption.measure import ResumptionResults
from papercoder.report.plots import Bar, bars


def section(results: ResumptionResults) -> Section:
    """Of killed runs."""
    fresh, resumed = median(each.fresh for each in results.each), median(each.resumed for each in results.each)
    again = sum(each.paid_again for each in results.each)
    meaning = (
        f"A run that was killed while it wrote code is back at new work after {resumed / results.bare:.1f} times the "
        f"start of the bare command, {resumed / fresh:.2f} times what a new run takes to its first call. "
        f"{'No call that had been answered was paid for again.' if not again else f'{again} calls were paid again.'}"
    )
    heads = ("from the start of the process", "of the bare command", "s")
    rows = {"`papercoder --help`, to its end": results.bare, "a new run, to its first call": fresh}
    rows["a killed run, to its first new call"] = resumed
    counts = ("killed runs", "answered before", "in flight", "paid again")
    return Section(
        title="From a kill to new work",
        command="python -m benchmarks.resumption",
        meaning=meaning,
        tables=(
            Table(heads, [[name, f"{took / results.bare:.1f}", f"{took:.2f}"] for name, took in rows.items()]),
            Table(counts, [_counts(index, results) for index in range(len(results.each))]),
        ),
        plots=(Plot("resumption", _plot(rows), "Seconds from the start of a process, by what it does."),),
        notes=(
            f"`papercoder run` on the bundled paper, {results.files} files, killed with SIGKILL once the first file "
            f"was written; medians of {len(results.each)}. Both kinds of run read the paper before they call a model.",
        ),
    )


def _counts(index: int, results: ResumptionResults) -> list[str]:
    each = results.each[index]
    return [str(index + 1), str(each.kept), str(each.in_flight), str(each.paid_again)]


def _plot(rows: dict[str, float]) -> str:
    bare = [Bar(name.replace("`", "").partition(",")[0], took, f"{took:.2f} s") for name, took in rows.items()]
    return bars(tuple(bare), "Seconds to a result, a call, a new call", alone=True)
