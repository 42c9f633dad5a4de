"""The parts of reading PDFs, each by itself."""

from pathlib import Path

import pytest

from papercoder.errors import PaperError
from papercoder.paper.draft import Heading, Text
from papercoder.paper.pdf import extract, reader
from papercoder.paper.pdf.extract import RawDocument, RawPage, Word
from papercoder.paper.pdf.floats import grid
from papercoder.paper.pdf.flow import references
from papercoder.paper.pdf.frames import caption
from papercoder.paper.pdf.headings import numbered
from papercoder.paper.pdf.page import Box, Frame, Line, Span, Vocabulary, clean, joined, polished
from papercoder.paper.pdf.reader import compose, with_ligatures

DATA = Path(__file__).parent / "data"
COLUMN = Box(100, 0, 500, 800)
KNOWN = Vocabulary(frozenset({"position", "wise", "state-of-the-art", "computer"}))


def _span(text: str, x: float, y: float) -> Span:
    return Span(text, Box(x, y, x + 5 * len(text), y + 10), 10, "Times-Roman")


def _lines(*texts: str, indents: tuple[float, ...] = ()) -> list[Line]:
    places = indents or (0.0,) * len(texts)
    return [
        Line((_span(text, 100 + indent, 12 * row),), 0, COLUMN)
        for row, (text, indent) in enumerate(zip(texts, places, strict=True))
    ]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["a com-", "puter"], "a computer"),
        (["a position-", "wise network"], "a position-wise network"),
        (["the state-of-the-", "art"], "the state-of-the-art"),
        (["a non-", "linear"], "a non-linear"),
        (["the moreo-", "ver"], "the moreover"),
        (["English-", "German"], "English-German"),
        (["at https://example.org/a/", "b.html"], "at https://example.org/a/b.html"),
    ],
)
def test_lines_are_joined(lines: list[str], text: str) -> None:
    assert joined(lines, KNOWN) == text


def test_ligatures_and_control_characters() -> None:
    assert clean("e\ufb03cient\u00a0\x02 o\ufb00set") == "efficient offset"


def test_marks_stand_beside_formulas() -> None:
    assert polished("their product$,q\\cdot k$, has") == "their product, $q\\cdot k$, has"
    assert polished("yielding $d_{v}-$dimensional values") == "yielding $d_{v}$-dimensional values"
    assert polished("costs $5") == "costs $5"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3.2.1 Attention", "3.2.1"),
        ("A.1. More details", "A.1"),
        ("IV. Results", "4"),
        ("Appendix B Proofs", "B"),
        ("2D Regression", ""),
        ("3 apples", ""),
        ("2017", ""),
    ],
)
def test_numbers_of_headings(text: str, number: str) -> None:
    found = numbered(text)
    assert (found.number if found else "") == number


def test_numbers_of_headings_follow_each_other() -> None:
    def follows(after: str, before: str) -> bool:
        first, second = numbered(f"{before} Title"), numbered(f"{after} Title")
        assert second is not None
        return second.follows(first)

    assert follows("3.1", "3")
    assert follows("4", "3.2")
    assert follows("3.3", "3.2.1")
    assert follows("A", "7")
    assert not follows("75", "2")
    assert not follows("3", "3")
    assert not follows("P", "7")


def test_captions_and_mere_mentions() -> None:
    found = caption("Table 2. Results on the test set")
    assert found is not None
    assert (found.kind, found.number, found.text, found.mark) == ("table", "2", "Results on the test set", ".")
    assert caption("Figure 3 shows that") is None
    assert caption("Tables are useful") is None


def test_cells_stand_in_their_columns() -> None:
    spans = (
        *(_span("Method", 100, 0), _span("Acc.", 200, 0), _span("F1", 260, 0)),
        *(_span("Ours", 100, 12), _span("93.5", 200, 12), _span("90.1", 260, 12)),
        *(_span("Theirs", 100, 24), _span("71.2", 260, 24)),
        *(_span("None", 100, 36), _span("11.0", 200, 36), _span("10.0", 260, 36)),
    )
    assert grid(Frame("table", spans, 0, COLUMN)) == (
        ("Method", "Acc.", "F1"),
        ("Ours", "93.5", "90.1"),
        ("Theirs", "", "71.2"),
        ("None", "11.0", "10.0"),
    )


def test_references_by_label_and_by_indent() -> None:
    labelled = references(_lines("[1] A. First. One title.", "2001.", "[Ott04] B. Ott."), KNOWN)
    assert [(one.key, one.text) for one in labelled] == [("1", "A. First. One title. 2001."), ("Ott04", "B. Ott.")]
    hanging = references(_lines("Abel, A. One.", "2001.", "2002.", "Bell, B. Two.", indents=(0, 12, 12, 0)), KNOWN)
    assert [(one.key, one.text) for one in hanging] == [("1", "Abel, A. One. 2001. 2002."), ("2", "Bell, B. Two.")]


def test_ligatures_of_bitmap_fonts_are_spelt() -> None:
    word = Word("the difterence after on", 0, 0, 50, 10, 10, "T3", 0)
    page = RawPage(100, 100, [word], [], "the di\x1berence after on")
    assert with_ligatures(RawDocument(pages=[page])).pages[0].words[0].text == "the difference after on"


def test_a_parser_that_hangs_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "TIME_LIMIT", 0.01)
    with pytest.raises(PaperError, match="took more than"):
        reader.raw_document(DATA / "two_columns.pdf", tmp_path / "upright.pdf")


def test_a_parser_that_crashes_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crash = tmp_path / "crash.py"
    crash.write_text("import os\nos.abort()\n")
    monkeypatch.setattr(extract, "__file__", str(crash))
    with pytest.raises(PaperError, match="crashes the PDF parser"):
        reader.raw_document(DATA / "two_columns.pdf", tmp_path / "upright.pdf")


def test_a_page_that_one_parser_cannot_read_keeps_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extract, "_parsed", lambda path: {})
    raw = extract.extract(DATA / "two_columns.pdf", 10, tmp_path / "upright.pdf")
    assert all(page.plain_only for page in raw.pages)
    draft = compose(raw)
    assert "learn to whistle" in draft.abstract
    titles = [element.title for element in draft.elements if isinstance(element, Heading)]
    assert titles[:3] == ["Introduction", "Method", "The whistler"]
    assert any("We train for 200 sips" in element.text for element in draft.elements if isinstance(element, Text))
    assert draft.losses[0].kind == "layout"
