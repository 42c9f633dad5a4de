"""Loops over lists and numbers, with which papers define families of commands."""

from collections.abc import Sequence

from papercoder.paper.latex.expansion.expander import Action, Expander
from papercoder.paper.latex.expansion.macro import Macro
from papercoder.paper.latex.tokens import join, tokenize


def loop(expander: Expander, _: str) -> None:
    """`\\loop body \\ifnum... \\repeat`."""
    body = expander.stream.delimited(["\\repeat"])
    expander.define("\\iterate", Macro((), (*body, "\\relax", "\\expandafter", "\\iterate", "\\fi")))
    expander.stream.push(["\\iterate"])


def loop_over_list(expander: Expander, command: str) -> None:
    """LaTeX's `\\@for\\x:=a,b\\do{body}`, and `\\@tfor` over single tokens."""
    name = expander.stream.character()
    items = expander.stream.delimited(["\\do"])
    body = expander.stream.argument()
    listed = join(expander.expanded(items)).lstrip(":= \n")
    each = listed.split(",") if command == "\\@for" else [letter for letter in listed if not letter.isspace()]
    _repeat(expander, [name], [[one.strip()] for one in each], body)


def loop_with_handler(expander: Expander, command: str) -> None:
    """etoolbox's `\\forcsvlist{\\handler}{a,b}` and `\\docsvlist{a,b}`."""
    handler = ["\\do"] if command == "\\docsvlist" else expander.stream.argument()
    items = join(expander.stream.argument()).split(",")
    tokens = [token for item in items if item.strip() for token in (*handler, "{", item.strip(), "}")]
    expander.stream.push(tokens)


def for_each(expander: Expander, _: str) -> None:
    """pgffor's `\\foreach \\x/\\y in {1/a,2/b} {body}`, and ranges of whole numbers such as `{1,...,5}`."""
    expander.stream.option()
    head = "".join(expander.stream.delimited(["{"]))
    expander.stream.pending.append("{")
    names = head.partition(" in")[0].split("/")
    listed = join(expander.stream.argument())
    body = expander.stream.argument()
    if all(name.strip().startswith("\\") for name in names):
        rows = [[value.strip() for value in item.split("/")] for item in _with_ranges(listed.split(","))]
        _repeat(expander, [name.strip() for name in names], rows, body)


def _with_ranges(items: Sequence[str]) -> list[str]:
    """A list with the numbers that its dots abbreviate; dots between other things are dropped."""
    found: list[str] = []
    beyond = -1  # where the end of a range is that its steps do not reach
    for place, item in enumerate(items):
        if item.strip() != "...":
            found += [item] if place != beyond else []
            continue
        ends = [each.strip() for each in (*found[-2:], *items[place + 1 : place + 2])]
        if len(ends) < 2 or not all(end.lstrip("-").isdecimal() and len(end) < 6 for end in ends):
            continue
        last, end = int(ends[-2]), int(ends[-1])
        step = (last - int(ends[0]) if len(ends) == 3 else 0) or (1 if end > last else -1)
        found += map(str, range(last + step, end, step))
        beyond = place + 1 if (end - last) % step else beyond
    return found


def _repeat(expander: Expander, names: Sequence[str], rows: Sequence[Sequence[str]], body: Sequence[str]) -> None:
    """The body once for each row, its values under these names."""
    tokens: list[str] = []
    for row in rows:
        for name, item in zip(names, row, strict=False):
            tokens += ["\\def", name, "{", *tokenize(item), "}"]
        tokens += body
        if len(tokens) > expander.stream.budget:
            break
    expander.stream.push(tokens)


LOOPS: dict[str, Action] = {
    "\\loop": loop,
    "\\@for": loop_over_list,
    "\\@tfor": loop_over_list,
    "\\forcsvlist": loop_with_handler,
    "\\docsvlist": loop_with_handler,
    "\\foreach": for_each,
}
