"""Registers and counters: declared, set and added to while macros are expanded."""

from collections.abc import Callable

from papercoder.paper.latex.expansion.arithmetic import Undecided, length, length_of, number, number_of
from papercoder.paper.latex.expansion.expander import Action, Expander


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
