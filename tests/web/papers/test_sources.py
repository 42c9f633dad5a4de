"""Which papers may be read on the page."""

from pathlib import Path

import pytest

from papercoder.errors import PaperError, RunFolderError
from papercoder.operations.example import example
from papercoder.web.papers.sources import keep_upload, source_of
from papercoder.web.runs.folder import UPLOAD, Shelf
from tests.support import MARKDOWN


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    root = tmp_path / "runs"
    root.mkdir()
    (tmp_path / "secret.md").write_text(MARKDOWN, encoding="utf-8")
    (root / "ring").symlink_to(root / "ring")
    (root / "link.md").symlink_to(tmp_path / "secret.md")
    return Shelf(root)


@pytest.mark.parametrize("typed", ["1706.03762", " arxiv:1706.03762v7 ", "https://arxiv.org/abs/1706.03762"])
def test_an_arxiv_id_is_taken_in_any_form(shelf: Shelf, typed: str) -> None:
    assert source_of(shelf, typed).startswith("1706.03762")


@pytest.mark.parametrize(
    "typed",
    [
        "/etc/passwd",
        "../secret.md",
        "link.md",
        "a\0b",
        "~/.ssh",
        "http://169.254.169.254/",
        "file:///etc/passwd",
        " ",
        "x" * 5000,
        "ring",
    ],
)
def test_nothing_else_outside_is_read(shelf: Shelf, typed: str) -> None:
    with pytest.raises(PaperError, match=r"[Dd]rop"):
        source_of(shelf, typed)


def test_the_bundled_example_may_be_named(shelf: Shelf) -> None:
    bundled = example()
    assert bundled
    assert source_of(shelf, str(bundled.paper)) == str(bundled.paper.resolve())


def test_an_upload_is_kept_beside_the_runs_under_a_plain_name(shelf: Shelf) -> None:
    typed = keep_upload(shelf, "../../.bashrc\\..\\My <b> paper.md", MARKDOWN.encode())
    kept = Path(source_of(shelf, typed))
    assert kept.read_text(encoding="utf-8") == MARKDOWN
    assert kept.parent.parent == shelf.root / ".uploads"
    assert kept.name == "My-b-paper.md"
    assert shelf.runs() == ()


def test_two_papers_of_one_name_do_not_meet(shelf: Shelf) -> None:
    assert keep_upload(shelf, "p.md", MARKDOWN.encode()) != keep_upload(shelf, "p.md", MARKDOWN.encode() + b"\n")


@pytest.mark.parametrize("data", [b"", b"\x7fELF\0\0", b"just words", b"version https://git-lfs.github.com/spec/v1\n"])
def test_what_is_no_paper_is_not_kept(shelf: Shelf, data: bytes) -> None:
    with pytest.raises(PaperError, match="no paper of a known kind"):
        keep_upload(shelf, "x.bin", data)
    assert not (shelf.root / ".uploads").exists()


def test_nothing_is_kept_where_a_link_leads_elsewhere(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (shelf.root / ".uploads").symlink_to(tmp_path / "other")
    with pytest.raises(RunFolderError, match="is a link to another folder"):
        keep_upload(shelf, "p.md", MARKDOWN.encode())
    assert not list((tmp_path / "other").iterdir())


def test_what_is_too_large_is_not_kept(shelf: Shelf) -> None:
    with pytest.raises(PaperError, match="larger than 64 MiB"):
        keep_upload(shelf, "x.pdf", b"%PDF-" + b"0" * UPLOAD)
