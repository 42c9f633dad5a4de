"""PDFs by kind: pages that are rotated, fonts without codes, and how journals set titles, headings and references."""

import ctypes
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from pypdfium2 import PdfDocument, PdfMatrix, raw

from benchmarks.machine import example
from benchmarks.reading.kinds.case import Case

WIDTH, HEIGHT = 612.0, 792.0

Line = tuple[float, float, float, str, str]
"""Left side, distance from the top, font size, font, text."""

_TITLE = "Learning the Pitch of Whistling Kettles with Multi-"
_MORE_TITLE = "Scale Networks of Small Size"
_STEAM = (
    "When the water in a kettle begins to boil, the steam that leaves the spout excites a resonance of the air in the "
    "whistle. We study how the pitch of this sound depends on the shape of the opening and on the speed of the steam, "
    "and we show that a small network can predict the pitch from the shape alone."
)
_EDGE = (
    "The frequency of the tone follows from the balance of the acoustic feedback, and it grows with the speed until "
    "the edge tone locks in. We fit the model with a step size of 0.05 for 200 epochs on the 64 kettles that we have."
)
_RESULTS = (
    "The results show that the model is better than the baseline by 3.4 percent. The error is 1.8 percent for small "
    "kettles and 2.6 percent for large ones, which is less than what a trained listener can tell apart in a kitchen."
)
_ENTRIES = (
    "[1] A. Abel and B. Bell, Listening to kettles, Journal of Domestic Acoustics, pp. 12-19, 2001.",
    "[2] C. Cole, Simulations of the flow in a whistle, Kitchen Letters, pp. 101-113, 2009.",
    "[3] D. Dorn, E. Ernst, and F. Falk, The edge tone at low speed, Steam Conference, pp. 1-8, 2012.",
)


def cases() -> Iterator[Case]:
    """All cases."""
    yield from _rotated()
    yield from _unreadable()
    yield from _set_in_print()


def write_pdf(path: Path, pages: Iterable[Sequence[Line]]) -> Path:
    """A PDF with these lines on these pages."""
    document = PdfDocument.new()
    for lines in pages:
        page = document.new_page(WIDTH, HEIGHT)
        for left, top, size, font, text in lines:
            shape = raw.FPDFPageObj_NewTextObj(document, font.encode(), size)
            units = (text + "\0").encode("utf-16-le")
            buffer = (raw.FPDF_WCHAR * (len(units) // 2)).from_buffer_copy(units)
            raw.FPDFText_SetText(shape, buffer)
            raw.FPDFPageObj_Transform(shape, 1, 0, 0, 1, left, HEIGHT - top - size)
            raw.FPDFPage_InsertObject(page, shape)
        page.gen_content()
    document.save(path)
    return path


def _rotated() -> Iterator[Case]:
    holds = ("# Kiln: Annealing Graph and Prototypes Together", "## [3] Experiments", "### [2.4] Schedule", "[tab:2]")
    kind = "PDF: rotated pages"
    yield Case(kind, "all pages, by the flag", lambda folder: _flagged(folder, range(5), 90), holds)
    yield Case(kind, "one page, by the flag", lambda folder: _flagged(folder, [2], 180), holds)
    yield Case(kind, "all pages, by their content", lambda folder: _turned(folder, range(5), 90), holds)
    yield Case(kind, "one page, by its content", lambda folder: _turned(folder, [2], 270), holds)
    yield Case(kind, "all pages, slightly", lambda folder: _tilted(folder, 3), holds)


def _flagged(folder: Path, pages: Iterable[int], degrees: int) -> Path:
    document = PdfDocument(example())
    for number in pages:
        document[number].set_rotation(degrees)
    document.save(folder / "paper.pdf")
    return folder / "paper.pdf"


def _turned(folder: Path, pages: Iterable[int], degrees: int) -> Path:
    """The example with the content of these pages rotated counterclockwise on pages of the other format."""
    source, document = PdfDocument(example()), PdfDocument.new()
    for number in range(len(source)):
        if number not in pages:
            document.import_pages(source, [number])
            continue
        width, height = source[number].get_size()
        moved = (height, 0) if degrees == 90 else (0, width)
        matrix = PdfMatrix().rotate(degrees, ccw=True).translate(*moved)
        page = document.new_page(height, width)
        form = raw.FPDF_NewFormObjectFromXObject(raw.FPDF_NewXObjectFromPage(document.raw, source.raw, number))
        raw.FPDFPageObj_SetMatrix(form, ctypes.byref(raw.FS_MATRIX(*matrix.get())))
        raw.FPDFPage_InsertObject(page.raw, form)
        page.gen_content()
    document.save(folder / "paper.pdf")
    return folder / "paper.pdf"


def _tilted(folder: Path, degrees: float) -> Path:
    document = PdfDocument(example())
    matrix = PdfMatrix().translate(-WIDTH / 2, -HEIGHT / 2).rotate(degrees).translate(WIDTH / 2, HEIGHT / 2)
    for page in document:
        raw.FPDFPage_TransFormWithClip(page.raw, raw.FS_MATRIX(*matrix.get()), None)
    document.save(folder / "paper.pdf")
    return folder / "paper.pdf"


def _unreadable() -> Iterator[Case]:
    """Without the `ocr` extra: text that is no language is refused or reported, and French is read."""
    kind = "PDF: fonts without codes"
    shifted = ("text that is not what is printed",)
    yield Case(kind, "all pages", lambda folder: _shifted(folder, range(5), 3), (), warns=shifted)
    yield Case(kind, "all pages, as glyph numbers", lambda folder: _shifted(folder, range(5), -29), (), warns=shifted)
    yield Case(kind, "one page", lambda folder: _shifted(folder, [2], 3), ("Free energy",), warns=("on page 3 gives",))
    french = (
        "La méthode que nous proposons dans cet article permet de résumer les requêtes des utilisateurs et de les "
        "interroger. Elle est fondée sur une mesure de la qualité des résumés, que nous avons définie avec les experts."
    )
    yield Case(kind, "French", lambda folder: _page(folder, [*_set(french, 72, 100, 468)]), ("Elle est fondée sur",))


def _shifted(folder: Path, pages: Iterable[int], by: int) -> Path:
    """The words of the example, with codes shifted on these pages."""
    document = PdfDocument(example())
    written: list[list[Line]] = []
    for number, page in enumerate(document):
        lines = page.get_textpage().get_text_range(errors="ignore").splitlines()
        if number in pages:
            lines = ["".join(_moved(letter, by) for letter in line) for line in lines]
        written.append([(72.0, 40.0 + 11 * row, 9.0, "Times-Roman", line) for row, line in enumerate(lines) if line])
    return write_pdf(folder / "paper.pdf", written)


def _moved(letter: str, by: int) -> str:
    if not (letter.isascii() and letter.isalpha()):
        return letter
    if by < 0:
        return chr(ord(letter) + by) if ord(letter) + by > 32 else letter
    first = ord("a") if letter.islower() else ord("A")
    return chr((ord(letter) - first + by) % 26 + first)


def _set_in_print() -> Iterator[Case]:
    title = f"# {_TITLE}{_MORE_TITLE}"
    yield Case("PDF: titles", "two lines, cut at a hyphen", _paper(), (title,), lacks=("Multi- Scale",))
    mast: list[Line] = [
        (220, 40, 9, "Times-Roman", "Contents lists available at SteamDirect"),
        (240, 60, 22, "Times-Bold", "Neurokettling"),
        (210, 90, 9, "Times-Roman", "journal homepage: www.example.org/kettles"),
    ]
    yield Case("PDF: titles", "below a masthead", _paper(before=mast), (title,), lacks=("# Neurokettling",))
    stamp: list[Line] = [(72, 30, 9, "Times-Roman", "Published as a conference paper at ICLK 2021")]
    yield Case("PDF: titles", "below a notice", _paper(before=stamp), (title,))
    found = ("## [1] INTRODUCTION", "## [2] METHOD", "### [2.1] The Edge Tone", "## [3] RESULTS", "## [4] CONCLUSION")
    names = ("I. INTRODUCTION", "II. METHOD", "A. The Edge Tone", "III. RESULTS", "IV. CONCLUSION")
    yield Case("PDF: Roman numbers", "sections and subsections", _paper(names=names), found, lacks=("[app:",))
    entries = ("[1] A. Abel and B. Bell, Listening", "[3] D. Dorn, E. Ernst")
    for heading in ("References and links", "Bibliography", "Literature cited", ""):
        name = heading or "no heading"
        yield Case("PDF: references", name, _paper(references=heading), entries, lacks=("¶2] [1]", "¶3] [1]"))
    for start in ("Abstract ", "Abstract. ", "A B S T R A C T "):
        holds = ("## [abstract] Abstract When the water in a kettle",)
        yield Case("PDF: abstracts", start.strip(), _paper(abstract=start), holds)
    mention = "Table 4. On average the error is smaller, which is shown"
    yield Case(
        "PDF: captions", "a sentence that begins with a number", _paper(mention=mention), (mention,), ("[tab:4]",)
    )


def _paper(
    before: Sequence[Line] = (),
    names: Sequence[str] = ("1 Introduction", "2 Method", "2.1 The Edge Tone", "3 Results", "4 Conclusion"),
    references: str = "References",
    abstract: str = "Abstract. ",
    mention: str = "",
) -> Callable[[Path], Path]:
    """A short paper on two pages."""

    def make(folder: Path) -> Path:
        first = [*before, (72, 120, 15, "Times-Roman", _TITLE), (72, 138, 15, "Times-Roman", _MORE_TITLE)]
        first += [(72, 165, 10, "Times-Roman", "Anna Abel and Bert Bell"), *_set(abstract + _STEAM, 72, 200, 468)]
        first += _sections(names[:3], (_EDGE, _STEAM, _EDGE), 290)
        extra = f"{_RESULTS} The exact values for all of the kettles in our collection are printed in full length in"
        lines = [*textwrap.wrap(extra, 105), *([f"{mention} in the last column."] if mention else [])]
        second = [(72.0, 60.0, 12.0, "Times-Bold", names[3])]
        second += [(72.0, 80.0 + 12 * row, 10.0, "Times-Roman", line) for row, line in enumerate(lines)]
        second += _sections(names[4:], (_STEAM,), 200)
        if references:
            second.append((72, 300, 12, "Times-Bold", references))
        second += [(72, 330 + 14 * row, 9, "Times-Roman", entry) for row, entry in enumerate(_ENTRIES)]
        return write_pdf(folder / "paper.pdf", [first, second])

    return make


def _sections(names: Sequence[str], texts: Sequence[str], top: float) -> list[Line]:
    lines: list[Line] = []
    for name, text in zip(names, texts, strict=True):
        lines += [(72, top, 12, "Times-Bold", name), *_set(text, 72, top + 20, 468)]
        top += 100
    return lines


def _set(text: str, left: float, top: float, width: float) -> list[Line]:
    """A paragraph in lines of about this width."""
    lines = textwrap.wrap(text, round(width / 4.5))
    return [(left, top + 12 * row, 10.0, "Times-Roman", line) for row, line in enumerate(lines)]


def _page(folder: Path, lines: Sequence[Line]) -> Path:
    return write_pdf(folder / "paper.pdf", [lines])
