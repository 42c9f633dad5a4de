""""""

import gzip
import io
import os
import random
import tarfile
import zipfile
from pathlib import Path

import pytest

from papercoder.errors import PaperError
from papercoder.paper import files
from papercoder.paper.files import LARGEST_FILE, Folder, Kind, gunzip, inside, is_tar, kind_of, untar, unzip


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "C:/x", "a\0b"])
def test_names_that_lead_out(name: str) -> None:
    assert inside(name) is None


def test_names_are_normalized() -> None:
    assert inside("./a/../b.tex") == "b.tex"


def test_a_file_by_itself_does_not_search_the_folders_below(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.tex").touch()
    (tmp_path / "b.tex").touch()
    assert Folder(tmp_path, deep=False).names() == ["b.tex"]
    assert Folder(tmp_path).names() == ["b.tex", "below/a.tex"]


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    (tmp_path / "secret.tex").write_text("secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "deep.tex").write_text("secret")
    folder = tmp_path / "paper"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.tex").write_text("own")
    return folder


def test_a_file_below_the_folder(paper: Path) -> None:
    assert Folder(paper).get("sub/a.tex") == b"own"
    assert Folder(paper).get("sub/../sub/a.tex") == b"own"


def test_no_link_is_followed(paper: Path) -> None:
    (paper / "file.tex").symlink_to(paper.parent / "secret.tex")
    (paper / "folder").symlink_to(paper.parent / "outside")
    (paper / "own.tex").symlink_to(paper / "sub" / "a.tex")
    (paper / "ring.tex").symlink_to(paper / "ring.tex")
    found = [Folder(paper).get(name) for name in ("file.tex", "folder/deep.tex", "own.tex", "ring.tex")]
    assert found == [None] * 4


@pytest.mark.timeout(30)
def test_only_regular_files_are_read(paper: Path) -> None:
    os.mkfifo(paper / "pipe.tex")
    assert Folder(paper).get("pipe.tex") is None
    assert Folder(paper).get("sub") is None
    assert Folder(paper).get("sub/a.tex/b") is None
    assert Folder(paper).get("n" * 300) is None


def test_a_file_that_is_too_large(paper: Path) -> None:
    with (paper / "large.tex").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(PaperError, match="larger than 8 MiB"):
        Folder(paper).get("large.tex")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(paper: Path) -> None:
    (paper / "sub" / "a.tex").chmod(0)
    with pytest.raises(PaperError, match="check its permissions"):
        Folder(paper).get("sub/a.tex")


def tar_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as writer:
        for info, data in members:
            info.size = len(data)
            writer.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zip_of(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as writer:
        for name, text in members.items():
            writer.writestr(name, text)
    return buffer.getvalue()


def named(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


def test_text_files_of_a_tar() -> None:
    data = tar_of((named("./main.tex"), b"x"), (named("figures/a.png"), b"y"))
    assert is_tar(data)
    assert dict(untar(data, "it").files) == {"main.tex": b"x"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_links_and_devices_are_no_files(kind: bytes) -> None:
    assert untar(tar_of((named("a.tex", kind), b"")), "it").names() == []


@pytest.mark.parametrize("name", ["/etc/x.tex", "../x.tex", "a/../../x.tex"])
def test_a_member_that_leads_out_is_refused(name: str) -> None:
    with pytest.raises(PaperError, match="leads out"):
        untar(tar_of((named(name), b"x")), "it")
    with pytest.raises(PaperError, match="leads out"):
        unzip(zip_of(**{name: "x"}), "it")


def test_text_files_of_a_zip() -> None:
    assert dict(unzip(zip_of(**{"main.tex": "x", "a.pdf": "y"}), "it").files) == {"main.tex": b"x"}


def test_bombs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_CONTENT", 1000)
    with pytest.raises(PaperError, match="holds more than"):
        gunzip(gzip.compress(b"0" * 5000, mtime=0), "it")
    with pytest.raises(PaperError, match="holds more than"):
        untar(tar_of((named("a.tex"), b"0" * 5000)), "it")
    with pytest.raises(PaperError, match="holds more than"):
        unzip(zip_of(**{"a.tex": "0" * 5000}), "it")


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_MOST_MEMBERS", 3)
    with pytest.raises(PaperError, match="files; unpack"):
        untar(tar_of(*((named(f"{n}.tex"), b"") for n in range(5))), "it")


@pytest.mark.parametrize("data", [b"\x1f\x8b\x08broken", gzip.compress(b"x" * 100, mtime=0)[:-10], b"\x1f\x8b"])
def test_damaged_gzips(data: bytes) -> None:
    with pytest.raises(PaperError, match="damaged gzip"):
        gunzip(data, "it")


def test_a_damaged_zip() -> None:
    with pytest.raises(PaperError, match="cannot be read"):
        unzip(b"PK\x03\x04 nothing", "it")


def test_a_cut_tar() -> None:
    with pytest.raises(PaperError, match="damaged tar"):
        untar(tar_of((named("a.tex"), b"x" * 2000))[:900], "it")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_damaged_zip_is_read_or_an_error(method: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as writer:
        writer.writestr("main.tex", "text " * 40)
        writer.writestr("chapters/é.tex", "more")
    whole, chance = buffer.getvalue(), random.Random(1)
    rejected = 0
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 2, 5))):
            damaged[chance.randrange(len(whole))] = chance.randrange(256)
        try:
            unzip(bytes(damaged), "it")
        except PaperError:
            rejected += 1
    assert rejected > 200


def test_a_member_without_a_name_is_an_error() -> None:
    data = bytearray(zip_of(x=""))
    directory = data.index(b"PK\x01\x02")
    data[directory + 46] = 0  # the name ends before its first letter
    with pytest.raises(PaperError, match="cannot be read"):
        unzip(bytes(data), "it")


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
