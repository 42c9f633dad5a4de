"""Archives of data: unpacked whole, or refused with a reason."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from papercoder.datasets import fetch
from papercoder.datasets.fetch import is_archive, unpack
from papercoder.errors import FetchError


def tar(path: Path, *members: tarfile.TarInfo, content: bytes = b"") -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for member in members:
            member.size = len(content) if member.isfile() else 0
            packed.addfile(member, io.BytesIO(content))
    return path


def test_folders_and_files_are_written_and_links_left_out(tmp_path: Path) -> None:
    link = tarfile.TarInfo("dots/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    unpack(tar(tmp_path / "a.tgz", link, tarfile.TarInfo("dots/a.bin"), content=b"x" * 3_000_000), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["dots", "a.bin"]
    assert (tmp_path / "out/dots/a.bin").stat().st_size == 3_000_000


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil"])
def test_members_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FetchError, match="leads out of it"):
        unpack(tar(tmp_path / "a.tar.gz", tarfile.TarInfo(name), content=b"x"), tmp_path / "out" / "in")
    assert not list(tmp_path.rglob("evil"))


def test_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_SMALL", 1000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("zeros", bytes(10_000_000))
    with pytest.raises(FetchError, match="expands to more than 100 times its size"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    monkeypatch.setattr(fetch, "_MOST_MEMBERS", 0)
    with pytest.raises(FetchError, match="holds more than 0 files"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_damage_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(FetchError, match=f"{name} is damaged, encrypted or not an archive"):
        unpack(tmp_path / name, tmp_path / "out")


def test_formats_that_are_archives_inside_stay_as_they_are() -> None:
    assert [name for name in ("a.ZIP", "a.tar.xz", "a.npz", "a.csv.gz", "a.pt") if is_archive(name)] == [
        "a.ZIP",
        "a.tar.xz",
    ]
