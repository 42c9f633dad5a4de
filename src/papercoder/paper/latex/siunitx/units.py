"""Units of siunitx: from `\\kilo\\metre\\per\\hour` to `km h^-1`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from papercoder.paper.latex.tokens import VERBATIM, is_blank
from papercoder.paper.names import names

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
_LAYOUT = names(r"{ } $ \relax \xspace \text \mathrm \textrm \mbox \rm \ensuremath \operatorname \unskip")
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
