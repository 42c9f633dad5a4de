"""Registers and counters that macros declare, set and add to, and the loops that count with them."""

from collections.abc import Callable, Sequence

from papercoder.paper.latex.expansion.arithmetic import Undecided, length, length_of, number, number_of
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


def new_count(expander: Expander, _: str) -> None:
    """`\\newcount`: a register, 0 at first."""
    expander.counts[expander.stream.name()] = 0


def new_length(expander: Expander, _: str) -> None:
    """`\\newlength`, `\\newdimen`, `\\newskip`: a register, 0 at first."""
    expander.lengths[expander.stream.name()] = 0


def constant(expander: Expander, _: str) -> None:
    """`\\chardef\\x=5`: a name for a number."""
    name = expander.stream.name()
    expander.counts[name] = None
    assign(expander, name)


def assign(expander: Expander, name: str) -> None:
    """`\\x=5`: the name of a register, where no value is read."""
    expander.stream.skip_blanks()
    expander.stream.skip("=")
    registers, read = (expander.lengths, length) if name in expander.lengths else (expander.counts, number)
    registers[name] = _known(lambda: read(expander))


def numbered_register(expander: Expander, command: str) -> None:
    """`\\count255=5`, `\\dimen0=3pt`: a register by its number."""
    place = _known(lambda: number(expander))
    if place is not None:
        name = f"{command}{place}"
        (expander.counts if command == "\\count" else expander.lengths).setdefault(name, None)
        assign(expander, name)


def advance(expander: Expander, command: str) -> None:
    """`\\advance`, `\\multiply` and `\\divide`."""
    name = expander.stream.name()
    expander.stream.skip_blanks()
    if expander.stream.take("by"):
        expander.stream.skip_blanks()
    registers, read = (expander.lengths, length) if name in expander.lengths else (expander.counts, number)
    before = registers.get(name)
    change = _known(lambda: (read if command == "\\advance" else number)(expander))
    if before is None or change is None or (command == "\\divide" and not change):
        registers[name] = None
    elif command == "\\advance":
        registers[name] = before + change
    else:
        registers[name] = before * change if command == "\\multiply" else int(before / change)


def set_length(expander: Expander, command: str) -> None:
    """`\\setlength` and `\\addtolength`."""
    name, value = expander.stream.name(), expander.stream.argument()
    change = _known(lambda: length_of(expander, value))
    before = expander.lengths.get(name) if command == "\\addtolength" else 0
    expander.lengths[name] = None if before is None or change is None else before + change


def set_counter(expander: Expander, command: str) -> None:
    """`\\setcounter` and `\\addtocounter`; the walk over the tree numbers by them too, so they also pass."""
    name, value = expander.stream.name(), expander.stream.argument()
    change = _known(lambda: number_of(expander, value))
    before = expander.counters.get(name) if command == "\\addtocounter" else 0
    expander.counters.pop(name, None)
    if before is not None and change is not None:
        expander.counters[name] = before + change
    shown = value if change is None else [str(change)]
    expander.emit(command, "{", name, "}", "{", *shown, "}")


def step_counter(expander: Expander, command: str) -> None:
    """`\\newcounter`, `\\stepcounter` and `\\refstepcounter`; they also pass."""
    name = expander.stream.name()
    if command == "\\newcounter":
        expander.counters[name] = 0
    elif name in expander.counters:
        expander.counters[name] += 1
    expander.emit(command, "{", name, "}")


def _known(read: Callable[[], int]) -> int | None:
    try:
        return read()
    except Undecided:
        return None


REGISTERS: dict[str, Action] = {
    "\\newcount": new_count,
    "\\newlength": new_length,
    "\\newdimen": new_length,
    "\\newskip": new_length,
    "\\chardef": constant,
    "\\mathchardef": constant,
    "\\count": numbered_register,
    "\\dimen": numbered_register,
    "\\skip": numbered_register,
    "\\advance": advance,
    "\\multiply": advance,
    "\\divide": advance,
    "\\setlength": set_length,
    "\\addtolength": set_length,
    "\\setcounter": set_counter,
    "\\addtocounter": set_counter,
    "\\newcounter": step_counter,
    "\\stepcounter": step_counter,
    "\\refstepcounter": step_counter,
}
