"""Which files of a repository matter for a requirement: BM25 over words and the parts of identifiers, without a model.

Robertson and Zaragoza, *The Probabilistic Relevance Framework: BM25 and Beyond* (2009), equation 3.15.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from math import log
from pathlib import PurePosixPath

from papercoder.artifacts import TaskCategory
from papercoder.evaluation.repository_view import Files

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_PLURAL = re.compile(r"(?<=[a-z]{3})s$")
_SATURATION = 1.2
"""How soon more of the same word adds nothing."""

_LENGTH = 0.75
"""How much a long file needs more of a word than a short one."""

_NAME = 5
"""A word in a file's name counts as so many in its text."""

_DOCUMENTS = frozenset({".md", ".txt", ".json"})


def words(text: str) -> list[str]:
    """The words of a text in small letters; `batchSize` and `batch_sizes` are `batch` and `size`."""
    return [_PLURAL.sub("", word.lower()) for word in _WORD.findall(text)]


@dataclass(frozen=True)
class Relevance:
    """Orders files by what they have to do with a text."""

    files: Files

    @cached_property
    def _counts(self) -> dict[str, Counter[str]]:
        return {file.path: Counter([*words(file.text), *words(file.path) * _NAME]) for file in self.files}

    @cached_property
    def _spread(self) -> Counter[str]:
        """Word -> files that have it."""
        return Counter(word for counts in self._counts.values() for word in counts)

    @cached_property
    def _usual(self) -> float:
        """Words of a file, on average."""
        return sum(counts.total() for counts in self._counts.values()) / max(len(self.files), 1) or 1.0

    def order(self, text: str, category: TaskCategory) -> tuple[str, ...]:
        """Paths, the most relevant first: results and documents before code for results, code before them else."""
        asked = set(words(text))
        results = category == "Result Analysis"

        def place(path: str) -> tuple[bool, float, str]:
            return (PurePosixPath(path).suffix in _DOCUMENTS) != results, -self._score(path, asked), path

        return tuple(sorted(self._counts, key=place))

    def _score(self, path: str, asked: set[str]) -> float:
        counts = self._counts[path]
        stretch = _SATURATION * (1 - _LENGTH + _LENGTH * counts.total() / self._usual)
        return sum(
            self._rarity(word) * counts[word] * (_SATURATION + 1) / (counts[word] + stretch)
            for word in asked & counts.keys()
        )

    def _rarity(self, word: str) -> float:
        found = self._spread[word]
        return log(1 + (len(self.files) - found + 0.5) / (found + 0.5))
