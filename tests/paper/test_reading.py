import gzip
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from papercoder.errors import PaperError
from papercoder.paper import read

LATEX = rb"\documentclass{a}\title{T}\begin{document}\section{S}Text.\end{document}"

TEI = (
    b"<TEI><titleStmt><title>T</title></titleStmt><text><body><div><head>S</head><p>Text.</p></div></body></text></TEI>"
)


def tarred(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as writer:
        for name, data in files.items():
            info = tarfile.TarInfo(name.replace("_", "."))
            info.size = len(data)
            writer.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "source"),
    [
        ("p.tex", LATEX, "latex"),
        ("p.gz", gzip.compress(LATEX), "latex"),
        ("misnamed.pdf", tarred(main_tex=LATEX), "latex"),
        ("p.md", b"# T\n\n## S\n\nText.", "markdown"),
        ("p.html", b"<html><h1>T</h1><h2>S</h2><p>Text.</p></html>", "html"),
        ("p.json", b'{"title": "T", "pdf_parse": {"body_text": [{"text": "Text.", "section": "S"}]}}', "s2orc"),
        ("p.xml", TEI, "tei"),
    ],
)
def test_every_source_gives_the_same_paper(tmp_path: Path, name: str, data: bytes, source: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    paper = read(path)
    assert (paper.source, paper.title) == (source, "T")
    assert [(s.anchor, s.title, [b.anchor for b in s.blocks]) for s in paper.sections] == [("1", "S", ["1¶1"])]


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "main.tex").write_bytes(LATEX)
    assert read(str(tmp_path)).title == "T"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("p.pdf", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        ("p.tex", b"", "is empty"),
        ("p.bin", b"\0\1\2\3", "binary"),
        ("p.yaml", b"a: b", "not a paper of a known kind"),
        ("p.gz", gzip.compress(gzip.compress(LATEX)), "within a gzip"),
        ("p.gz", gzip.compress(b"nothing of use"), "not a paper of a known kind"),
        ("p.tar.gz", tarred(readme_txt=b"x"), r"holds no \.tex"),
        ("p.txt", b"\n<!-- -->\n", "has no text"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(PaperError, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_missing_file() -> None:
    with pytest.raises(PaperError, match=r"There is no file or folder nowhere.pdf\. Give a file"):
        read("nowhere.pdf")


def test_an_address_that_leads_to_no_paper() -> None:
    with pytest.raises(PaperError, match=r"example.org/x.pdf is not an address of a paper on arXiv.*give its path"):
        read("https://example.org/x.pdf")


def test_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PaperError, match="neither a file nor a folder"):
        read(tmp_path / "pipe")


def test_the_package_is_light() -> None:
    code = "import sys, papercoder.paper.draft; sys.exit('lxml' in sys.modules or 'liteparse' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
