"""Packages and classes: a style file beside the paper is run for its definitions; it prints nothing."""

from collections import Counter

from papercoder.paper.latex.expansion.expander import Action, Expander, OpenFile, Options
from papercoder.paper.latex.expansion.macro import Macro
from papercoder.paper.latex.numbering.declarations import DECLARATIONS
from papercoder.paper.latex.tokens import join, tokenize, verbatim_environments
from papercoder.paper.latex.tree import commands, parse, tokens_of

_IEEE = {
    "section": r"\Roman{section}",
    "subsection": r"\thesection-\Alph{subsection}",
    "subsubsection": r"\thesubsection\arabic{subsubsection}",
    "table": r"\Roman{table}",
}
_REVTEX = _IEEE | {
    "subsection": r"\thesection~\Alph{subsection}",
    "subsubsection": r"\thesubsection~\arabic{subsubsection}",
}
_NUMBER_FORMATS = dict.fromkeys(("IEEEtran", "ieeeconf", "IEEEconf", "ieeecolor"), _IEEE) | dict.fromkeys(
    ("revtex4", "revtex4-1", "revtex4-2"), _REVTEX
)
"""How classes that are seldom beside a paper print its counters."""

_LARGEST = 2**17
_BUDGET = 50_000
"""Tokens that the macros of one style file may cost."""


def package(expander: Expander, command: str) -> None:
    """`\\usepackage[options]{a,b}`, `\\documentclass` and their relatives."""
    options = [each.strip() for each in join(expander.stream.option() or []).split(",") if each.strip()]
    suffix = ".cls" if command in ("\\documentclass", "\\LoadClass", "\\documentstyle") else ".sty"
    listed = join(expander.stream.argument()).split(",")
    expander.stream.option()
    for name in map(str.strip, listed):
        if name not in expander.packages:
            expander.packages[name] = options
            if suffix == ".cls" and "compsoc" not in options:
                for counter, shown in _NUMBER_FORMATS.get(name, {}).items():
                    expander.emit("\\papercoderthe", "{", counter, "}", "{", *tokenize(shown), "}")
            _style(expander, name + suffix, options)


def _style(expander: Expander, name: str, options: list[str]) -> None:
    """Run a style file; macros that use its internals are dropped, and so are those that the reader knows."""
    text = expander.sources.text(name) if all(file.name != name for file in expander.files) else None
    if text is None or len(text) > _LARGEST:
        return
    tokens = tokenize(text, expander.verbatim | verbatim_environments(text))
    before, depth, undecided = dict(expander.meanings), len(expander.branches), Counter(expander.undecided)
    expander.files.append(OpenFile(name, ""))
    expander.options.append(Options(options))
    printed = _run(expander, tokens)
    expander.options.pop()
    expander.files.pop()
    del expander.branches[depth:]
    expander.undecided = undecided
    for declaration in commands(parse(printed)):
        if declaration.name in DECLARATIONS:
            expander.out += tokens_of([declaration])
    for changed, meaning in list(expander.meanings.items()):
        is_unwanted = isinstance(meaning, Macro) and (meaning.internals or expander.language.is_known(changed))
        if is_unwanted and before.get(changed) != meaning:
            expander.define(changed, before.get(changed))


def _run(expander: Expander, tokens: list[str]) -> list[str]:
    """What a style file prints; if its macros do not end, it is run again without expanding them."""
    before, left = dict(expander.meanings), expander.stream.budget
    printed = expander.expanded(tokens, _BUDGET)
    if left - expander.stream.budget < _BUDGET:
        return printed
    expander.meanings, expander.stream.budget = before, left
    expander.only_defines = True
    printed = expander.expanded(tokens, 4 * len(tokens))
    expander.only_defines = False
    return printed


def declare_option(expander: Expander, _: str) -> None:
    """`\\DeclareOption{x}{code}`; with a star, `code` is for unknown options and does nothing here."""
    is_default = expander.stream.skip("*")
    name = "" if is_default else expander.stream.name()
    code = expander.stream.argument()
    if expander.options and name:
        expander.options[-1].declared[name] = code


def process_options(expander: Expander, command: str) -> None:
    """`\\ProcessOptions`, and `\\ExecuteOptions{a,b}` for the defaults."""
    expander.stream.skip("*")
    chosen = expander.stream.name().split(",") if command == "\\ExecuteOptions" else None
    if not expander.options:
        return
    options = expander.options[-1]
    given = chosen or [*next(iter(expander.packages.values()), []), *options.given]
    expander.stream.push([token for name, code in options.declared.items() if name in given for token in code])


STYLES: dict[str, Action] = {
    "\\usepackage": package,
    "\\RequirePackage": package,
    "\\documentclass": package,
    "\\documentstyle": package,
    "\\LoadClass": package,
    "\\DeclareOption": declare_option,
    "\\ProcessOptions": process_options,
    "\\ExecuteOptions": process_options,
}
