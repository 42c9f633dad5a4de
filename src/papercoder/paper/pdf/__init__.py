"""Reads PDFs.

From the file to the paper::

    extract     both parsers, in a separate process                source     runs it; errors for the user
    ocr         page images, with the `ocr` extra                  fonts      text that is not what is printed
    page        spans, rules, typography                           furniture  drops stamps, page headers, line numbers
    captions    how they begin                                     frames     where tables and algorithms are
    columns     reading order; spans -> lines                      title      title and abstract
    headings    by outline, numbering and font                     numbering  numbers of headings
    floats      captions, tables, footnotes                        formulas   displays and what they may have lost
    flow        lines -> elements in order                         references the bibliography
    prose       lines -> clean text                                shapes     boxes, spans, lines
    reader      all of these in order                              losses     what pages and sections may have lost
    crop        pictures of places
"""

from papercoder.paper.pdf.reader import read_pdf

__all__ = ["read_pdf"]
