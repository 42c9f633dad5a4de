"""What a reproduction costs and decides, in words."""

from benchmarks.charts import Series, lines
from benchmarks.reproduction.measure import DATASETS as DATA_SETS
from benchmarks.reproduction.measure import DRAWS, METHODS, SEEDS, ReproductionResults
from benchmarks.reproduction.repository import TRIALS
from benchmarks.results import Plot, Section, Table


def section(results: ReproductionResults) -> Section:
    """Of reproductions."""
    shortest, longest = results.reproduced[0], results.reproduced[-1]
    early = next(each for each in results.decided if each.share == 0.25)
    meaning = (
        f"A trial that computes nothing takes {shortest.trial / shortest.bare:.1f} times as long in the sandbox as "
        f"outside it; one that computes for {longest.length:.0f} s takes {longest.trial / longest.bare:.2f} times as "
        f"long. Of the time of all workers, {longest.share_used:.0%} goes to trials of {longest.length:.0f} s that "
        f"have a result. After a quarter of the time of one seed, the planner has decided {early.planned:.0%} of the "
        f"claims and the order of the code {early.in_code_order:.0%}."
    )
    costs = Table(
        ("a trial computes for", "in the sandbox, times outside", "share of the time in trials", "outside, s", "in, s"),
        [
            [
                f"{each.length:.0f} s",
                f"{each.trial / each.bare:.2f}",
                f"{each.share_used:.0%}",
                f"{each.bare:.2f}",
                f"{each.trial:.2f}",
            ]
            for each in results.reproduced
        ],
    )
    decided = Table(
        ("time, of one seed of everything", "planner", "order of the code"),
        [[f"{each.share:.0%}", f"{each.planned:.0%}", f"{each.in_code_order:.0%}"] for each in results.decided],
    )
    return Section(
        title="Reproduction",
        command="python -m benchmarks.reproduction",
        meaning=meaning,
        tables=(costs, decided),
        plots=(Plot("reproduction", _plot(results), "Claims decided against time: planner, order of the code."),),
        notes=(
            f"Each reproduction has {TRIALS} trials, as many at a time as there are cores; finding the environment, "
            "listing and planning count as time without trials. The orders are computed for "
            f"{METHODS} methods, {DATA_SETS} data sets and {SEEDS} seeds with a value for each method and data set and "
            "an ordering of each method against the first one; times differ by a factor of up to 100; means of "
            f"{DRAWS} draws.",
        ),
    )


def _plot(results: ReproductionResults) -> str:
    planned = Series("planner", [(100 * each.share, 100 * each.planned) for each in results.decided])
    plain = Series("order of the code", [(100 * each.share, 100 * each.in_code_order) for each in results.decided])
    return lines((planned, plain), "Claims decided, in percent", "time, in percent of one seed of everything")
