"""Ranks files by relevance to a requirement with BM25 over words and parts of identifiers."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from bm25s import BM25

from papercoder.artifacts import TaskCategory
from papercoder.evaluation.repository_view import Files

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_PLURAL = re.compile(r"(?<=[a-z]{3})s$")
_SATURATION = 1.2
"""k1 of BM25."""

_LENGTH = 0.75
"""b of BM25."""

_NAME = 5
"""Weight of a word in a file's name."""

_DOCUMENTS = frozenset({".md", ".txt", ".json"})


def words(text: str) -> list[str]:
    """The words of a text in lower case; `batchSize` and `batch_sizes` are `batch` and `size`."""
    return [_PLURAL.sub("", word.lower()) for word in _WORD.findall(text)]


@dataclass(frozen=True)
class Relevance:
    """Orders files by their relevance to a text."""

    files: Files

    @cached_property
    def _index(self) -> BM25 | None:
        """None if no file contains a word."""
        texts = [[*words(file.text), *words(file.path) * _NAME] for file in self.files]
        if not any(texts):
            return None
        index = BM25(k1=_SATURATION, b=_LENGTH, dtype="float64")
        index.index(texts, show_progress=False)
        return index

    def order(self, text: str, category: TaskCategory) -> tuple[str, ...]:
        """Paths, most relevant first; for results documents precede code, otherwise they follow it."""
        query = sorted(set(words(text)))
        scores = self._index.get_scores(query) if self._index and query else [0.0] * len(self.files)
        score = {file.path: float(value) for file, value in zip(self.files, scores, strict=True)}
        is_result = category == "Result Analysis"

        def place(path: str) -> tuple[bool, float, str]:
            return (PurePosixPath(path).suffix in _DOCUMENTS) != is_result, -score[path], path

        return tuple(sorted(score, key=place))
