"""Numbers and lengths in TeX, and the registers, counters and loops that use them."""

from collections.abc import Callable, Sequence

from papercoder.paper.latex.expansion.expander import Action, Expander
from papercoder.paper.latex.expansion.macro import Macro, Stream
from papercoder.paper.latex.tokens import is_blank, join, tokenize

_LARGEST = 2**31 - 1
_CONSTANTS = {
    "\\z@": 0,
    "\\@ne": 1,
    "\\tw@": 2,
    "\\thr@@": 3,
    "\\m@ne": -1,
    "\\@m": 1000,
    "\\@M": 10000,
    "\\p@": 65536,
    "\\maxdimen": 2**30 - 1,
    "\\pdfoutput": 1,
    "\\pdftexversion": 140,
}
_COUNTERS = {"secnumdepth": 3, "tocdepth": 3}
_SCALED_POINTS = {
    "pt": 65536.0,
    "in": 65536 * 72.27,
    "cm": 65536 * 72.27 / 2.54,
    "mm": 65536 * 72.27 / 25.4,
    "bp": 65536 * 1.00375,
    "pc": 65536 * 12.0,
    "dd": 65536 * 1238 / 1157,
    "cc": 65536 * 12 * 1238 / 1157,
    "sp": 1.0,
    "ex": 65536 * 4.3,
    "em": 65536 * 10.0,
}


class Undecided(Exception):
    """A value that only a full run of TeX would know."""


def next_token(expander: Expander) -> str:
    """The next token or character that cannot be expanded further."""
    while True:
        token = expander.stream.character()
        if token[:1] != "\\" or token in ("\\else", "\\or", "\\fi") or not expander.expand(token):
            return token


def put_back(expander: Expander, token: str) -> None:
    """Put a token back in front."""
    if token:
        expander.stream.pending.append(token)


def number(expander: Expander) -> int:
    """Read a number; raises `Undecided` if there is none or its value is not known."""
    sign, token = _sign(expander)
    if token.isdecimal():
        value = int(_digits(expander, token))
        _end(expander)
    elif token in ("'", '"'):
        value = _in_base(expander, 8 if token == "'" else 16)
    elif token == "`":
        value = ord(expander.stream.character().lstrip("\\")[:1] or " ")
        _end(expander)
    else:
        value = _internal(expander, token, number)
    if abs(value) > _LARGEST:
        raise Undecided
    return sign * value


def length(expander: Expander) -> int:
    """Read a length in scaled points; raises `Undecided` if there is none or its value is not known."""
    sign, token = _sign(expander)
    if not (token.isdecimal() or token in (".", ",")):
        return sign * _internal(expander, token, length)
    digits = _digits(expander, token, may_have_point=token.isdecimal())
    factor = float(digits.replace(",", ".")) if digits.strip(".,") else 0.0
    token = next_token(expander)
    while is_blank(token):
        token = next_token(expander)
    if token[:1] == "\\":
        return sign * round(factor * _internal(expander, token, length))
    unit = token + expander.stream.character()
    if unit not in _SCALED_POINTS:
        raise Undecided
    _end(expander)
    return sign * round(factor * _SCALED_POINTS[unit])


def _sign(expander: Expander) -> tuple[int, str]:
    sign, token = 1, next_token(expander)
    while token in ("+", "-") or is_blank(token):
        sign = -sign if token == "-" else sign
        token = next_token(expander)
    return sign, token


def _digits(expander: Expander, first: str, *, may_have_point: bool = False) -> str:
    digits = first
    while len(digits) < 30:
        token = next_token(expander)
        if not (token.isdecimal() or (may_have_point and token in (".", ","))):
            put_back(expander, token)
            break
        may_have_point = may_have_point and token.isdecimal()
        digits += token
    return digits


def _in_base(expander: Expander, base: int) -> int:
    digits = ""
    while (token := next_token(expander)) and token in "0123456789ABCDEF"[:base] and len(digits) < 10:
        digits += token
    put_back(expander, token)
    _end(expander)
    if not digits:
        raise Undecided
    return int(digits, base)


def _end(expander: Expander) -> None:
    """Pass over the one blank that ends a constant."""
    if is_blank(expander.stream.peek):
        expander.stream.pop()


def _internal(expander: Expander, token: str, read: Callable[[Expander], int]) -> int:
    """The value of a register, a counter or an expression."""
    name = expander.canonical(token)
    if name == "\\value":
        return counter(expander, expander.stream.name())
    if name.startswith("\\c@"):
        return counter(expander, name.removeprefix("\\c@"))
    if name in ("\\numexpr", "\\dimexpr", "\\glueexpr"):
        value = _sum(expander, number if name == "\\numexpr" else length)
        expander.stream.take(("\\relax",))
        return value
    if name in ("\\count", "\\dimen", "\\skip"):
        with expander.deeper():
            token = f"{name}{number(expander)}"
    known = expander.counts.get(token, expander.lengths.get(token, _CONSTANTS.get(name)))
    if known is not None:
        return known
    put_back(expander, token)
    inner = expander.stream.argument() if token == "{" else []
    if not inner or inner[0] == "{":
        raise Undecided
    expander.stream.push(inner)  # LaTeX's own commands allow braces around a number
    return read(expander)


def counter(expander: Expander, name: str) -> int:
    """The value of a LaTeX counter; raises `Undecided` if it is not known."""
    value = expander.counters.get(name, _COUNTERS.get(name))
    if value is None:
        raise Undecided
    return value


def _sum(expander: Expander, read: Callable[[Expander], int]) -> int:
    with expander.deeper():
        value = _product(expander, read)
        while sign := _operator(expander, "+-"):
            value += _product(expander, read) * (1 if sign == "+" else -1)
        return value


def _product(expander: Expander, read: Callable[[Expander], int]) -> int:
    value = _factor(expander, read)
    while sign := _operator(expander, "*/"):
        other = _factor(expander, number)
        if sign == "*":
            value *= other
        elif other == 0:
            raise Undecided
        else:  # TeX rounds, and rounds halves away from zero
            quotient, rest = divmod(abs(value), abs(other))
            value = (quotient + (2 * rest >= abs(other))) * (1 if (value < 0) == (other < 0) else -1)
        if abs(value) > _LARGEST * 65536:
            raise Undecided
    return value


def _factor(expander: Expander, read: Callable[[Expander], int]) -> int:
    if _operator(expander, "("):
        value = _sum(expander, read)
        if not _operator(expander, ")"):
            raise Undecided
        return value
    return read(expander)


def _operator(expander: Expander, wanted: str) -> str:
    token = next_token(expander)
    while is_blank(token):
        token = next_token(expander)
    if token and token in wanted:
        return token
    put_back(expander, token)
    return ""


def number_of(expander: Expander, tokens: Sequence[str]) -> int:
    """The value of an expression in an argument; raises `Undecided` if it is not known."""
    return _alone(expander, tokens, number)


def length_of(expander: Expander, tokens: Sequence[str]) -> int:
    """The value of an expression of lengths in an argument, in scaled points; raises `Undecided` if it is not known."""
    return _alone(expander, tokens, length)


def _alone(expander: Expander, tokens: Sequence[str], read: Callable[[Expander], int]) -> int:
    outer = expander.stream
    expander.stream = Stream(outer.budget - len(tokens), list(reversed(tokens)))
    try:
        return _sum(expander, read)
    finally:
        outer.budget = expander.stream.budget
        expander.stream = outer


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
