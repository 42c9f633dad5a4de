"""What a simulated answer takes from its request: blocks of the section and ids of requirements."""

import re
from dataclasses import dataclass
from itertools import takewhile

from papercoder.models.contract import Request

OWNED = "Requirements that this file owns"
"""The heading above the list of ids in a request for code."""

JUDGED = "# The repository to judge"
"""The heading above it in a judge's request."""

_NUMBERED = re.compile(
    r"^`(?P<path>[^`\n]+\.py)`:\n\n(?P<fence>`{4,})\n(?P<lines>(?: *\d+ .*\n)*)(?P=fence)$", re.MULTILINE
)
_BARE = "This repository has no configuration files"
"""Part of the system prompt for code that holds its settings itself."""

_ID = re.compile(r"\bR[1-9]\d*\b")
_LISTED_ID = re.compile(r'^[-*] (R[1-9]\d*)\b|"id": ?"(R[1-9]\d*)"', re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
_BLOCK = re.compile(r"^\[([^\]\n]+)\] (.+)$", re.MULTILINE)
_SECTION = re.compile(r"^#{2,6} \[((?:app:)?[A-Z0-9][\w.]*)\] ", re.MULTILINE)
_TITLE = re.compile(r"^Title: (.+)$", re.MULTILINE)
_NUMBERED_TABLE = re.compile(r"^## \[([^\]\n]+)\] \d+ rows, \d+ columns$", re.MULTILINE)
_LABEL = re.compile(r"^(?:\$\$ |Table: |Algorithm: |Figure: )")
_RESULT = re.compile(r"(\w+) has a value of (-?\d+(?:\.\d+)?) on (\w+)")
_WORDS = re.compile(r"\S+(?:\s+\S+){0,14}")


@dataclass(frozen=True)
class Words:
    """Words of the paper, and the anchor of their block."""

    anchor: str
    quote: str


def is_bare(request: Request) -> bool:
    """Whether the request is about a repository without configuration files and trials."""
    return _BARE in request.system


def question(request: Request) -> str:
    """The message with the question; those after it reject or continue an answer."""
    return user_texts(request)[-1]


def user_texts(request: Request) -> list[str]:
    """All that is given to read, and the question; not answers and why they were rejected."""
    return [message.text for message in takewhile(lambda message: message.role == "user", request.messages)]


def shown_code(request: Request) -> dict[str, int]:
    """Path -> lines of each Python file of the repository that a judge is shown."""
    texts = [text for text in user_texts(request) if text.startswith(JUDGED)]
    shown = [found for text in texts for found in _NUMBERED.finditer(text)]
    return {found["path"]: len(found["lines"].splitlines()) for found in shown if found["lines"].strip()}


def section_words(request: Request) -> list[Words]:
    """Up to fifteen words of each block of the sections that the request is about."""
    text, found = question(request), list[Words]()
    for anchor in request.subject.split(", "):
        if heading := re.search(rf"^#{{1,6}} \[{re.escape(anchor)}\].*$", text, re.MULTILINE):
            section = _HEADING.split(text[heading.end() :], maxsplit=1)[0]
            found += (Words(block[1], _quote(block[2])) for block in _BLOCK.finditer(section))
    return [words for words in found if words.quote]


def _quote(line: str) -> str:
    words = _WORDS.search(_LABEL.sub("", line).removesuffix("$$"))
    return words[0].strip() if words else ""


def title(request: Request) -> str:
    """The paper's title; empty if the request shows no paper."""
    found = _TITLE.search(request.text)
    return found[1] if found else ""


def sections_shown(request: Request) -> list[str]:
    """Anchors of the paper's sections that the request shows."""
    return list(dict.fromkeys(_SECTION.findall("\n\n".join(message.text for message in request.messages))))


def numbered_tables(request: Request) -> list[str]:
    """Anchors of the tables that the request shows with numbered rows and columns."""
    return _NUMBERED_TABLE.findall("\n\n".join(user_texts(request)))


@dataclass(frozen=True)
class StatedResult:
    """A result that the paper states: `ours has a value of 42.5 on small`."""

    anchor: str
    method: str
    value: str
    dataset: str
    quote: str


def stated_results(request: Request) -> list[StatedResult]:
    """The results that the paper states in this form; the simulated repository measures some of them."""
    blocks = _BLOCK.findall("\n\n".join(user_texts(request)))
    found = ((anchor, result) for anchor, line in blocks for result in _RESULT.finditer(line))
    return [StatedResult(anchor, result[1], result[2], result[3], result[0]) for anchor, result in found]


def listed_ids(request: Request) -> list[str]:
    """Ids of all requirements that the request lists, in order; an `R2` within the paper's words does not count."""
    return _listed("\n\n".join(message.text for message in request.messages))


def file_ids(request: Request) -> list[str]:
    """Ids of the requirements that the question lists for its file."""
    text = question(request)
    _, marker, after = text.partition(OWNED)
    return _listed(_HEADING.split(after, maxsplit=1)[0]) if marker else _in_order(_ID.findall(text))


def _listed(text: str) -> list[str]:
    return _in_order([line or field for line, field in _LISTED_ID.findall(text)])


def _in_order(ids: list[str]) -> list[str]:
    return sorted(set(ids), key=lambda name: int(name[1:]))
