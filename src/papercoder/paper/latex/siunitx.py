"""siunitx: numbers, units and quantities as the package prints them, in text and in formulas."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation

from papercoder.paper.latex.tokens import VERBATIM, is_blank, join

Options = Mapping[str, str]
"""siunitx' settings by key; a key that is given without a value has an empty one."""

_SIGNS = {
    "\\pm": "±",
    "\\mp": "∓",
    "\\times": "×",
    "\\approx": "≈",
    "\\sim": "~",
    "\\simeq": "≃",
    "\\leq": "≤",
    "\\le": "≤",
    "\\geq": "≥",
    "\\ge": "≥",
    "\\ll": "≪",
    "\\gg": "≫",
    "\\lt": "<",
    "\\gt": ">",
    "\\pi": "π",
    "\\dots": "...",
    "\\ldots": "...",
    "\\infty": "∞",
    "\\%": "%",
    "\\-": "-",
}
_COMMANDS = {
    "±": "\\pm",
    "∓": "\\mp",
    "≈": "\\approx",
    "≤": "\\le",
    "≥": "\\ge",
    "≪": "\\ll",
    "≫": "\\gg",
    "~": "\\sim",
}
_WITHOUT_MEANING = ("{", "}", "$", "~")
_COMPARATORS = "<>≈≤≥≪≫=≃~∼"
_NUMBER = re.compile(
    rf"(?P<comparator>[{_COMPARATORS}]*)(?P<sign>[-+±∓]?)(?P<whole>\d*)(?:[.,](?P<part>\d*))?"
    r"(?P<uncertainties>(?:\([\d.,:]+\)|±[\d.,]+)*)(?:[eEdD](?P<exponent>[-+]?\d+))?(?P<unit>[ij]?)"
)
_UNCERTAINTY = re.compile(r"\(([\d.,:]+)\)|±([\d.,]+)")


@dataclass(frozen=True)
class Style:
    """How the parts of a number are written."""

    times: str
    plus_minus: str
    power: str
    """A format for the exponent of ten."""

    is_maths: bool = False

    def signs(self, text: str) -> str:
        """Comparators and signs, in a formula as commands."""
        return "".join(f"{_COMMANDS[sign]} " if sign in _COMMANDS else sign for sign in text) if self.is_maths else text

    def word(self, text: str) -> str:
        """A word between two numbers."""
        return rf"\text{{ {text} }}" if self.is_maths else f" {text} "


TEXT = Style(" × ", " ± ", "10^{}")
MATHS = Style(r" \times ", r" \pm ", "10^{{{}}}", is_maths=True)


def signs(tokens: Sequence[str]) -> str:
    """A number's source with signs instead of their commands, without braces."""
    kept = (_SIGNS.get(token, "" if token[0] == "\\" else token) for token in tokens if token not in _WITHOUT_MEANING)
    return "".join(kept).replace(VERBATIM, "")


def characters(tokens: Sequence[str]) -> str:
    """The characters of a number's source, without blanks."""
    text = "".join(signs(tokens).split())
    return text.replace("+-", "±").replace("<<", "≪").replace(">>", "≫").replace("<=", "≤").replace(">=", "≥")


def printed(tokens: Sequence[str], options: Options, style: Style) -> str | None:
    """A number as siunitx prints it, or None if this is not a number that siunitx can read."""
    ignored = options.get("input-ignore", "").strip("{}")
    source = "".join(character for character in characters(tokens) if character not in ignored)
    factors = [_one(part, options, style) for part in re.split("[x×]", source)] if source else []
    known = [factor for factor in factors if factor is not None]
    return style.times.join(known) if known and len(known) == len(factors) else _complex(source, options, style)


def _complex(source: str, options: Options, style: Style) -> str | None:
    """A complex number: `1+2i`."""
    match = re.fullmatch(r"(.*\d)([-+])(.*[ij])", source)
    parts = (_one(match[1], options, style), _one(match[3], options, style)) if match else (None, None)
    return f"{parts[0]} {match[2]} {parts[1]}" if match and None not in parts else None


def _one(source: str, options: Options, style: Style) -> str | None:
    match = _NUMBER.fullmatch(source)
    if not match or not (match["whole"] or match["part"] or match["exponent"] or match["unit"]):
        return None
    mantissa = ""
    if match["whole"] or match["part"]:
        mantissa = (match["whole"].lstrip("0") or "0") + (f".{match['part']}" if match["part"] else "")
        mantissa = mantissa if match["uncertainties"] else _rounded(mantissa, options)
    uncertainties = [found[1] or found[2] for found in _UNCERTAINTY.finditer(match["uncertainties"])]
    is_compact = match["uncertainties"].startswith("(") and len(uncertainties) == 1 and not _is_separate(options)
    if is_compact:
        mantissa += f"({uncertainties[0]})"
    else:
        in_parentheses = match["uncertainties"].startswith("(")
        spread = (_as_value(each, mantissa) if in_parentheses else each.replace(",", ".") for each in uncertainties)
        mantissa = style.plus_minus.join([mantissa, *spread])
    exponent = match["exponent"]
    comparator, sign = (style.signs(match[group]) for group in ("comparator", "sign"))
    if exponent is None or (not int(exponent) and mantissa):
        return comparator + sign + mantissa + match["unit"]
    if uncertainties and not is_compact:
        mantissa, sign = f"({sign}{mantissa})", ""
    elif options.get("print-unity-mantissa") == "false" and mantissa == "1":
        mantissa = ""
    power = style.power.format(int(exponent))
    return comparator + sign + (mantissa + style.times if mantissa else "") + power + match["unit"]


def _is_separate(options: Options) -> bool:
    return options.get("separate-uncertainty", "false") in ("", "true") or options.get("uncertainty-mode") == "separate"


def _as_value(digits: str, mantissa: str) -> str:
    """An uncertainty in the last digits as a value: `4` of `1.23` is 0.04."""
    if not digits.isdecimal():
        return digits.replace(",", ".")
    places = len(mantissa.partition(".")[2])
    padded = digits.rjust(places + 1, "0")
    return f"{padded[:-places]}.{padded[-places:]}" if places else digits


def _rounded(mantissa: str, options: Options) -> str:
    """The number after siunitx' rounding, if that is switched on."""
    mode = options.get("round-mode", "none")
    wanted = options.get("round-precision", "2")
    if mode not in ("places", "figures") or not wanted.lstrip("-").isdecimal() or len(wanted) > 2:
        return mantissa
    rounding = ROUND_HALF_EVEN if options.get("round-half") == "even" else ROUND_HALF_UP
    value = Decimal(mantissa)
    try:
        if mode == "places":
            return f"{value.quantize(Decimal(1).scaleb(-int(wanted)), rounding=rounding):f}"
        for _ in range(2):  # a number such as 9.99 gains a digit
            places = int(wanted) - 1 - (value.adjusted() if value else 0)
            value = value.quantize(Decimal(1).scaleb(-places), rounding=rounding)
    except InvalidOperation:
        return mantissa
    return f"{value:f}"


PROTECTED = "\\siunitx@"
"""In front of a unit's name, it keeps expansion from taking the unit for a macro of the same name."""


def _table(text: str) -> dict[str, str]:
    return dict(zip((words := text.split())[::2], words[1::2], strict=True))


PREFIXES = _table(
    """
    quecto q ronto r yocto y zepto z atto a femto f pico p nano n micro µ milli m centi c deci d
    deca da deka da hecto h kilo k mega M giga G tera T peta P exa E zetta Z yotta Y ronna R quetta Q
    kibi Ki mebi Mi gibi Gi tebi Ti pebi Pi exbi Ei zebi Zi yobi Yi
    """
)
_SYMBOLS = _table(
    """
    ampere A candela cd kelvin K kilogram kg gram g metre m meter m mole mol second s
    becquerel Bq degreeCelsius °C celsius °C coulomb C farad F gray Gy hertz Hz henry H joule J katal kat lumen lm
    lux lx newton N ohm Ω pascal Pa radian rad siemens S sievert Sv steradian sr tesla T volt V watt W weber Wb
    astronomicalunit au bel B dalton Da day d decibel dB degree ° electronvolt eV hectare ha hour h litre L liter L
    arcminute ′ minute min arcsecond ″ second s neper Np tonne t percent % bit bit byte B
    angstrom Å arcmin ′ arcsec ″ atomicmassunit u bar bar barn b bohr a_0 clight c_0 electronmass m_e elementarycharge e
    hartree E_h knot kn mmHg mmHg nauticalmile M planckbar ħ parsec pc lightyear ly rpm rpm uma u permille ‰ gal gal
    """
)
_ABBREVIATIONS = _table(
    """
    fg fg pg pg ng ng ug µg mg mg g g kg kg amu u
    pm pm nm nm um µm mm mm cm cm dm dm m m km km
    as as fs fs ps ps ns ns us µs ms ms s s
    fmol fmol pmol pmol nmol nmol umol µmol mmol mmol mol mol kmol kmol
    pA pA nA nA uA µA mA mA A A kA kA
    ul µL ml mL l L hl hL uL µL mL mL L L hL hL
    mHz mHz Hz Hz kHz kHz MHz MHz GHz GHz THz THz
    mN mN N N kN kN MN MN Pa Pa kPa kPa MPa MPa GPa GPa
    mohm mΩ kohm kΩ Mohm MΩ pV pV nV nV uV µV mV mV V V kV kV
    uW µW mW mW W W kW kW MW MW GW GW nW nW
    uJ µJ mJ mJ J J kJ kJ eV eV meV meV keV keV MeV MeV GeV GeV TeV TeV kWh kWh
    F F fF fF pF pF nF nF uF µF K K dB dB H H mH mH uH µH C C nC nC mC mC uC µC T T mT mT uT µT
    kibibyte KiB
    """
)
UNITS: Mapping[str, str] = _SYMBOLS | _ABBREVIATIONS
"""Symbols by name; `\\metre` is written `metre` here."""

_NEXT_POWERS = {"square": "2", "cubic": "3"}
_LAST_POWERS = {"squared": "2", "cubed": "3"}
WORDS = frozenset([*PREFIXES, *UNITS, *_NEXT_POWERS, *_LAST_POWERS, "per", "tothe", "raiseto", "of"])
"""Every name that means something within a unit."""

_LITERAL = {
    "\\,": " ",
    "~": " ",
    "\\cdot": " ",
    "\\times": " ",
    "\\%": "%",
    "\\$": "$",
    "\\mu": "µ",
    "\\textmu": "µ",
    "\\upmu": "µ",
    "\\degree": "°",
    "\\circ": "°",
    "\\Omega": "Ω",
    "\\AA": "Å",
    "\\#": "#",
    "\\&": "&",
    "\\_": "_",
    "\\ ": " ",
    "\\;": " ",
    "\\:": " ",
    "\\!": "",
}
_LAYOUT = frozenset(r"{ } $ \relax \xspace \text \mathrm \textrm \mbox \rm \ensuremath \operatorname \unskip".split())
"""Tokens in a unit that change nothing about what it says."""

_WITHOUT_SPACE = ("°", "′", "″")


@dataclass(frozen=True)
class Factor:
    """One factor of a unit: a symbol with its prefix, raised to a power."""

    symbol: str
    power: str = ""
    is_below: bool = False
    """Whether it follows `\\per`."""


@dataclass
class Units:
    """The units that a paper can use: siunitx' own and those that it declares."""

    declared: dict[str, list[str]] = field(default_factory=dict)
    """Tokens by name."""

    prefixes: dict[str, str] = field(default_factory=dict)

    def printed(self, tokens: Sequence[str], per_mode: str = "power", *, sticky: bool = False) -> str:
        """A unit as text; powers are written `^2` and `^-1`."""
        factors = list(self._factors(_Reader(list(tokens)), sticky=sticky))
        if "fraction" in per_mode or "symbol" in per_mode:
            above = [_raised(each.symbol, each.power) for each in factors if not each.is_below]
            below = [_raised(each.symbol, each.power) for each in factors if each.is_below]
            if below:
                under = " ".join(below) if len(below) == 1 else f"({' '.join(below)})"
                return f"{' '.join(above) or '1'}/{under}"
        return " ".join(
            _raised(each.symbol, f"-{each.power or 1}" if each.is_below else each.power) for each in factors
        )

    def _factors(self, reader: "_Reader", *, sticky: bool, depth: int = 0) -> Iterator[Factor]:
        state = Factor("")
        last: Factor | None = None
        while (token := reader.next()) is not None:
            name = token.removeprefix(PROTECTED).removeprefix("\\")
            is_word = token[0] == "\\" and token not in _LITERAL
            if is_word and name in _LAST_POWERS | {"tothe": "", "of": ""} and last:
                last = _modified(last, name, reader)
                continue
            if is_word and name in WORDS and name not in UNITS and name not in self.declared:
                state = self._state(state, name, reader)
                continue
            if last:
                yield last
            if is_word and name in self.declared and depth < 5:
                inner = list(self._factors(_Reader(self.declared[name]), sticky=sticky, depth=depth + 1))
                yield from (_combined(state, each) for each in inner[:-1])
                last = _combined(state, inner[-1]) if inner else None
            else:
                symbol = UNITS.get(name, name) if is_word else reader.literal(token)
                last = _combined(state, Factor(symbol)) if symbol.strip() else None
            state = Factor("", is_below=sticky and state.is_below)
        if last:
            yield last

    def _state(self, state: Factor, name: str, reader: "_Reader") -> Factor:
        """What a prefix, a power or `\\per` means for the unit that follows."""
        prefix = self.prefixes.get(name) or PREFIXES.get(name)
        if prefix:
            return replace(state, symbol=state.symbol + prefix)
        if name == "per":
            return replace(state, is_below=True)
        if name == "raiseto":
            return replace(state, power=reader.argument())
        return replace(state, power=_NEXT_POWERS.get(name, state.power))


def _combined(state: Factor, factor: Factor) -> Factor:
    return Factor(state.symbol + factor.symbol, state.power or factor.power, state.is_below != factor.is_below)


def _modified(factor: Factor, name: str, reader: "_Reader") -> Factor:
    if name == "of":
        return replace(factor, symbol=f"{factor.symbol}_{reader.argument()}")
    return replace(factor, power=_LAST_POWERS.get(name) or reader.argument())


def _raised(symbol: str, power: str) -> str:
    return f"{symbol}^{power}" if power else symbol


@dataclass
class _Reader:
    """The tokens of a unit, one after the other."""

    tokens: list[str]
    position: int = 0

    def next(self) -> str | None:
        """The next token that is not blank."""
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            self.position += 1
            if not is_blank(token) and token not in _LAYOUT:
                return token
        return None

    def argument(self) -> str:
        """The text of the next argument."""
        while self.position < len(self.tokens) and is_blank(self.tokens[self.position]):
            self.position += 1
        if self.tokens[self.position : self.position + 1] != ["{"]:
            return self.next() or ""
        end = self.tokens.index("}", self.position) if "}" in self.tokens[self.position :] else len(self.tokens)
        text = "".join(self.tokens[self.position + 1 : end]).strip()
        self.position = end + 1
        return text

    def literal(self, token: str) -> str:
        """A unit that is written out, such as `m.s^{-1}`, up to the next command for a unit."""
        parts = [_LITERAL.get(token, token)]
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            if token[0] == "\\" and token not in _LITERAL and token not in _LAYOUT:
                break
            self.position += 1
            parts.append("" if token in _LAYOUT else _LITERAL.get(token, " " if is_blank(token) else token))
        return " ".join("".join(parts).replace(VERBATIM, "").replace(".", " ").split())


def separator(unit: str) -> str:
    """The space between a number and a unit."""
    return "" if not unit or (unit.startswith(_WITHOUT_SPACE) and not unit.startswith("°C")) else " "


SIGNATURES = {
    "num": "on",
    "tablenum": "on",
    "complexnum": "on",
    "ang": "on",
    "numlist": "on",
    "numproduct": "on",
    "numrange": "onn",
    "si": "ou",
    "unit": "ou",
    "SI": "onou",
    "qty": "onu",
    "complexqty": "onu",
    "qtylist": "onu",
    "SIlist": "onu",
    "qtyproduct": "onu",
    "qtyrange": "onnu",
    "SIrange": "onnu",
}
"""The arguments of each command: `n` a number, `u` a unit, `o` an option in brackets."""

_POINT_MARKS = ("°", "′", "″")


@dataclass
class Quantities:
    """Prints quantities by the settings that the source has made so far."""

    options: dict[str, str] = field(default_factory=dict)
    units: Units = field(default_factory=Units)

    def setup(self, settings: str) -> None:
        """`\\sisetup{key=value, ...}`."""
        self.options |= parse_options(settings)

    def declare(self, command: str, name: str, tokens: Sequence[str]) -> None:
        """`\\DeclareSIUnit\\flop{FLOP}` and `\\DeclareSIPrefix`."""
        key = name.strip().removeprefix("\\")
        if command == "DeclareSIPrefix":
            self.units.prefixes[key] = join(tokens).strip()
        else:
            self.units.declared[key] = list(tokens)

    def text(self, command: str, option: str, arguments: Sequence[Sequence[str]]) -> str:
        """What a command prints in text."""
        return self._printed(command, option, arguments, TEXT)

    def formula(self, command: str, option: str, arguments: Sequence[Sequence[str]]) -> str:
        """What a command prints in a formula, as LaTeX."""
        return self._printed(command, option, arguments, MATHS)

    def cell(self, option: str, tokens: Sequence[str]) -> str | None:
        """What a table's column of numbers prints for a cell, or None if the cell is not a number."""
        return printed(tokens, self.options | parse_options(option), TEXT)

    def _printed(self, command: str, option: str, arguments: Sequence[Sequence[str]], style: Style) -> str:
        options = self.options | parse_options(option)
        if command == "ang":
            parts = characters(arguments[0]).split(";")  # degrees, minutes and seconds
            marks = _POINT_MARKS if style is TEXT else (r"^{\circ}", "'", "''")
            return "".join(
                _number([part], options, style) + mark for part, mark in zip(parts, marks, strict=False) if part
            )
        if command in ("si", "unit"):
            unit = self._unit(arguments[-1], options)
            value = (printed([option], {}, style) if option else None) or ""  # `\unit[5]{m}` of the units package
            return f"{value}{separator(unit)}{_unit_in(unit, style)}" if value else _unit_in(unit, style)
        signature = SIGNATURES[command]
        numbers = [argument for kind, argument in zip(signature[1:], arguments, strict=False) if kind == "n"]
        value = _value(command, numbers, options, style)
        if "u" not in signature:
            return value
        before = join(arguments[1]).replace("\\", "") if command == "SI" else ""
        unit = self._unit(arguments[-1], options)
        space = separator(unit) if style is TEXT else separator(unit) and r"\,"
        return f"{before}{value}{space}{_unit_in(unit, style)}"

    def _unit(self, tokens: Sequence[str], options: Options) -> str:
        mode = options.get("per-mode", "power")
        return self.units.printed(tokens, mode, sticky=options.get("sticky-per", "false") in ("", "true"))


def parse_options(settings: str) -> dict[str, str]:
    """`key=value, key={a, b}, key` by key."""
    found: dict[str, str] = {}
    for part in _split(settings):
        key, _, value = part.partition("=")
        found[key.strip()] = value.strip().removeprefix("{").removesuffix("}")
    return found


def _split(settings: str) -> list[str]:
    parts, depth = [""], 0
    for character in settings:
        depth += (character == "{") - (character == "}")
        if character == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _value(command: str, numbers: Sequence[Sequence[str]], options: Options, style: Style) -> str:
    """The numbers of a command, with the words between them."""
    if command.endswith("range"):
        phrase = "–" if "-" in options.get("range-phrase", "") else style.word("to")
        return phrase.join(_number(each, options, style) for each in numbers)
    if command.endswith("list"):
        *first, last = (_number([part], options, style) for part in characters(numbers[0]).split(";"))
        return ", ".join(first) + style.word("and") + last if first else last
    return _number(numbers[0], options, style)


def _number(tokens: Sequence[str], options: Options, style: Style) -> str:
    """A number; what siunitx cannot read is unchanged."""
    found = printed(tokens, options, style)
    return " ".join(signs(tokens).split()) if found is None else found


def _unit_in(unit: str, style: Style) -> str:
    """A unit as text, or upright in a formula."""
    if style is TEXT or not unit:
        return unit
    signs = {"%": r"\%", "°": r"{}^{\circ}", "µ": r"\mu ", "Ω": r"\Omega ", " ": r"\,", "$": r"\$", "#": r"\#"}
    written = "".join(signs.get(character, character) for character in unit)
    return rf"\mathrm{{{_braced_powers(written)}}}"


def _braced_powers(unit: str) -> str:
    return re.sub(r"([\^_])(-?\w+)", r"\1{\2}", unit)
