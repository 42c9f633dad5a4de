"""Blinds repositories: rules that remove files, phrases and marks that show who made one, and a check.

Every rule applies to every repository, because a change in one maker's files only would be a trace too.
"""

import fnmatch
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from papercoder.artifacts import SourceFile
from papercoder.repository.files import tokens

LEFT_OUT = (
    *("LICENSE*", "LICENCE*", "COPYING*", "NOTICE*", "AUTHORS*", "CONTRIBUTORS*", "CONTRIBUTING*", "MAINTAINERS*"),
    *("CITATION*", "CODE_OF_CONDUCT*", "SECURITY.md", "CHANGELOG*"),
    *("CLAUDE.md", "AGENTS.md", "GEMINI.md", "aider*", "TRACEABILITY.*"),
    *("results.json", "results.md", "results/*", "figures/*"),
)
"""Files about who made the code and how, and measured numbers; participants judge only the code."""

_OWN_NAMES = ("PaperCoder", "Paper2Code")
_COMMON = frozenset(
    {"ours", "other", "authors", "author", "human", "baseline", "reference", "original", "gold", "official", "mutated"}
)
"""Common words that name makers; they are not traces."""


@dataclass(frozen=True)
class Rule:
    """Text to remove or replace."""

    hides: str
    pattern: re.Pattern[str]
    replacement: str = ""
    files: str = "*"
    """Pattern of the paths it applies to."""

    in_comments: bool = False
    """Whether it applies to comments only, and to each by itself."""


def _rule(hides: str, pattern: str, replacement: str = "", files: str = "*", *, in_comments: bool = False) -> Rule:
    return Rule(hides, re.compile(pattern, re.MULTILINE | re.DOTALL), replacement, files, in_comments)


_NEED = r"R[1-9]\d*"
_SECTION = r".*?(?=^## |\Z)"
RULES = (
    _rule("PaperCoder", r"^(?:The paper: [^\n]*\n\n)?Code generated from the paper by Paper.*?\n\n", files="*.md"),
    _rule("PaperCoder", rf"^## What is traced$\n{_SECTION}", files="*.md"),
    _rule("PaperCoder", rf"^## Licence\n\nThe licence of generated code{_SECTION}", files="*.md"),
    _rule("PaperCoder", r" ?`TRACEABILITY\.md` links .*?\.(?=\s)|, the same in every repository", files="*.md"),
    _rule("PaperCoder", r"(and package versions\.\n).*?(?=\nAll settings are in)", r"\1", files="*.md"),
    _rule("PaperCoder", rf"^- {_NEED}: ", "- ", files="*.md"),
    _rule("PaperCoder", r"Code generated from the paper: ", "Code for the paper: ", files="pyproject.toml"),
    _rule("PaperCoder", r"This file is generated with every repository\. It", "This module", files="trials.py"),
    _rule("PaperCoder", r"¶\d+"),
    _rule("PaperCoder", rf"(?<=#)\s*{_NEED}(?:\s*[,;/&]\s*{_NEED})*\s*(?:\(\w+\)\s*)?(?::|$)", in_comments=True),
    _rule("PaperCoder", rf"[;,]\s*(?:{_NEED}(?:\s*[,;/&]\s*{_NEED})*|ASSUMED)(?=\s*(?:[;,]|$))", in_comments=True),
    _rule("PaperCoder", rf"(?<=[;,.] ){_NEED}(?:\s*[,;/&]\s*{_NEED})*\s*:\s*|\s*\({_NEED}\)", in_comments=True),
    _rule("people", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "name@example.org"),
    _rule("people", r"/(home|Users)/[\w.-]+", r"/\1/user"),
    _rule("people", r"^(?:authors|maintainers)\s*=\s*(?:\[[^\]]*\]|[^\n]*)\n", files="pyproject.toml"),
    _rule("people", r"^\s*(?:author|author_email|maintainer|maintainer_email)\s*=[^\n]*\n", files="setup.*"),
    _rule("people", r"^__(?:author|email|copyright|credits|maintainer)__\s*=[^\n]*\n", files="*.py"),
    _rule("people", r"^.*(?:[Cc]opyright|\(c\)|©|SPDX-|@author\b).*$", in_comments=True),
)  # fmt: skip
"""Applied in this order."""

_MARKS = re.compile(
    rf"#\s*(?-i:{_NEED}\b)|(?-i:TRACEABILITY\.)|¶\d|co-authored-by:|code (?:was )?generated from the paper"
    r"|(?:generated|written|created|produced|implemented)\s+(?:automatically\s+)?(?:by|with|using)\s+(?:an?\s+|the\s+)?"
    r"(?:ai|llm|(?:large )?language model|agent|assistant|gpt|chatgpt|claude|gemini|copilot|codex|cursor|devin)\b",
    re.IGNORECASE,
)
"""Traces that the rules should have removed, and statements that a program wrote the code."""


def names_pattern(makers: Iterable[str], hidden: Iterable[str]) -> re.Pattern[str]:
    """The names of makers in any spelling: `MetaGPT`, `meta_gpt`, `META-GPT`; words in brackets are optional."""
    labels = [each for maker in makers for each in (maker, re.sub(r"\s*\([^)]*\)", "", maker))]
    found = {name.strip() for name in (*labels, *hidden, *_OWN_NAMES) if name.strip().lower() not in _COMMON}
    words = (re.split(r"[\s_-]+|(?<=[a-z])(?=[A-Z])", name) for name in found if name)
    spelled = sorted((r"[\s_-]*".join(map(re.escape, each)) for each in words), key=len, reverse=True)
    begins, ends = r"(?:(?<![A-Za-z])|(?-i:(?<=[a-z])(?=[A-Z])))", r"(?-i:(?![a-z]))"
    return re.compile(f"{begins}(?:{'|'.join(spelled)}){ends}", re.IGNORECASE)


def without_traces(file: SourceFile, names: re.Pattern[str], replace: dict[str, str]) -> SourceFile:
    """The file after all rules, without comments and lines of documents that name a maker."""
    path, text = file.path, file.text
    for rule in RULES:
        if fnmatch.fnmatch(path, rule.files) or fnmatch.fnmatch(PurePosixPath(path).name, rule.files):
            text = _in_comments(path, text, rule) if rule.in_comments else rule.pattern.sub(rule.replacement, text)
    for old, new in replace.items():
        path, text = path.replace(old, new), text.replace(old, new)
    if PurePosixPath(path).suffix in _DOCUMENTS:
        text = "".join(line for line in text.splitlines(keepends=True) if not names.search(line))
    else:
        text = _in_comments(path, text, Rule("a maker", re.compile(rf"^.*{names.pattern}.*$", re.IGNORECASE)))
    return SourceFile(path=path, text=text)


_DOCUMENTS = frozenset({".md", ".rst", ".txt"})
_WITHOUT_COMMENTS = frozenset({".md", ".rst", ".json"})


def _in_comments(path: str, text: str, rule: Rule) -> str:
    """Apply a rule to each comment; a comment that becomes empty disappears, with its line if it has no code."""
    lines = text.split("\n")
    for number, column in reversed(list(_comments(path, text))):
        code, comment = lines[number][:column], lines[number][column:]
        kept = rule.pattern.sub(rule.replacement, comment).rstrip()
        if kept == comment:
            continue
        if kept.strip("#/ "):
            lines[number] = code + re.sub(r"^(#+)(?=\w)", r"\1 ", kept)
        elif code.strip():
            lines[number] = code.rstrip()
        else:
            del lines[number]
    return "\n".join(lines)


def _comments(path: str, text: str) -> Iterator[tuple[int, int]]:
    """Line and column, both from 0, where a comment starts; it ends with the line."""
    if PurePosixPath(path).suffix in _WITHOUT_COMMENTS:
        return
    if path.endswith((".py", ".ipynb")):
        try:
            found = list(tokens(text))
        except SyntaxError:
            found = []  # its comments are then found like those of other languages
        if found:
            yield from ((each.start[0] - 1, each.start[1]) for each in found if each.type == tokenize.COMMENT)
            return
    for number, line in enumerate(text.split("\n")):
        if begin := re.search(r"(?:^|(?<=\s))(?:#|//)(?!!)", line):
            yield number, begin.start()


@dataclass(frozen=True)
class Trace:
    """A place that may tell who made a repository."""

    path: str
    line: int
    """0 for the path itself."""

    text: str


def traces(
    files: Iterable[SourceFile], others: Iterable[str], names: re.Pattern[str], allow: Iterable[str]
) -> Iterator[Trace]:
    """Names and marks of makers in files and in the names of files, except in lines with an allowed text."""
    allowed = tuple(allow)
    files = tuple(files)
    for path in (*(file.path for file in files), *others):
        if names.search(path):
            yield Trace(path, 0, path)
    for file in files:
        for number, line in enumerate(file.text.split("\n"), 1):
            if (names.search(line) or _MARKS.search(line)) and not any(text in line for text in allowed):
                yield Trace(file.path, number, line.strip())
