"""Reads PDFs.

From the file to the paper::

    extract     both parsers, in a process of their own            source    runs it; errors for the user
    furniture   drops stamps, page headers, line numbers           columns   reading order
    frames      where tables and algorithms are                    lines     spans -> lines
    captions, headings, displays, notes: what a line is            flow      lines -> blocks
    references  the bibliography                                   reader    blocks -> Draft
    doubts      what the parse may have lost                       ocr       scans, with the `ocr` extra
"""

from papercoder.paper.pdf.reader import read_pdf

__all__ = ["read_pdf"]
