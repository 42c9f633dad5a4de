"""Numbers of siunitx: from `1.23(4)e5` to `1.23(4) × 10^5`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation

from papercoder.paper.latex.tokens import VERBATIM

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
    """A number as siunitx prints it, or None if this is no number that siunitx can read."""
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
