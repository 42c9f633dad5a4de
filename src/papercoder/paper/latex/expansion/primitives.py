"""TeX's commands that control expansion, internal commands of LaTeX that papers use, and etoolbox's definitions."""

from papercoder.paper.latex.expansion.choices import text
from papercoder.paper.latex.expansion.conditions import command_name
from papercoder.paper.latex.expansion.definitions import let
from papercoder.paper.latex.expansion.expander import Action, Alias, Expander
from papercoder.paper.latex.expansion.macro import Macro, Unclosed
from papercoder.paper.latex.expansion.registers import Undecided, length, number, number_of
from papercoder.paper.latex.tokens import VERBATIM, join

_SCALED_POINTS = 65536
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


def expand_after(expander: Expander, _: str) -> None:
    """`\\expandafter`: expand what follows the next token, then continue with that token."""
    first, second = expander.stream.character(), expander.stream.character()
    if second and not (second[0] == "\\" and expander.expand(second)):
        expander.stream.pending.append(second)
    if first:
        expander.stream.pending.append(first)


def named_command(expander: Expander, _: str) -> None:
    """`\\csname`: the command of this name; one without a meaning becomes `\\relax`."""
    name = command_name(expander)
    if not expander.is_defined(name):
        expander.define(name, Alias("\\relax"))
    expander.stream.push([name])


def string(expander: Expander, _: str) -> None:
    """`\\string`: the characters of a command's name."""
    token = expander.stream.character()
    expander.stream.push([f"{VERBATIM}\\", token[1:]] if token[:1] == "\\" and token[1:] else [token] if token else [])


def value(expander: Expander, command: str) -> None:
    """`\\the` and `\\number`: the digits of a number or a length."""
    try:
        if expander.stream.peek in expander.lengths and command == "\\the":
            expander.stream.push([f"{length(expander) / _SCALED_POINTS:.5f}".rstrip("0").rstrip(".") + "pt"])
        else:
            expander.stream.push([str(number(expander))])
    except Undecided:
        return


def roman(expander: Expander, _: str) -> None:
    """`\\romannumeral`, with which macros also force an expansion: that of 0 and below is empty."""
    try:
        count = min(number(expander), 4000)
    except Undecided:
        return
    digits = ""
    for size, sign in _ROMAN:
        digits += sign * max(count // size, 0)
        count -= size * max(count // size, 0)
    expander.stream.push([digits] if digits else [])


def integer(expander: Expander, _: str) -> None:
    """`\\inteval{1+2}`."""
    tokens = expander.stream.argument()
    try:
        expander.stream.push([str(number_of(expander, tokens))])
    except Undecided:
        expander.stream.push(tokens)


def compare_strings(expander: Expander, _: str) -> None:
    """`\\pdfstrcmp{a}{b}`: 0 if the strings are equal, otherwise -1 or 1."""
    first, second = text(expander, expander.stream.argument()), text(expander, expander.stream.argument())
    expander.stream.push([str((first > second) - (first < second))])


def pick(kept: int | None, count: int) -> Action:
    """A command that keeps one of its arguments, or none."""

    def action(expander: Expander, _: str) -> None:
        arguments = [expander.stream.argument() for _ in range(count)]
        if kept is not None:
            expander.stream.push(arguments[kept])

    return action


def text_or_math(expander: Expander, _: str) -> None:
    """`\\TextOrMath{text}{formula}`."""
    in_text, in_math = expander.stream.argument(), expander.stream.argument()
    expander.stream.push(in_math if expander.mode.is_math else in_text)


def use_name(expander: Expander, command: str) -> None:
    """`\\@nameuse{x}` and `\\csuse{x}`."""
    name = "\\" + text(expander, expander.stream.argument())
    if command == "\\@nameuse" or expander.is_defined(name):
        expander.stream.push([name])


# What is carried out rather than expanded


def pass_unexpanded(expander: Expander, command: str) -> None:
    """`\\noexpand\\x`, `\\unexpanded{...}` and `\\expandonce\\x`."""
    if command == "\\expandonce":
        token = expander.stream.name()
        meaning = expander.meanings.get(token)
        expander.out += meaning.body if isinstance(meaning, Macro) else (token,)
        return
    tokens = [expander.stream.character()] if command == "\\noexpand" else expander.stream.argument()
    expander.out += [token for token in tokens if token]


def detokenize(expander: Expander, _: str) -> None:
    """`\\detokenize{...}`."""
    expander.emit(VERBATIM + join(expander.stream.argument()))


def open_group(expander: Expander, command: str) -> None:
    """`\\begingroup` and `\\bgroup`."""
    if command == "\\bgroup":
        expander.emit("{")
    else:
        expander.scopes.append({})


def close_group(expander: Expander, command: str) -> None:
    """`\\endgroup` and `\\egroup`."""
    if command == "\\egroup":
        expander.emit("}")
    else:
        expander.close_scope()


def nothing(_: Expander, __: str) -> None:
    """A command without effect on the text: `\\relax`, `\\protect`, `\\long`."""


def category(expander: Expander, _: str) -> None:
    """`\\catcode` and its relatives: two numbers, without effect."""
    try:
        number(expander)
        expander.stream.skip_blanks()
        expander.stream.skip("=")
        number(expander)
    except Undecided:
        return


def character(expander: Expander, _: str) -> None:
    """`\\char`: the character with this number."""
    try:
        code = number(expander)
    except Undecided:
        return
    if 32 < code < 127:
        expander.emit(VERBATIM + chr(code))


def define_by_name(expander: Expander, command: str) -> None:
    """`\\@namedef{x}{body}` and `\\csdef{x}#1{body}`: continues as `\\def`."""
    name = "\\" + text(expander, expander.stream.argument())
    base = {"\\csgdef": "\\gdef", "\\csedef": "\\edef", "\\csxdef": "\\xdef"}.get(command, "\\def")
    expander.stream.push([base, name])


def let_by_name(expander: Expander, command: str) -> None:
    """etoolbox's `\\cslet{x}\\y`, `\\letcs\\x{y}` and `\\csletcs{x}{y}`."""
    first, second = expander.stream.argument(), expander.stream.argument()
    name = join(first).strip() if command == "\\letcs" else "\\" + text(expander, first)
    other = join(second).strip() if command == "\\cslet" else "\\" + text(expander, second)
    let(expander, name, other)


def undefine(expander: Expander, command: str) -> None:
    """etoolbox's `\\undef\\x` and `\\csundef{x}`."""
    name = expander.stream.name() if command == "\\undef" else "\\" + text(expander, expander.stream.argument())
    expander.define(name, None)


def add_to(expander: Expander, command: str) -> None:
    """`\\appto\\x{code}`, `\\g@addto@macro` and their relatives: add to a macro's body."""
    target, code = expander.stream.argument(), expander.stream.argument()
    name = "\\" + text(expander, target) if command.startswith("\\cs") else join(target).strip()
    kind = command.removeprefix("\\").removeprefix("cs")[0]
    if kind in "ex":
        code = expander.expanded(code)
    before = expander.meanings.get(name)
    old = before if isinstance(before, Macro) else Macro((), ())
    body = (*code, *old.body) if "preto" in command else (*old.body, *code)
    expander.define(name, Macro(old.parameters, body), everywhere=kind in "gx")


def drop_definitions(expander: Expander, _: str) -> None:
    """`\\ExplSyntaxOn`: LaTeX3 code up to `\\ExplSyntaxOff`, which no paper's text is written in."""
    try:
        expander.stream.delimited(["\\ExplSyntaxOff"])
    except Unclosed:
        return


def after_options(count: int) -> Action:
    """A command without effect that takes a star, an option and arguments."""

    def action(expander: Expander, _: str) -> None:
        expander.stream.skip("*")
        expander.stream.option()
        for _argument in range(count):
            expander.stream.argument()

    return action


EXPANSION: dict[str, Action] = {
    "\\expandafter": expand_after,
    "\\csname": named_command,
    "\\string": string,
    "\\the": value,
    "\\number": value,
    "\\romannumeral": roman,
    "\\inteval": integer,
    "\\pdfstrcmp": compare_strings,
    "\\strcmp": compare_strings,
    "\\@firstoftwo": pick(0, 2),
    "\\@secondoftwo": pick(1, 2),
    "\\@firstofone": pick(0, 1),
    "\\@iden": pick(0, 1),
    "\\@gobble": pick(None, 1),
    "\\@gobbletwo": pick(None, 2),
    "\\texorpdfstring": pick(0, 2),
    "\\TextOrMath": text_or_math,
    "\\@nameuse": use_name,
    "\\csuse": use_name,
}
"""Commands that put their result in front of the stream."""

PRIMITIVES: dict[str, Action] = {
    "\\noexpand": pass_unexpanded,
    "\\unexpanded": pass_unexpanded,
    "\\expandonce": pass_unexpanded,
    "\\detokenize": detokenize,
    "\\begingroup": open_group,
    "\\bgroup": open_group,
    "\\endgroup": close_group,
    "\\egroup": close_group,
    "\\relax": nothing,
    "\\protect": nothing,
    "\\long": nothing,
    "\\protected": nothing,
    "\\outer": nothing,
    "\\makeatletter": nothing,
    "\\makeatother": nothing,
    "\\robustify": after_options(1),
    "\\catcode": category,
    "\\lccode": category,
    "\\uccode": category,
    "\\mathcode": category,
    "\\sfcode": category,
    "\\char": character,
    "\\symbol": character,
    "\\@namedef": define_by_name,
    "\\csdef": define_by_name,
    "\\csgdef": define_by_name,
    "\\csedef": define_by_name,
    "\\csxdef": define_by_name,
    "\\cslet": let_by_name,
    "\\letcs": let_by_name,
    "\\csletcs": let_by_name,
    "\\undef": undefine,
    "\\csundef": undefine,
    "\\g@addto@macro": add_to,
    "\\ExplSyntaxOn": drop_definitions,
    "\\AtBeginDocument": pick(0, 1),
    "\\AtEndDocument": pick(None, 1),
    "\\AtBeginEnvironment": pick(None, 2),
    "\\AtEndEnvironment": pick(None, 2),
    "\\patchcmd": after_options(5),
    "\\apptocmd": after_options(4),
    "\\pretocmd": after_options(4),
} | {
    f"\\{by_name}{kind}{where}": add_to
    for by_name in ("", "cs")
    for kind in ("", "g", "e", "x")
    for where in ("appto", "preto")
}
"""Commands that are carried out."""
