"""Reads PDFs.

From the file to the paper::

    extract     both parsers, in a separate process                source     runs it; errors for the user
    fonts       text that is not what is printed                   language   whether text is a language's
    furniture   drops stamps, page headers, line numbers           columns    reading order
    captions    how they begin                                     frames     where tables and algorithms are
    lines       spans -> lines                                     title      the title on the first page
    headings    by outline, numbering and font                     numbering  numbers of headings
    displays    formulas                                           floats     captions, tables, footnotes
    flow        lines -> elements in order                         abstract   the abstract among them
    references  the bibliography                                   reader     all of these in order
    losses      what pages and sections may have lost              formulas   what formulas may have lost
    ocr         page images, with the `ocr` extra                  crop       pictures of places
    prose       lines -> clean text                                ligatures  of bitmap fonts
"""

from papercoder.paper.pdf.reader import read_pdf

__all__ = ["read_pdf"]
