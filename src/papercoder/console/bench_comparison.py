"""A comparison of benches in a terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from papercoder.bench.results import wording
from papercoder.bench.results.comparison import Comparison, SettingComparison

_STYLES = {"better": "green", "worse": "red", "noise": "dim", "few": "dim"}


def show_comparison(comparison: Comparison, console: Console) -> None:
    """Show a table per pair of settings, and a summary of the significant differences."""
    for contrast in comparison.contrasts:
        console.print(f"{contrast.before} → {contrast.after}", style="bold")
        console.print(_table(contrast))
        for remark in wording.remarks(contrast):
            console.print(remark, soft_wrap=True)
        console.print()
    if comparison.left_out:
        console.print(f"Without a counterpart: {', '.join(comparison.left_out)}.", soft_wrap=True)
    console.print(wording.headline(comparison), soft_wrap=True)


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
            wording.spread(one),
            wording.p_value(one.p_value),
            wording.p_value(one.adjusted),
            Text(wording.VERDICTS[one.verdict], _STYLES[one.verdict]),
        )
    return table
