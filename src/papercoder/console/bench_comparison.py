"""A comparison of benches in a terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from papercoder.bench.results import wording
from papercoder.bench.results.comparison import Comparison, SettingComparison

_STYLES = {"better": "green", "worse": "red", "noise": "dim", "few": "dim"}


def show_comparison(comparison: Comparison, console: Console) -> None:
    """Show a table per pair of settings, and a summary of the significant differences."""
    for contrast in comparison.contrasts:
        console.print(escape(f"{contrast.before} → {contrast.after}"), style="bold", highlight=False)
        console.print(_table(contrast))
        for remark in wording.remarks(contrast):
            console.print(escape(remark), soft_wrap=True, highlight=False)
        console.print()
    if comparison.left_out:
        console.print(escape(f"Without a counterpart: {', '.join(comparison.left_out)}."), soft_wrap=True)
    console.print(escape(wording.headline(comparison)), soft_wrap=True, highlight=False)


def _table(contrast: SettingComparison) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("metric")
    for name in ("papers", "before", "after", "difference", "95 % interval", "p", "p, Holm"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict")
    for one in contrast.differences:
        table.add_row(
            wording.label(one),
            str(len(one.papers)),
            wording.value(one, one.before),
            wording.value(one, one.after),
            wording.change(one),
            escape(wording.spread(one)),
            wording.p_value(one.p_value),
            wording.p_value(one.adjusted),
            f"[{_STYLES[one.verdict]}]{wording.VERDICTS[one.verdict]}[/]",
        )
    return table
