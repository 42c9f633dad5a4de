"""LaTeX source to tokens: strings that join to the source again, comments left out.

Everything is one pass from left to right, so the time is linear whatever the source holds.
"""

import re
from collections.abc import Iterable, Iterator

PAR = "\n\n"
"""The token of an empty line."""

VERBATIM = "\x01"
"""What the token of a verbatim text starts with."""

END_OF_FILE = "\x02"
"""The token after the last of an included file."""

_TOKEN = re.compile(r"\\(?:[A-Za-z@]+|.|$)|%[^\n]*\n?|\$\$|[{}\[\]$&~*]|#+\d?|\s+|[^\\%{}\[\]$&~*#\s]+", re.DOTALL)
_VERBATIM_ENVIRONMENT = re.compile(
    r"\\begin\{(comment|verbatim\*?|Verbatim\*?|BVerbatim|alltt|lstlisting\*?|minted|filecontents\*?)\}"
)
_INLINE = re.compile(r"\\(?:verb\*?|lstinline(?:\[[^\]\n]*\])?)([^A-Za-z\s*{\[])")
_ADDRESS = re.compile(r"\\(url|path|nolinkurl|href)\s*\{([^{}\n]*)\}")
_SPECIAL = re.compile(r"\\(?:begin\{|verb|lstinline|url|path|nolinkurl|href)")


def tokenize(source: str) -> list[str]:
    """The tokens of a source text: `\\name`, `\\,`, braces, `$`, `$$`, `&`, blanks, words, verbatim texts."""
    return list(_tokens(_without_control_characters(source)))


def join(tokens: Iterable[str]) -> str:
    """The tokens as source again, a blank put in where a name would run into a letter."""
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
    """Whether this is white space but no empty line."""
    return token != PAR and token.isspace()


def _without_control_characters(source: str) -> str:
    return source.replace(VERBATIM, "").replace(END_OF_FILE, "")


def _tokens(source: str) -> Iterator[str]:
    position, after_comment = 0, False
    while match := _TOKEN.match(source, position):
        token, position = match[0], match.end()
        if token[0] == "\\" and _SPECIAL.match(source, match.start()):
            special, position = _special(source, match)
            yield from special
        elif token[0] != "%":
            yield _space(token, after_comment) if token.isspace() else token
        after_comment = token[0] == "%"


def _space(token: str, after_comment: bool) -> str:
    return PAR if token.count("\n") + after_comment > 1 else token


def _special(source: str, match: re.Match[str]) -> tuple[list[str], int]:
    """Tokens whose text is not LaTeX, and the position after them."""
    start = match.start()
    if environment := _VERBATIM_ENVIRONMENT.match(source, start):
        return _verbatim(source, environment)
    if inline := _INLINE.match(source, start):
        end = _find(source, inline[1], inline.end())
        return [VERBATIM + source[inline.end() : end]], end + 1
    if address := _ADDRESS.match(source, start):
        return ["\\" + address[1], "{", VERBATIM + address[2], "}"], address.end()
    return [match[0]], match.end()


def _verbatim(source: str, begin: re.Match[str]) -> tuple[list[str], int]:
    closing = f"\\end{{{begin[1]}}}"
    end = _find(source, closing, begin.end())
    after = end + len(closing)
    if begin[1] == "comment":
        return [], after
    text = VERBATIM + source[begin.end() : end]
    return ["\\begin", "{", begin[1], "}", text, "\\end", "{", begin[1], "}"], after


def _find(source: str, wanted: str, start: int) -> int:
    position = source.find(wanted, start)
    return position if position >= 0 else len(source)
