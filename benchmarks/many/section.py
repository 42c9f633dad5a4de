"""The section about many papers at once."""

from benchmarks.many.heartbeat import BEAT
from benchmarks.many.measure import ManyResults, Watched
from benchmarks.many.watching import EVERY
from benchmarks.results import Plot, Section, Table
from papercoder.report.plots import Bar, bars


def section(results: ManyResults) -> Section:
    """The section about many papers at once."""
    together = results.together
    rows = {"one paper alone": results.alone, f"{together.load.papers} in one process": together}
    if results.on_ray:
        rows[f"{together.load.papers} on Ray, two nodes"] = results.on_ray
    heads = (
        "",
        "of one paper's time",
        "papers complete",
        "wall, s",
        "memory, MiB",
        "open files",
        "threads",
        "processes",
    )
    lag_heads = ("event loop late", "median, ms", "99 %, ms", "most, ms", "beats")
    cost_heads = ("calls", "all", "a second", "a modelled second", "processor a call, ms", "of that in other programs")
    return Section(
        title=f"{together.load.papers} papers at once",
        command="python -m benchmarks.many [PAPERS] [--files N] [--speed X] [--no-ray]",
        meaning=_meaning(results),
        tables=(
            Table(heads, [_row(name, each, results) for name, each in rows.items()]),
            Table(lag_heads, [_lag_row(name, each) for name, each in rows.items()]),
            Table(cost_heads, [_call_row(name, each, results) for name, each in rows.items() if each.load.cpu]),
        ),
        plots=(Plot("many", _plot(rows), "Seconds until all papers were done, by where they were carried out."),),
        notes=(
            f"The bundled paper, {results.files} files of width 4, the whole line but the sandbox, a model "
            f"{results.speed:g} times as fast as the modelled one, no limit to the calls at once. Memory is the sum of "
            "the shares of all processes of the tree; it, files, threads and processes are looked at every "
            f"{EVERY:g} s, and each is the most of any look. The event loop's lateness is that of a task which sleeps "
            f"{BEAT * 1000:.0f} ms again and again; on Ray it is the driver's, and the hosts' is not measured.",
            *(f"Not complete, {name}: {reason}" for name, each in rows.items() for reason in each.load.reasons),
            "" if results.on_ray else "Not measured on Ray: it is not installed, or was left out.",
        ),
    )


def _meaning(results: ManyResults) -> str:
    alone, together = results.alone.load, results.together.load
    ratio = together.wall / alone.wall
    busy = (together.cpu + together.cpu_of_others) / together.wall
    said = (
        f"{together.papers} papers at once take {ratio:.1f} times as long as one alone, and keep {busy:.1f} cores "
        f"busy; the load is {together.calls / together.wall:.0f} calls a second, where a model of the modelled pace "
        f"would see {_modelled(results.together, results):.0f}. {together.complete} of {together.papers} ended "
        f"complete. A task on the event loop waits {1000 * together.lag.p99:.0f} ms at the most in 99 of 100 cases."
    )
    if results.on_ray:
        far = results.on_ray.load
        said += f" On a cluster of two nodes on the same machine they take {far.wall / alone.wall:.1f} times as long."
    return said


def _modelled(each: Watched, results: ManyResults) -> float:
    """Calls per second if each paper took its modelled time."""
    return each.load.calls / (results.alone.load.wall * results.speed)


def _row(name: str, each: Watched, results: ManyResults) -> list[str]:
    held, load = each.held, each.load
    return [
        name,
        f"{load.wall / results.alone.load.wall:.1f}",
        f"{load.complete} of {load.papers}",
        f"{load.wall:.0f}",
        f"{held.memory_mib:,.0f}",
        f"{held.files:,}",
        f"{held.threads:,}",
        f"{held.processes:,}",
    ]


def _lag_row(name: str, each: Watched) -> list[str]:
    lag = each.load.lag
    return [name, *(f"{1000 * value:.1f}" for value in (lag.median, lag.p99, lag.most)), f"{lag.beats:,}"]


def _call_row(name: str, each: Watched, results: ManyResults) -> list[str]:
    load = each.load
    cpu = load.cpu + load.cpu_of_others
    return [
        name,
        f"{load.calls:,}",
        f"{load.calls / load.wall:.1f}",
        f"{_modelled(each, results):.1f}",
        f"{1000 * cpu / load.calls:.1f}" if each is not results.on_ray else "not measured",
        f"{load.cpu_of_others / cpu:.0%}" if each is not results.on_ray else "not measured",
    ]


def _plot(rows: dict[str, Watched]) -> str:
    wall = (Bar(name, each.load.wall, f"{each.load.wall:.0f} s") for name, each in rows.items())
    return bars(tuple(wall), "Wall time", alone=True)
