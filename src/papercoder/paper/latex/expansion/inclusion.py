"""Files that a source includes, and packages and classes in its folder; nothing outside that folder is read.

A style file is expanded for its definitions; its text is dropped.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from itertools import product

from papercoder.paper.latex.declarations import DECLARATIONS
from papercoder.paper.latex.expansion.expander import Action, Expander, OpenFile, Options
from papercoder.paper.latex.expansion.macro import Macro
from papercoder.paper.latex.tokens import END_OF_FILE, VERBATIM, join, tokenize, verbatim_environments
from papercoder.paper.latex.tree import commands, parse, tokens_of

_LARGEST_SOURCE = 8 * 2**20
_MOST_FILES = 2_000
_SHARE = 5
"""Tokens that macros may cost for each token of a file."""

BEGIN_DOCUMENT = ["\\begin", "{", "document", "}"]
END_DOCUMENT = ["\\end", "{", "document", "}"]
_CARRIED = re.compile(r"\s*(?:\[[^\]]*\])?\s*\{([^{}]+)\}")


def include(expander: Expander, name: str, folder: str | None = None, suffixes: tuple[str, ...] = ("", ".tex")) -> bool:
    """Read a file next; False if it is not there, may not be read, or is being read already.

    Args:
        expander: reads it.
        name: as the source has it.
        folder: where the files that it includes are looked for; the includer's folder if None.
        suffixes: what may be missing from the name.
    """
    found = next((path for path in _paths(expander, name, suffixes) if expander.sources.find(path)), None)
    if not found or any(file.name == found for file in expander.files):
        return False
    text = expander.sources.text(found) or ""
    expander.size += len(text)
    expander.inclusions += 1
    if expander.size > _LARGEST_SOURCE or expander.inclusions > _MOST_FILES:
        expander.too_large.append(found)
        return True
    tokens = tokenize(text, expander.verbatim)
    if expander.files:
        tokens = body_of(tokens)
    expander.stream.budget += _SHARE * len(tokens)
    here = expander.files[-1].folder if expander.files else posixpath.dirname(found)
    expander.files.append(OpenFile(found, here if folder is None else posixpath.dirname(found)))
    expander.stream.pending += [END_OF_FILE, *reversed(tokens)]
    return True


def body_of(tokens: list[str]) -> list[str]:
    """The tokens between `\\begin{document}` and `\\end{document}`; all of them if the first is missing."""
    start = position(tokens, BEGIN_DOCUMENT)
    end = position(tokens, END_DOCUMENT)
    return tokens[start + len(BEGIN_DOCUMENT) if start is not None else 0 : end]


def position(tokens: list[str], wanted: list[str]) -> int | None:
    """Where a sequence of tokens begins first."""
    starts = (i for i, token in enumerate(tokens) if token == wanted[0] and tokens[i : i + len(wanted)] == wanted)
    return next(starts, None)


def _paths(expander: Expander, name: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Where a file may be: in the folder of `\\import`, next to the main file or the including file, or at the top."""
    files = expander.files
    folders = (
        [files[-1].folder, posixpath.dirname(files[0].name), "", posixpath.dirname(files[-1].name)] if files else [""]
    )
    for folder, suffix in product(dict.fromkeys(folders), suffixes):
        yield posixpath.normpath(posixpath.join(folder, name + suffix))


def _include_or_report(expander: Expander, name: str, folder: str | None = None) -> None:
    name = name.strip().strip('"')
    open_files = {file.name for file in expander.files}
    if not include(expander, name, folder) and not open_files.intersection(_paths(expander, name, ("", ".tex"))):
        expander.absent.append(name or "(a file without a name)")


def _name(expander: Expander) -> str:
    return join(expander.expanded(expander.stream.argument())).strip()


def input_file(expander: Expander, command: str) -> None:
    """`\\input`, `\\include` and `\\subfile`; `\\includeonly` may leave out an included file."""
    expander.stream.skip_blanks()
    name = _name(expander) if expander.stream.peek == "{" else expander.stream.bare_name()
    if command == "\\include" and expander.included_only is not None and name not in expander.included_only:
        expander.left_out.append(name)
        return
    _include_or_report(expander, name, "" if command.startswith("\\subfile") else None)


def import_file(expander: Expander, _: str) -> None:
    """`\\import{folder}{file}` and its relatives."""
    expander.stream.skip("*")
    folder, name = _name(expander), _name(expander)
    _include_or_report(expander, f"{folder.rstrip('/')}/{name}", folder)


def include_only(expander: Expander, _: str) -> None:
    """`\\includeonly{a,b}`."""
    expander.included_only = frozenset(name.strip() for name in _name(expander).split(","))


def input_if_exists(expander: Expander, command: str) -> None:
    """`\\InputIfFileExists{file}{then}{else}`, and `\\IfFileExists`, which only tests."""
    name, yes, no = _name(expander).strip('"'), expander.stream.argument(), expander.stream.argument()
    exists = any(expander.sources.find(path) for path in _paths(expander, name, ("", ".tex")))
    read = ["\\input", "{", name, "}"] if command == "\\InputIfFileExists" else []
    expander.stream.push([*yes, *read] if exists else no)


def end_input(expander: Expander, _: str) -> None:
    """`\\endinput`: the rest of the file is not read."""
    while expander.stream.peek not in ("", END_OF_FILE):
        expander.stream.pop()


def input_verbatim(expander: Expander, command: str) -> None:
    """`\\lstinputlisting[caption=...]{file}`, `\\verbatiminput{file}` and their relatives."""
    expander.stream.skip("*")
    options = expander.stream.option() or []
    if command == "\\inputminted":
        expander.stream.argument()
    name = _name(expander)
    text = next((found for path in _paths(expander, name, ("",)) if (found := expander.sources.text(path))), None)
    if text is None:
        expander.absent.append(name)
    listing = f"{VERBATIM}[{join(options)}]\n{text or ''}\n" if options else f"{VERBATIM}\n{text or ''}\n"
    expander.emit("\\begin", "{", "lstlisting", "}", listing, "\\end", "{", "lstlisting", "}")


def carry(expander: Expander, environment: str) -> None:
    """`filecontents`: a file that the source carries within itself."""
    text = expander.stream.pop().removeprefix(VERBATIM)
    if match := _CARRIED.match(text):
        expander.sources.carried.setdefault(match[1].strip(), text[match.end() :])
    closing = ["\\end", "{", environment, "}"]
    if expander.stream.pending[-4:][::-1] == closing:
        del expander.stream.pending[-4:]


INCLUSION: dict[str, Action] = {
    "\\input": input_file,
    "\\@input": input_file,
    "\\@@input": input_file,
    "\\include": input_file,
    "\\subfile": input_file,
    "\\subfileinclude": input_file,
    "\\import": import_file,
    "\\subimport": import_file,
    "\\inputfrom": import_file,
    "\\subinputfrom": import_file,
    "\\includefrom": import_file,
    "\\subincludefrom": import_file,
    "\\includeonly": include_only,
    "\\InputIfFileExists": input_if_exists,
    "\\IfFileExists": input_if_exists,
    "\\endinput": end_input,
    "\\lstinputlisting": input_verbatim,
    "\\verbatiminput": input_verbatim,
    "\\VerbatimInput": input_verbatim,
    "\\inputminted": input_verbatim,
}


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
