"""Marked changes: what latexdiff, ulem, soul and the changes package cross out is not the paper's word."""

from papercoder.paper.latex.expansion.expander import Action, Expander
from papercoder.paper.latex.tokens import join


def struck(expander: Expander, command: str) -> None:
    """Crossed-out text is dropped and counted; in a formula, `\\cancel` is notation and stays."""
    if command.endswith("cancel") and expander.mode.is_math:
        expander.emit(command)
        return
    expander.stream.option()
    _drop(expander)


def added(expander: Expander, _: str) -> None:
    """New text stays, without its mark."""
    expander.stream.option()
    expander.stream.push(expander.stream.argument())


def replaced(expander: Expander, _: str) -> None:
    """`\\replaced{new}{old}`."""
    expander.stream.option()
    new = expander.stream.argument()
    _drop(expander)
    expander.stream.push(new)


def edited(expander: Expander, command: str) -> None:
    """AASTeX's `\\edit1{new}`."""
    if expander.stream.peek[:1].isdecimal():
        expander.stream.character()
    else:
        expander.emit(command)


def of_trackchanges(expander: Expander, command: str) -> None:
    """The package's `\\add`, `\\remove` and `\\change{old}{new}`, names that mean something else without it."""
    if "trackchanges" not in expander.packages:
        expander.emit(command)
        return
    expander.stream.option()
    if command != "\\add":
        _drop(expander)
    if command != "\\remove":
        expander.stream.push(expander.stream.argument())


def _drop(expander: Expander) -> None:
    old = " ".join(join(expander.stream.argument()).split())
    if old:
        expander.struck.append(old)


CHANGES: dict[str, Action] = {
    "\\DIFdel": struck,
    "\\DIFdelFL": struck,
    "\\sout": struck,
    "\\st": struck,
    "\\xout": struck,
    "\\cancel": struck,
    "\\bcancel": struck,
    "\\xcancel": struck,
    "\\deleted": struck,
    "\\DIFadd": added,
    "\\DIFaddFL": added,
    "\\added": added,
    "\\replaced": replaced,
    "\\edit": edited,
    "\\add": of_trackchanges,
    "\\remove": of_trackchanges,
    "\\change": of_trackchanges,
}
