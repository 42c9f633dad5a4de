"""Reading PDFs: a paper in two columns from end to end, then what pages and files can go wrong with."""

from pathlib import Path
from typing import TypeVar

import pytest

from papercoder.errors import PaperError
from papercoder.paper.draft import Display, Draft, Grid, Heading, Picture, Text, assemble
from papercoder.paper.pdf import read_pdf, reader
from tests.paper.pdf_maker import Line, make_pdf, make_scan, paragraph

T = TypeVar("T")

DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).parents[3] / "shared" / "papers"


@pytest.fixture(scope="module")
def kettles() -> Draft:
    return read_pdf(DATA / "two_columns.pdf")


def _of(draft: Draft, kind: type[T]) -> list[T]:
    return [element for element in draft.elements if isinstance(element, kind)]


def test_title_and_abstract(kettles: Draft) -> None:
    assert kettles.title == "How Small Kettles Learn to Whistle"
    assert kettles.abstract.startswith("We study kettles that learn to whistle")
    assert kettles.abstract.endswith("4 times less steam.")


def test_headings_with_numbers_levels_and_appendix(kettles: Draft) -> None:
    assert [(heading.number, heading.level, heading.title) for heading in _of(kettles, Heading)] == [
        ("1", 1, "Introduction"),
        ("2", 1, "Method"),
        ("2.1", 2, "The whistler"),
        ("2.2", 2, "Training"),
        ("3", 1, "Results"),
        ("", 1, "Acknowledgments"),
        ("A", 1, "Further measurements"),
        ("A.1", 2, "Colder water"),
    ]
    assert [heading.number for heading in _of(kettles, Heading) if heading.appendix] == ["A", "A.1"]


def test_paragraphs_are_whole_across_lines_columns_and_footnotes(kettles: Draft) -> None:
    texts = [element.text for element in _of(kettles, Text)]
    assert any(
        text.startswith("where v is the speed of the steam") and text.endswith("would make the kettle silent.")
        for text in texts
    )
    assert any("larger kettles are available.1 Earlier studies of whistling" in text for text in texts)
    assert "1The recordings were made in a quiet kitchen." in texts


def test_page_headers_and_numbers_are_gone(kettles: Draft) -> None:
    text = assemble(kettles, "pdf").text
    assert "under review" not in text
    assert not [element for element in _of(kettles, Text) if element.text.isdecimal()]


def test_equations_have_text_and_number(kettles: Draft) -> None:
    first, second = _of(kettles, Display)
    assert (first.number, second.number) == ("1", "2")
    assert "\\alpha v" in first.text
    assert "\\sum" in second.text


def test_a_table_has_cells_and_a_figure_its_caption(kettles: Draft) -> None:
    (table,) = _of(kettles, Grid)
    assert table.number == "1"
    assert table.caption == "Pitch reached by each of the kettles, in percent of the teacher."
    assert table.rows[0] == ("Kettle", "Batch 8", "Batch 64")
    assert table.rows[3] == ("Whistler", "93.5", "93.4")
    (picture,) = _of(kettles, Picture)
    assert (picture.number, picture.caption) == ("1", "The whistler, seen from the side.")


def test_references_one_by_one(kettles: Draft) -> None:
    assert [reference.key for reference in kettles.references] == ["1", "2"]
    assert kettles.references[1].text.startswith("B. Ott and C. Lund. Lids revisited.")


def test_a_clean_paper_has_no_losses(kettles: Draft) -> None:
    assert kettles.losses == []


def _numbered_lines() -> list[Line]:
    numbers = [(60.0, 100.0 + 12 * line, 6.0, "Helvetica", str(line + 1)) for line in range(20)]
    words = [f"line {word} of a text that says nothing much and continues" for word in "abcdefghijklmnopqrst"]
    return [*numbers, *paragraph(108, 100, words)]


def test_numbers_of_lines_in_the_margin_are_dropped(tmp_path: Path) -> None:
    (text,) = _of(read_pdf(make_pdf(tmp_path / "a.pdf", [_numbered_lines()])), Text)
    assert text.text.startswith("line a of a text that says nothing much and continues line b of")


def test_hyphens_at_the_ends_of_lines(tmp_path: Path) -> None:
    lines = [
        "We measure the computation of every kettle in this long and care-",
        "ful study, with a computation that is state-of-the-art and a fine-",
        "grained scale of pitch.",
    ]
    (text,) = _of(read_pdf(make_pdf(tmp_path / "a.pdf", [paragraph(108, 100, lines)])), Text)
    assert "long and careful study" in text.text
    assert "fine-grained scale" in text.text


def test_a_caption_without_cells_and_a_heading_without_text_are_losses(tmp_path: Path) -> None:
    page: list[Line] = [
        (108.0, 80.0, 12.0, "Times-Bold", "1 Introduction"),
        (108.0, 110.0, 12.0, "Times-Bold", "2 Results"),
        *paragraph(108, 130, ["The kettles were measured in the kitchen, and the results are good."] * 4),
        (108.0, 260.0, 10.0, "Times-Roman", "Table 1: The kettles and their pitch."),
    ]
    losses = read_pdf(make_pdf(tmp_path / "a.pdf", [page])).losses
    assert [loss.kind for loss in losses] == ["empty_section", "empty_table"]
    assert losses[0].message == 'The section "1 Introduction" has no text.'


def _fails(path: Path, word: str) -> None:
    with pytest.raises(PaperError) as caught:
        read_pdf(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}: ")
    assert word in sentence
    assert "\n" not in sentence


def test_no_pdf(tmp_path: Path) -> None:
    page = tmp_path / "page.pdf"
    page.write_text("<html>Please log in</html>")
    _fails(page, "not a PDF")


def test_no_file(tmp_path: Path) -> None:
    _fails(tmp_path / "none.pdf", "cannot be read")


def test_a_pointer_in_place_of_the_file(tmp_path: Path) -> None:
    pointer = tmp_path / "pointer.pdf"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    _fails(pointer, "git lfs pull")


def test_truncated(tmp_path: Path) -> None:
    whole = (DATA / "two_columns.pdf").read_bytes()
    part = tmp_path / "part.pdf"
    part.write_bytes(whole[: len(whole) // 3])
    _fails(part, "truncated")


def test_damaged(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.5\n" + bytes(200) + b"\n%%EOF\n")
    _fails(broken, "damaged")


def test_no_pages(tmp_path: Path) -> None:
    _fails(make_pdf(tmp_path / "empty.pdf", []), "no pages")


def test_a_book(tmp_path: Path) -> None:
    _fails(make_pdf(tmp_path / "book.pdf", [[]] * 201), "201 pages")


def test_a_scan_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "available", lambda: False)
    _fails(make_scan(tmp_path / "scan.pdf"), "papercoder[ocr]")


@pytest.mark.skipif(not (SHARED / "pdf").exists(), reason="needs papers that are not part of this repository")
class TestSharedPapers:
    def test_user_password(self) -> None:
        _fails(SHARED / "pdf" / "enc_user_password.pdf", "password")

    def test_owner_password_opens(self) -> None:
        draft = read_pdf(SHARED / "pdf" / "enc_owner.pdf")
        assert draft.title.startswith("LayoutParser")
        assert draft.abstract

    def test_a_poor_text_layer_is_a_loss(self) -> None:
        draft = read_pdf(SHARED / "pdf" / "scan_ocrlayer_zfn.pdf")
        assert [loss.kind for loss in draft.losses] == ["scan"]

    def test_line_numbers_of_a_draft(self) -> None:
        draft = read_pdf(SHARED / "pdf" / "tfm_draft_linenos.pdf")
        assert not [text for text in _of(draft, Text) if text.text.isdecimal()]
        assert len(_of(draft, Heading)) == 32

    def test_words_torn_by_a_root_are_whole_again(self) -> None:
        text = assemble(read_pdf(SHARED / "transformer" / "paper.pdf"), "pdf").text
        assert "a single hidden layer" in text

    def test_two_columns_are_read_one_after_the_other(self) -> None:
        text = assemble(read_pdf(SHARED / "pdf" / "acl2022_tableformer.pdf"), "pdf").text
        assert "separated by [SEP] token, and prefixed by [CLS]" in text
        assert "the same row information" in text
