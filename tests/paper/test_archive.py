import gzip
import io
import random
import tarfile
import zipfile

import pytest

from papercoder.errors import PaperError
from papercoder.paper import archive
from papercoder.paper.archive import gunzip, is_tar, untar, unzip


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
    monkeypatch.setattr(archive, "LARGEST_CONTENT", 1000)
    with pytest.raises(PaperError, match="holds more than"):
        gunzip(gzip.compress(b"0" * 5000, mtime=0), "it")
    with pytest.raises(PaperError, match="holds more than"):
        untar(tar_of((named("a.tex"), b"0" * 5000)), "it")
    with pytest.raises(PaperError, match="holds more than"):
        unzip(zip_of(**{"a.tex": "0" * 5000}), "it")


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST_MEMBERS", 3)
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
