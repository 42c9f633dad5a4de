"""Makes small PDFs for tests."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

WIDTH, HEIGHT = 612.0, 792.0

Line = tuple[float, float, float, str, str]
"""Left side, distance from the top, font size, font, text."""


def make_pdf(path: Path, pages: Sequence[Sequence[Line]]) -> Path:
    """A PDF with these lines on these pages."""
    document = pdfium.PdfDocument.new()
    for lines in pages:
        page = document.new_page(WIDTH, HEIGHT)
        for line in lines:
            _write(document, page, line)
        page.gen_content()
    document.save(path)
    return path


def make_scan(path: Path) -> Path:
    """A PDF with a grey image in place of text."""
    document = pdfium.PdfDocument.new()
    page = document.new_page(WIDTH, HEIGHT)
    bitmap = pdfium.PdfBitmap.new_native(60, 80, pdfium_c.FPDFBitmap_BGR)
    np.copyto(bitmap.to_numpy(), 200)
    image = pdfium.PdfImage.new(document)
    image.set_bitmap(bitmap)
    image.set_matrix(pdfium.PdfMatrix().scale(WIDTH, HEIGHT))
    page.insert_obj(image)
    page.gen_content()
    document.save(path)
    return path


def paragraph(left: float, top: float, texts: Sequence[str], size: float = 10, pitch: float = 12) -> list[Line]:
    """Lines of a paragraph."""
    return [(left, top + pitch * number, size, "Times-Roman", text) for number, text in enumerate(texts)]


def _write(document: pdfium.PdfDocument, page: pdfium.PdfPage, line: Line) -> None:
    left, top, size, font, text = line
    shape = pdfium_c.FPDFPageObj_NewTextObj(document, font.encode(), size)
    units = (text + "\0").encode("utf-16-le")
    buffer = (pdfium_c.FPDF_WCHAR * (len(units) // 2)).from_buffer_copy(units)
    pdfium_c.FPDFText_SetText(shape, buffer)
    pdfium_c.FPDFPageObj_Transform(shape, 1, 0, 0, 1, left, HEIGHT - top - size)
    pdfium_c.FPDFPage_InsertObject(page, shape)
