"""Splits LaTeX source into tokens: strings that join to the source again, without its comments.

One pass from left to right, so the time is linear for any source.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

PAR = "\n\n"
"""The token of an empty line."""

VERBATIM = "\x01"
"""The first character of a token that holds verbatim text."""

END_OF_FILE = "\x02"
"""The token after the last one of an included file."""

_TOKEN = re.compile(r"\\(?:[A-Za-z@]+|.|$)|%[^\n]*\n?|\$\$|[{}\[\]$&~*]|#+\d?|\s+|[^\\%{}\[\]$&~*#\s]+", re.DOTALL)
_BUILT_IN = dict.fromkeys(
    frozenset(
        """
        comment verbatim verbatim* Verbatim Verbatim* BVerbatim LVerbatim spverbatim alltt lstlisting lstlisting* minted
        filecontents filecontents*
        """.split()
    ),
    "",
)
_DEFINED = (
    (re.compile(r"\\lstnewenvironment\s*\{(\w+)\}"), "lstlisting"),
    (re.compile(r"\\newtcblisting\s*(?:\[[^\]]{0,200}\])?\s*\{(\w+)\}"), "lstlisting"),
    (re.compile(r"\\newminted\s*\[(\w+)\]"), "minted"),
    (re.compile(r"\\newminted\s*\{(\w+)\}"), "minted"),
    (re.compile(r"\\(?:Define|Recustom)VerbatimEnvironment\s*\{(\w+)\}"), "Verbatim"),
    (
        re.compile(r"\\(?:re)?newenvironment\s*\{(\w+)\}(?:\[[^\]]{0,200}\]){0,2}\s*\{\s*\\(?:begin\{)?comment\b"),
        "comment",
    ),
    (
        re.compile(r"\\(?:re)?newenvironment\s*\{(\w+)\}(?:\[[^\]]{0,200}\]){0,2}\s*\{\s*\\(?:begin\{)?verbatim\b"),
        "verbatim",
    ),
    (re.compile(r"\\exclude(?:comment|version)\s*\{(\w+)\}"), "comment"),
)
_ENVIRONMENT = re.compile(r"\\begin\s*\{(\w+\*?)\}")
_INLINE = re.compile(
    r"\\(?:[vV]erb\*?|lstinline(?:\[[^\]\n]{0,300}\])?|mintinline(?:\[[^\]\n]{0,300}\])?\{\w*\})([^A-Za-z\s*{\[])"
)
_ADDRESS = re.compile(r"\\(url|path|nolinkurl|href)\s*(\[[^\]\n]{0,300}\])?\{([^{}\n]*)\}")
_SPECIAL = re.compile(r"\\(?:begin\s*\{|[vV]erb|lstinline|mintinline|url|path|nolinkurl|href)")


def verbatim_environments(source: str) -> dict[str, str]:
    """Environments that a source defines as verbatim, each with its built-in equivalent."""
    found = {match[1]: base for pattern, base in _DEFINED for match in pattern.finditer(source)}
    by_language = {f"{name}code": base for name, base in found.items() if base == "minted"}
    return found | by_language


def tokenize(source: str, verbatim: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """The tokens of a source text: `\\name`, `\\,`, braces, `$`, `$$`, `&`, white space, words, verbatim texts.

    `verbatim` names further verbatim environments, as `verbatim_environments` finds them.
    """
    return list(_tokens(source.replace(VERBATIM, "").replace(END_OF_FILE, ""), _BUILT_IN | dict(verbatim)))


def join(tokens: Iterable[str]) -> str:
    """The tokens as source again, with a space where a name would run into a letter."""
    parts: list[str] = []
    for token in tokens:
        if parts and token[:1].isalpha() and is_name(parts[-1]):
            parts.append(" ")
        parts.append(token.removeprefix(VERBATIM))
    return "".join(parts)


def is_name(token: str) -> bool:
    """Whether this is a control word, as `\\alpha` is and `\\,` is not."""
    return len(token) > 1 and token[0] == "\\" and (token[1].isalpha() or token[1] == "@")


def is_blank(token: str) -> bool:
    """Whether this is white space but not an empty line."""
    return token != PAR and token.isspace()


def _tokens(source: str, verbatim: Mapping[str, str]) -> Iterator[str]:
    position, after_comment = 0, False
    while match := _TOKEN.match(source, position):
        token, position = match[0], match.end()
        if token[0] == "\\" and _SPECIAL.match(source, match.start()):
            special, position = _special(source, match, verbatim)
            yield from special
        elif token.isspace():
            yield PAR if token.count("\n") + after_comment > 1 else token
        elif token[0] != "%":
            yield token
        after_comment = token[0] == "%"


def _special(source: str, match: re.Match[str], verbatim: Mapping[str, str]) -> tuple[list[str], int]:
    """Tokens whose text is not LaTeX, and the position after them."""
    start = match.start()
    environment = _ENVIRONMENT.match(source, start)
    if environment and environment[1] in verbatim:
        return _verbatim(source, environment, verbatim[environment[1]] or environment[1])
    if inline := _INLINE.match(source, start):
        end = _find(source, inline[1], inline.end())
        return [VERBATIM + source[inline.end() : end]], end + 1
    if address := _ADDRESS.match(source, start):
        return ["\\" + address[1], "{", VERBATIM + address[3], "}"], address.end()
    return [match[0]], match.end()


def _verbatim(source: str, begin: re.Match[str], name: str) -> tuple[list[str], int]:
    closing = f"\\end{{{begin[1]}}}"
    end = _find(source, closing, begin.end())
    after = end + len(closing)
    if name == "comment":
        return [], after
    text = VERBATIM + source[begin.end() : end]
    return ["\\begin", "{", name, "}", text, "\\end", "{", name, "}"], after


def _find(source: str, wanted: str, start: int) -> int:
    position = source.find(wanted, start)
    return position if position >= 0 else len(source)
