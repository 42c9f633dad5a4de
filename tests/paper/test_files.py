import os
from pathlib import Path

import pytest

from papercoder.errors import PaperError
from papercoder.paper.files import LARGEST_FILE, Folder, inside


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
