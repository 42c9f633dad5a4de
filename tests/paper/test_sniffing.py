import gzip

import pytest

from papercoder.paper.sniffing import Kind, kind_of


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"%PDF-1.5 ...", "x.gz", "pdf"),
        (b"junk\n%PDF-1.5", "x", "pdf"),
        (gzip.compress(b"x"), "x.pdf", "gzip"),
        (b"PK\x03\x04", "x", "zip"),
        (b"\0" * 257 + b"ustar", "x", "tar"),
        (b"version https://git-lfs.github.com/spec/v1\n", "x.pdf", "lfs"),
        (b" \n", "x.tex", "empty"),
        (b"\x89PNG\0\0", "x.md", "binary"),
        (b'{"pdf_parse": {}}', "x.txt", "s2orc"),
        (b"<?xml version='1.0'?>\n<TEI xmlns='x'>", "x.xml", "tei"),
        (b"<!DOCTYPE html><html>", "x.tex", "html"),
        (b"<?xml version='1.0'?>\n<article dtd-version='1.2'><front>", "x.nxml", "jats"),
        (b"<!DOCTYPE article PUBLIC '-//NLM//DTD JATS//EN' 'x.dtd'>\n<article>", "x.html", "jats"),
        (b"<record><article><front><article-meta>", "x", "jats"),
        (b"<!DOCTYPE html><html><article><front>", "x.xml", "html"),
        (b"<html>", "x", "html"),
        (b"\xef\xbb\xbf\\documentclass{a}", "x", "latex"),
        (b"% a comment\n\\section{A}", "x", "latex"),
        (b"# A\n\\begin{document}", "x.md", "markdown"),
        (b"plain", "x.txt", "markdown"),
        (b"# A heading", "x", "markdown"),
        (b"key: value", "x.yaml", "text"),
    ],
)
def test_kinds(data: bytes, name: str, kind: Kind) -> None:
    assert kind_of(data, name) == kind
