"""Repositories and papers that make checks or readers fail, take minutes or take gigabytes."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from papercoder.errors import PaperError
from papercoder.paper import limited_reading, read
from papercoder.paper.limited_reading import read_within_limits
from papercoder.paper.markdown import footnotes
from papercoder.paper.pdf import prose
from papercoder.paper.pdf.prose import joined, vocabulary

# Papers


def test_half_a_surrogate_pair_is_replaced(tmp_path: Path) -> None:
    body = [{"text": "A \ud800 b \ud83d\ude00 c.", "section": "S"}]
    (tmp_path / "p.json").write_text(json.dumps({"title": "T \udfff", "pdf_parse": {"body_text": body}}))
    paper = read(tmp_path / "p.json")
    assert paper.title == "T \ufffd"
    assert "A \ufffd b \U0001f600 c." in paper.render()
    paper.model_dump_json().encode()


class Counting:
    """A pattern that counts the characters that it is given."""

    def __init__(self, pattern: "re.Pattern[str]") -> None:
        self.pattern = pattern
        self.characters = 0

    def search(self, text: str, *positions: int) -> "re.Match[str] | None":
        self.characters += len(text)
        return self.pattern.search(text, *positions)


def work(monkeypatch: pytest.MonkeyPatch, lines: int) -> int:
    """The characters that are searched to join lines."""
    counting = Counting(re.compile(prose._HYPHENATED.pattern))
    with monkeypatch.context() as patched:
        patched.setattr(prose, "_HYPHENATED", counting)
        text = ["the loss of the method is small and it ends here without a hy-", "phen"] * lines
        assert len(joined(text, vocabulary(text))) > 60 * lines
    return counting.characters


def test_joining_lines_takes_time_in_proportion_to_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert work(monkeypatch, 2000) < 2.1 * work(monkeypatch, 1000)


def test_endless_blanks_are_shortened(tmp_path: Path) -> None:
    (tmp_path / "p.md").write_text(f"# T\n\n## 1 S\n\nBefore{chr(9) * 100_000}after.\n")
    assert "Before after." in read_within_limits(tmp_path / "p.md").render()


def test_footnotes_take_time_in_proportion_to_their_number() -> None:
    lines = ["# T", "# S", *(f"A word$^ {{ {n % 90 + 1} }}$ here." for n in range(4000))]
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        footnotes.with_footnotes(lines)
    finally:
        sys.setprofile(None)
    assert calls < 40 * len(lines)


def test_reading_has_a_time_limit_for_every_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited_reading, "_SMALL", 0)
    monkeypatch.setattr(limited_reading, "TIME_LIMIT", 0.01)
    (tmp_path / "p.md").write_text("# T\n\n## S\n\nText.\n")
    with pytest.raises(PaperError, match=r"p\.md: reading took more than 0 s; give the paper in another format"):
        read_within_limits(tmp_path / "p.md")


def test_a_paper_that_is_read_in_a_process_of_its_own_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.md").write_text("# T\n\n## S\n\nText.\n")
    expected = read(tmp_path / "p.md")
    monkeypatch.setattr(limited_reading, "_SMALL", 0)
    assert read_within_limits(tmp_path / "p.md") == expected
    (tmp_path / "empty.md").write_text("")
    with pytest.raises(PaperError, match="is empty; give the paper itself"):
        read_within_limits(tmp_path / "empty.md")
