"""Code of other works beside a paper: the passages that match its requirements, for agents to read and to cite.

A passage is a function, a class or some lines of a file. Its id, `ref:kiln/model.py:10-42`, names the reference, the
file and the lines; an agent that uses a passage cites the id in brackets, which is how the use is traced.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from threading import Lock

from bm25s import BM25

from papercoder.agents.context import Part
from papercoder.artifacts import Artifact, ReferencePassage, Requirement
from papercoder.models.contract import count_tokens
from papercoder.repository.traceability import ids_in
from papercoder.runs.folder import digest
from papercoder.text.characters import one_line
from papercoder.text.fences import Fenced, code_block, fence

PERMISSIVE = frozenset(
    {"0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "Unlicense", "Zlib"}
)
"""Licences under which code may be taken over if source and licence are named."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_PLURAL = re.compile(r"(?<=[a-z]{3})s$")
_COMMON = frozenset(
    """
    the and for are with that this from all each its into not than then over when where which use used using one two has
    have can per our their paper method value number set def self return import none true false class int str float
    tuple list dict if else in is of to by on at as or an be it we
    """.split()
)
_CITATION = re.compile(r"\[(ref:[^\[\]\n]{1,400}:\d{1,7}-\d{1,7})\]")
_LONGEST = 60
"""Lines of a passage."""

_SHORTEST = 4
_SHARED = 3
"""Words that a passage must have in common with a requirement, beside common ones."""

_ORDER = ("cited", "assumed", "derived", "stated")
"""Requirements that get passages first come first: those whose details the paper leaves to others."""

_MOST = {"cited": 2}
"""Status of a requirement -> how many passages it gets; the others get one."""

_HEADING = 60
"""Tokens of what stands above a passage."""

_SAME_REQUEST = Lock()


class ReferenceFile(Artifact):
    """A file of a reference."""

    path: str
    text: str
    licence: str
    """Of the file, or else of the nearest folder above it that has one; empty if none was found."""


class Reference(Artifact):
    """Code of another work."""

    name: str
    """Short and unique among the references of a run."""

    origin: str
    """Its address; for a folder, the address of its remote, or else its name."""

    revision: str
    """The commit, or a digest of the content."""

    files: tuple[ReferenceFile, ...]


@dataclass(frozen=True)
class Passage:
    """Some lines of a reference."""

    id: str
    source: ReferencePassage
    text: str

    @property
    def rule(self) -> str:
        """What may be done with it."""
        if self.source.licence in PERMISSIVE:
            return f"licence {self.source.licence}: code that is taken over names this source and its licence"
        return f"{self.source.licence or 'no licence'}: read it for facts, do not copy its code"


@dataclass(frozen=True)
class Shown:
    """The passages that an agent reads."""

    part: tuple[Part, ...] = ()
    """The part of its context; empty if no passage matches."""

    ids: frozenset[str] = frozenset()

    def problems(self, texts: Iterable[str]) -> list[str]:
        """The citations in an agent's texts that name none of these passages."""
        cited = dict.fromkeys(name for text in texts for name in citations(text))
        return [
            f"There is no passage [{name}]. Copy the id of a passage exactly." for name in cited if name not in self.ids
        ]


class References(Artifact):
    """The references of a run."""

    items: tuple[Reference, ...] = ()

    @property
    def digest(self) -> str:
        """Of all their content."""
        return digest(self.items)

    def passages(self, requirements: Iterable[Requirement], room: int) -> dict[str, tuple[Passage, tuple[str, ...]]]:
        """The passages that match requirements, in the order of the references.

        Args:
            requirements: those with the status `cited` come first.
            room: tokens for all passages.

        Returns:
            Id -> passage, and the ids of the requirements that it matches.
        """
        index = _index(self)
        matches: dict[int, list[str]] = {}
        for item in sorted(requirements, key=lambda item: _ORDER.index(item.status)):
            for number in index.best(item)[: _MOST.get(item.status, 1)]:
                if number in matches:
                    matches[number].append(item.id)
                elif (size := count_tokens(index.passages[number].text) + _HEADING) <= room:
                    matches[number] = [item.id]
                    room -= size
        return {index.passages[n].id: (index.passages[n], tuple(ids)) for n, ids in sorted(matches.items())}

    def sources(self, ids: Iterable[str]) -> dict[str, ReferencePassage]:
        """Id -> lines, for those of these ids that name a passage."""
        known = _index(self).by_id
        return {name: known[name].source for name in ids if name in known}


def citations(text: str) -> tuple[str, ...]:
    """The ids of passages that a text cites, without its brackets."""
    return tuple(dict.fromkeys(_CITATION.findall(text)))


def without_citations(text: str) -> str:
    """The text without its citations of passages."""
    return one_line(re.sub(rf"\s*{_CITATION.pattern}", "", text))


def cited_for(text: str, requirements: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Requirement -> ids of the passages that a text cites for it.

    A citation belongs to the requirements that its paragraph names, or else to those of the last paragraph that names
    some, or else to all.
    """
    wanted = tuple(requirements)
    current, found = wanted, dict[str, tuple[str, ...]]()
    for paragraph in re.split(r"\n\s*\n|\n(?=[-*#] |\d+\. )", text):
        named = tuple(name for name in ids_in(_CITATION.sub("", paragraph)) if name in wanted)
        current = named or current
        for name in current if _CITATION.search(paragraph) else ():
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *citations(paragraph))))
    return found


def shown_passages(found: Mapping[str, tuple[Passage, tuple[str, ...]]], references: References) -> Fenced:
    """Passages as text, each under its id, with what may be done with it."""
    origins = {item.name: f"{item.origin}, revision {item.revision[:12]}" for item in references.items}
    used = dict.fromkeys(passage.source.name for passage, _ in found.values())
    names = "\n".join(f"- {name}: {one_line(origins[name])}" for name in used)
    texts = [
        f"[{name}] for {', '.join(ids)}; {passage.rule}\n{code_block(passage.text)}"
        for name, (passage, ids) in found.items()
    ]
    return fence("\n\n".join([names, *texts]))


def words(text: str) -> list[str]:
    """The words of a text in lower case; `batchSize` and `batch_sizes` are `batch` and `size`."""
    return [_PLURAL.sub("", word.lower()) for word in _WORD.findall(text)]


@dataclass(frozen=True)
class _Index:
    """All passages, searchable by words."""

    passages: tuple[Passage, ...]
    by_id: Mapping[str, Passage]
    words: tuple[frozenset[str], ...]
    bm25: BM25 | None
    """None if no passage has a word."""

    def best(self, item: Requirement) -> list[int]:
        """The numbers of the passages that match a requirement, the best first."""
        text = " ".join((item.statement, item.quote, *item.alternatives))
        query = sorted({word for word in words(text) if word not in _COMMON and (len(word) > 1 or not word.isascii())})
        if self.bm25 is None or not query:
            return []
        scores = self.bm25.get_scores(query)
        matching = [n for n in range(len(self.passages)) if len(self.words[n].intersection(query)) >= _SHARED]
        return sorted(matching, key=lambda n: (-float(scores[n]), n))


def _index(references: References) -> _Index:
    with _SAME_REQUEST:  # the analyses of all files ask at the same time
        return _made_index(references)


@lru_cache(maxsize=2)
def _made_index(references: References) -> _Index:
    passages = tuple(each for item in references.items for file in item.files for each in _passages(item, file))
    texts = [[*words(each.text), *words(each.source.path)] for each in passages]
    bm25 = None
    if any(texts):
        bm25 = BM25(k1=1.2, b=0.75, dtype="float64")
        bm25.index(texts, show_progress=False)
    return _Index(
        passages,
        {each.id: each for each in passages},
        tuple(map(frozenset, texts)),
        bm25,
    )


def _passages(reference: Reference, file: ReferenceFile) -> Iterator[Passage]:
    lines = file.text.splitlines()
    for start, end in pairwise(_borders(file, lines)):
        for first in range(start, end, _LONGEST):
            last = min(first + _LONGEST, end)
            text = "\n".join(lines[first:last]).strip("\n")
            if sum(map(bool, map(str.strip, text.splitlines()))) >= _SHORTEST or (first == 0 and text.strip()):
                yield Passage(
                    f"ref:{reference.name}/{file.path}:{first + 1}-{last}",
                    ReferencePassage(
                        name=reference.name,
                        path=file.path,
                        first=first + 1,
                        last=last,
                        origin=reference.origin,
                        revision=reference.revision,
                        licence=file.licence,
                    ),
                    text,
                )


def _borders(file: ReferenceFile, lines: list[str]) -> list[int]:
    """Numbers of the lines, from 0, at which passages begin, and the end: functions, classes and long methods."""
    found = {0, len(lines)}
    if file.path.endswith(".py"):
        try:
            tree = ast.parse(file.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return sorted(found)
        for node in tree.body:
            inner = node.body if isinstance(node, ast.ClassDef) and _length(node) > _LONGEST else ()
            for each in (node, *inner):
                if isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                    start = min([each.lineno, *(item.lineno for item in each.decorator_list)]) - 1
                    found |= {min(start, len(lines)), min(each.end_lineno or start, len(lines))}
    return sorted(found)


def _length(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno
