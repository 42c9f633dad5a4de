"""Fonts whose text is not what is printed: recognised, read from the page image, or reported."""

import sys
import textwrap
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from papercoder.artifacts import Paper
from papercoder.errors import PaperError
from papercoder.paper import read
from papercoder.paper.fidelity import fidelity
from papercoder.paper.pdf import reader
from papercoder.paper.pdf.extract import RawDocument, RawPage, Word
from papercoder.paper.pdf.losses import READABLE, is_title, unreadable
from tests.paper.pdf_maker import Line, make_pdf, make_without_codes, paragraph

TEXT = (
    "The kettle model is trained on a large set of sounds and then it is adapted to a task with more care than before. "
    "We show that short kettles whistle at a higher pitch, and that the pitch depends on the shape of the opening. "
)


def page(title: str, title_font: str = "Helvetica") -> list[Line]:
    lines = textwrap.wrap(TEXT * 2, 80)
    return [
        (72, 80, 20, title_font, title),
        (72, 110, 11, "Times-Bold", "Ada Potter and Ben Clay"),
        (72, 140, 12, "Times-Bold", "Abstract"),
        *paragraph(72, 160, lines),
        (72, 300, 12, "Times-Bold", "1 Introduction"),
        *paragraph(72, 330, lines),
    ]


def warnings(paper: Paper) -> str:
    return " ".join(fidelity(paper).warnings)


@pytest.fixture
def without_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "available", lambda: False)


@pytest.mark.usefixtures("without_ocr")
def test_a_font_without_codes_is_refused_without_the_extra(tmp_path: Path) -> None:
    path = make_without_codes(tmp_path / "paper.pdf", page("Short Kettles"))
    with pytest.raises(PaperError, match=r"gives? text that is not what is printed.*papercoder\[ocr\]"):
        read(path)


@pytest.mark.usefixtures("without_ocr")
@pytest.mark.parametrize("title", ["Vkruw Nhwwohv", "6KRUW.HWWOHV", "Vkruw Nhwwohv zlwk Grrp dqg Ilhuv"])
def test_a_short_title_in_such_a_font_is_reported(tmp_path: Path, title: str) -> None:
    paper = read(make_pdf(tmp_path / "paper.pdf", [page(title)]))
    assert paper.title == ""
    assert f'A font on page 1 gives text that is not what is printed, such as "{title[:12]}' in warnings(paper)
    assert "papercoder[ocr]" in warnings(paper)
    assert "No title was found." in warnings(paper)


@pytest.mark.usefixtures("without_ocr")
@pytest.mark.parametrize("title", ["Short Kettles", "Mixup", "Zhuque and Xiqu Kettles", "Wkh"])
def test_a_short_title_is_read(tmp_path: Path, title: str) -> None:
    paper = read(make_pdf(tmp_path / "paper.pdf", [page(title)]))
    assert "not what is printed" not in warnings(paper)
    assert title in (paper.title, "Wkh")


def test_titles_are_judged_by_the_paper() -> None:
    assert is_title("Zhuque Kxq", "the zhuque is a kettle")
    assert not is_title("Zhuque Kxq", "the bird is a kettle")
    assert is_title("Deep Residual Learning", "")
    assert is_title("Кипящие чайники", "text")


def test_a_stamp_in_the_margin_is_no_title() -> None:
    stamp = Word("arXiv:9876.54321v2 [cs.XY]", 20, 400, 20, 200, 20, "Courier", 270.0)
    text = [Word(TEXT, 72, 100, 400, 10, 10, "Times-Roman", 0.0)] * 3
    raw = RawDocument(pages=[RawPage(612, 792, [stamp, *text], [], "")])
    assert unreadable(raw) == READABLE


def test_a_page_is_replaced_by_what_the_engine_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an engine of the test: words and boxes in pixels, as rapidocr returns them."""
    path = make_without_codes(tmp_path / "paper.pdf", page("Short Kettles"))
    scale = reader.LONGEST_SIDE / 792

    class Engine:
        def __init__(self, params: dict[str, str]) -> None:
            assert params

        def __call__(self, _: object) -> object:
            lines = page("Short Kettles")
            corners = [
                [(scale * x, scale * y) for x, y in ((left, top), (left + 5 * len(text), top + size))]
                for left, top, size, _, text in lines
            ]
            boxes, texts = [*corners, [(0, 0), (9, 9)]], [*(line[4] for line in lines), "speck"]
            return SimpleNamespace(boxes=boxes, txts=texts, scores=[0.9] * len(lines) + [0.1])

    engine = ModuleType("rapidocr")
    engine.RapidOCR = Engine  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rapidocr", engine)
    monkeypatch.setattr(reader, "available", lambda: True)
    check(read(path))


@pytest.mark.timeout(300)
def test_a_font_without_codes_is_recognised(tmp_path: Path) -> None:
    """With the engine of the `ocr` extra."""
    if not reader.available():
        pytest.skip("needs the ocr extra: install it with `uv pip install 'papercoder[ocr]'`")
    check(read(make_without_codes(tmp_path / "paper.pdf", page("Short Kettles"))))


def check(paper: Paper) -> None:
    assert paper.title == "Short Kettles"
    assert [section.title for section in paper.sections if section.anchor == "1"] == ["Introduction"]
    assert paper.abstract.startswith("The kettle model is trained on a large set of sounds and then it is adapted")
    assert "that the pitch depends on the shape of the opening." in paper.text
    report = fidelity(paper)
    assert "The text of page 1 was recognised from images; formulas and numbers may be wrong." in report.warnings
    reasons = {check.reason for check in report.checks if not check.made}
    assert reasons == {"the pages' text was recognised from images"}
