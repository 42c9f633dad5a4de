"""Reads PDFs.

From the file to the paper::

    extract   both parsers, in a separate process         reader    runs it, then all parts in order; OCR
    page      spans, lines, clean text, typography        losses    fonts without letters, pages without text
    layout    page headers set apart; columns, lines      frames    captions; where tables and algorithms are
    headings  by outline, numbering and font              title     title and abstract
    floats    captions, tables, footnotes                 flow      lines -> elements, displays and references
    crop      pictures of places
"""

from papercoder.paper.pdf.reader import read_pdf

__all__ = ["read_pdf"]
