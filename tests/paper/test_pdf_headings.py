"""Headings of a PDF: those of its outline are found, and text inside figures is none."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from pypdfium2 import PdfDocument, raw

from papercoder.artifacts import Paper
from papercoder.paper import read
from papercoder.paper.draft import Draft, Heading, Text, assemble
from papercoder.paper.fidelity import fidelity
from papercoder.paper.pdf.extract import Bookmark, RawDocument, RawPage, Word
from papercoder.paper.pdf.reader import compose
from tests.paper.pdf_maker import HEIGHT, Line, make_pdf, paragraph

PROSE = textwrap.wrap(
    "The kettle is heated until the water boils and the steam leaves through the small whistle. " * 3, 90
)


def page(*lines: Line) -> RawPage:
    words = [Word(text, left, top, 5 * len(text), size, size, font, 0.0) for left, top, size, font, text in lines]
    return RawPage(612, 792, words, [], " ".join(word.text for word in words))


def sections(*headings: Line) -> list[Line]:
    """Each heading with a paragraph below it."""
    lines: list[Line] = [(72, 60, 18, "Times-Bold", "Whistles of Kettles"), *paragraph(72, 90, PROSE)]
    for heading in headings:
        lines += [heading, *paragraph(72, heading[1] + 20, PROSE)]
    return lines


def headings_of(draft: Draft) -> list[tuple[str, str, int]]:
    return [(each.number, each.title, each.level) for each in draft.elements if isinstance(each, Heading)]


def test_headings_in_the_font_of_the_text_are_found_by_the_outline() -> None:
    lines = sections(
        (72, 160, 10, "Times-Roman", "1 Boiling Water"),
        (72, 260, 10, "Times-Roman", "Small Spouts"),
        (72, 360, 10, "Times-Roman", "2 STEAM AND α-WHISTLES"),
    )
    outline = [
        Bookmark("Boiling Water", 1, 0, 160),
        Bookmark("Small Spouts", 2, 0, 260),
        Bookmark("2 Steam and a-Whistles", 1, 0, 360),
    ]
    draft = compose(RawDocument(pages=[page(*lines)], outline=outline))
    assert headings_of(draft) == [("1", "Boiling Water", 1), ("", "Small Spouts", 2), ("2", "STEAM AND α-WHISTLES", 1)]
    assert [loss for loss in draft.losses if loss.kind == "missing_heading"] == []
    assert "outline" in draft.checks


def test_the_outline_tells_a_heading_from_a_sentence_with_its_words() -> None:
    lines = sections(
        (72, 160, 10, "Times-Roman", "1 Boiling Water"),
        (72, 260, 10, "Times-Roman", "Boiling Water. The water is hot and the kettle whistles for a long time."),
    )
    outline = [Bookmark("1 Boiling Water", 1, 0, 160), Bookmark("1.1 Cold Water", 2, 0, 500)]
    draft = compose(RawDocument(pages=[page(*lines)], outline=outline))
    assert headings_of(draft) == [("1", "Boiling Water", 1)]


def test_a_heading_of_the_outline_that_was_not_found_is_a_loss() -> None:
    lines = sections((72, 160, 12, "Times-Bold", "1 Boiling Water"))
    outline = [
        Bookmark("Boiling Water", 1, 0, 160),
        Bookmark("Cooling Down", 1, 0, 600),
        Bookmark("References", 1, 0, 700),
        Bookmark("Somewhere else", 1, -1, 0),
    ]
    draft = compose(RawDocument(pages=[page(*lines)], outline=outline))
    missing = [loss for loss in draft.losses if loss.kind == "missing_heading"]
    assert [(loss.message, loss.page) for loss in missing] == [
        ('The PDF\'s outline has "Cooling Down" (page 1), which was not found among the headings.', 1)
    ]
    report = fidelity(assemble(draft, "pdf"))
    assert missing[0].message in report.warnings
    assert report.verdict == ""


def drawn(tmp_path: Path, inside: Sequence[Line], *, has_drawing: bool) -> Paper:
    """A paper with text that a diagram of ten boxes surrounds, or with the same text alone."""
    lines = sections((72, 160, 12, "Times-Bold", "1 Introduction"), (72, 560, 12, "Times-Bold", "2 Method"))
    caption = (72.0, 500.0, 10.0, "Times-Roman", "Figure 1: The parts of a kettle and how they are connected.")
    path = make_pdf(tmp_path / "paper.pdf", [[*lines, *inside, caption]])
    if has_drawing:
        with PdfDocument(path) as document:
            shown = document[0]
            for row in range(10):
                box = raw.FPDFPageObj_CreateNewRect(120, HEIGHT - 300 - 18 * row, 360, 16)
                raw.FPDFPath_SetDrawMode(box, raw.FPDF_FILLMODE_NONE, True)
                raw.FPDFPage_InsertObject(shown, box)
            shown.gen_content()
            document.save(tmp_path / "drawn.pdf")
        path = tmp_path / "drawn.pdf"
    return read(path)


INSIDE: list[Line] = [
    (140, 310, 14, "Times-Bold", "2 Encoder"),
    (140, 350, 14, "Times-Bold", "Background"),
    (140, 390, 14, "Times-Bold", "3 Decoder"),
]


def test_text_inside_a_figure_opens_no_section(tmp_path: Path) -> None:
    paper = drawn(tmp_path, INSIDE, has_drawing=True)
    assert [(section.anchor, section.title) for section in paper.sections if section.anchor != "0"] == [
        ("1", "Introduction"),
        ("2", "Method"),
    ]
    assert [figure.caption for figure in paper.figures] == ["The parts of a kettle and how they are connected."]
    (introduction,) = [section for section in paper.sections if section.anchor == "1"]
    assert "The kettle is heated" in introduction.render()


def test_the_same_text_without_a_drawing_opens_sections(tmp_path: Path) -> None:
    paper = drawn(tmp_path, INSIDE, has_drawing=False)
    assert {"Encoder", "Background", "Decoder"} & {section.title for section in paper.sections}


def test_text_at_the_margin_is_not_inside_a_drawing_around_it() -> None:
    lines = sections((72, 160, 12, "Times-Bold", "1 Introduction"), (72, 300, 12, "Times-Bold", "2 Method"))
    around = page(*lines)
    framed = RawPage(612, 792, around.words, [], around.plain, drawings=[(60.0, 280.0, 560.0, 420.0)])
    draft = compose(RawDocument(pages=[framed]))
    assert [title for _, title, _ in headings_of(draft)] == ["Introduction", "Method"]
    assert any(isinstance(element, Text) for element in draft.elements)
