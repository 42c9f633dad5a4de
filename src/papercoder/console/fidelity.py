"""The input-fidelity report in the terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from papercoder.paper.fidelity import Estimate, Fidelity, Outline

_COUNTS = ("equations", "tables", "algorithms", "figures", "references", "words", "tokens", "numbers")


def show(fidelity: Fidelity, console: Console) -> None:
    """Print the headings, the counts, the suspicions, the checks and, where there is one, the estimate."""
    console.print(_tree(fidelity))
    console.print(_counts(fidelity))
    if fidelity.estimate:
        console.print(_estimate(fidelity.estimate))
    if fidelity.files:
        console.print(Text(f"Read from: {', '.join(fidelity.files)}", style="dim"))
    for warning in fidelity.warnings:
        console.print(Text.assemble(("! ", "bold yellow"), warning))
    if fidelity.verdict:
        console.print(Text(fidelity.verdict, style="green"))
    made = "; ".join(check.name for check in fidelity.checks if check.made)
    console.print(Text(f"Checked: {made}.", style="dim"))
    for check in fidelity.checks:
        if not check.made:
            console.print(Text.assemble(("Not checked: ", "yellow"), f"{check.name} ({check.reason})."))


def _tree(fidelity: Fidelity) -> Tree:
    root = Tree(Text(fidelity.title or "(no title)", style="bold"))
    open_branches: list[tuple[int, Tree]] = [(0, root)]
    for section in fidelity.sections:
        while len(open_branches) > 1 and open_branches[-1][0] >= section.level:
            open_branches.pop()
        branch = open_branches[-1][1].add(_heading(section))
        open_branches.append((section.level, branch))
    return root


def _heading(section: Outline) -> Text:
    return Text.assemble((section.anchor, "cyan"), " ", section.title)


def _counts(fidelity: Fidelity) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in _COUNTS:
        table.add_column(name, justify="right")
    table.add_row(*(f"{getattr(fidelity, name):,}" for name in _COUNTS))
    return table


def _estimate(estimate: Estimate) -> Text:
    cost = "price unknown" if estimate.cost_usd is None else f"about ${estimate.cost_usd:,.2f}"
    tokens = f"{estimate.prompt_tokens:,} prompt and {estimate.completion_tokens:,} completion tokens"
    note = f" ({estimate.note})" if estimate.note else ""
    return Text(f"{estimate.model}: {estimate.calls} calls, {tokens}, {cost}{note}")
