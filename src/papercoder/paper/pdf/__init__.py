"""Reads PDFs.

From the file to the paper::

    extract     both parsers, in a process of their own            source    runs it; errors for the user
    furniture   drops stamps, page headers, line numbers           columns   reading order
    frames      where tables and algorithms are                    lines     spans -> lines
    headings    by outline, numbering and font                     displays  formulas
    floats      captions, tables, algorithms, footnotes            flow      lines -> elements in order
    references  the bibliography                                   reader    the whole
    doubts      what the parse may have lost                       ocr       scans, with the `ocr` extra
    prose       lines -> clean text                                ligatures of bitmap fonts
"""

from papercoder.paper.pdf.reader import read_pdf

__all__ = ["read_pdf"]
