"""Which characters of an untrusted text may be shown, and what happens to the others.

Hidden characters are those that a reader does not see and that change what is seen: terminal escapes, other control
characters, marks of the reading direction, lone surrogates, and characters without a meaning in Unicode.
"""

import json
import re
import unicodedata

_TERMINAL_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_PLAIN = re.compile(r"[\n\t -~]*")


def is_hidden(character: str) -> bool:
    """Whether a character is hidden; a line break and a tab are not."""
    return character not in "\n\t" and unicodedata.category(character) in _HIDDEN


def visible(text: str) -> str:
    r"""The text with hidden characters written as in JSON, such as `\u202e`: for terminals.

    JSON stays JSON with the same meaning.
    """
    if _PLAIN.fullmatch(text):
        return text
    return "".join(json.dumps(character)[1:-1] if is_hidden(character) else character for character in text)


def visible_name(name: str) -> str:
    """The name of a file as by `visible`, on one line."""
    return visible(name).replace("\n", "\\n").replace("\t", "\\t")


def printable(text: str) -> str:
    """The text without hidden characters: for pages and reports."""
    plain = _TERMINAL_ESCAPE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character for character in plain if not is_hidden(character))


def one_line(text: str) -> str:
    """The text on one line, with single spaces and without hidden characters."""
    return " ".join(printable(text).split())


def shortened(text: str, most: int) -> str:
    """The first `most` characters, ending in an ellipsis if there are more."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
