"""Makes small PDFs for tests."""

import ctypes
import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from fontTools.ttLib import TTFont
from PIL import Image

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


def make_without_codes(path: Path, lines: Sequence[Line]) -> Path:
    """A PDF whose font says nothing about the characters that its glyphs print; the font of the lines is not used."""
    font = TTFont(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf")
    glyphs = {chr(code): name for code, name in font.getBestCmap().items()}
    widths = {name: width / font["head"].unitsPerEm for name, (width, _) in font["hmtx"].metrics.items()}
    numbers = {name: font.getGlyphID(name) for name in glyphs.values()}
    del font["cmap"]
    font["post"].formatType = 3.0  # without names of glyphs
    file = io.BytesIO()
    font.save(file)
    data = file.getvalue()
    document = pdfium.PdfDocument.new()
    page = document.new_page(WIDTH, HEIGHT)
    buffer = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
    embedded = pdfium_c.FPDFText_LoadFont(document, buffer, len(data), pdfium_c.FPDF_FONT_TRUETYPE, True)
    for start, top, size, _, text in lines:
        left = start
        for letter in text:
            shape = pdfium_c.FPDFPageObj_CreateTextObj(document, embedded, size)
            assert pdfium_c.FPDFText_SetCharcodes(shape, (ctypes.c_uint32 * 1)(numbers[glyphs[letter]]), 1)
            pdfium_c.FPDFPageObj_Transform(shape, 1, 0, 0, 1, left, HEIGHT - top - size)
            pdfium_c.FPDFPage_InsertObject(page, shape)
            left += size * widths[glyphs[letter]]
    page.gen_content()
    document.save(path)
    path.write_bytes(path.read_bytes().replace(b"/ToUnicode", b"/NoUnicode"))
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


def add_image(path: Path, bitmap: Image.Image, box: tuple[float, float, float, float]) -> None:
    """Put an image into a box on the first page: left, top, right and bottom in points from the top left corner."""
    document = pdfium.PdfDocument(path.read_bytes())
    page = document[0]
    image = pdfium.PdfImage.new(document)
    image.set_bitmap(pdfium.PdfBitmap.from_pil(bitmap))
    left, top, right, bottom = box
    image.set_matrix(pdfium.PdfMatrix().scale(right - left, bottom - top).translate(left, HEIGHT - bottom))
    page.insert_obj(image)
    page.gen_content()
    document.save(path)
