"""A run's repository as a zip."""

import os
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from papercoder.errors import RunFolderError
from papercoder.web.pages import files
from papercoder.web.pages.files import pack


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with code, a history and caches."""
    for name in ("main.py", "src/model.py", ".git/config", "src/__pycache__/model.pyc"):
        path = tmp_path / "run" / "repo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    (tmp_path / "run" / "repo" / "main.py").chmod(0o755)
    return tmp_path / "run"


def names(run: Path) -> list[str]:
    with pack(run, "kiln") as packed, zipfile.ZipFile(packed) as archive:
        return archive.namelist()


def content(run: Path) -> bytes:
    with pack(run, "kiln") as packed:
        return packed.read()


def test_the_files_are_in_one_folder_and_the_same_each_time(run: Path) -> None:
    assert names(run) == ["kiln/main.py", "kiln/src/model.py"]
    first = content(run)
    os.utime(run / "repo" / "main.py", (1, 1))
    assert content(run) == first
    with zipfile.ZipFile(BytesIO(first)) as archive:
        assert archive.getinfo("kiln/main.py").external_attr >> 16 & 0o777 == 0o755


def test_links_are_left_out(run: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (run / "repo" / "file").symlink_to(tmp_path / "secret")
    (run / "repo" / "folder").symlink_to(tmp_path)
    (run / "repo" / "ring").symlink_to(run / "repo" / "ring")
    os.mkfifo(run / "repo" / "pipe")
    assert names(run) == ["kiln/main.py", "kiln/src/model.py"]
    (run / "repo").rename(tmp_path / "elsewhere")
    (run / "repo").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunFolderError, match="no code to download yet"):
        pack(run, "kiln")


@pytest.mark.parametrize("name", [b"..\\..\\evil.py", b"\xff.py", b"a\nb.py"])
def test_odd_names_lead_nowhere_and_break_nothing(run: Path, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(run / "repo") + b"/" + name)).write_text("x", encoding="utf-8")
    assert len(names(run)) == 3
    assert not any("\\" in each for each in names(run))


def test_large_and_deleted_files_are_errors(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as changed:
        changed.setattr(files, "MAX_BYTES", 3)
        with pytest.raises(RunFolderError, match="is larger than"):
            pack(run, "kiln")
    monkeypatch.setattr(files, "read_bytes", lambda *_: None)
    with pytest.raises(RunFolderError, match="could not be packed"):
        pack(run, "kiln")
