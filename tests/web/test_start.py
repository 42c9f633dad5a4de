"""Which papers may be read on the page."""

from pathlib import Path

import pytest

from papercoder.errors import PaperError, RunFolderError
from papercoder.operations.generate import example
from papercoder.web.pages.start import source_of, store_upload
from papercoder.web.runs.folder import UPLOAD, RunsFolder
from tests.support import MARKDOWN


@pytest.fixture
def runs_folder(tmp_path: Path) -> RunsFolder:
    root = tmp_path / "runs"
    root.mkdir()
    (tmp_path / "secret.md").write_text(MARKDOWN, encoding="utf-8")
    (root / "ring").symlink_to(root / "ring")
    (root / "link.md").symlink_to(tmp_path / "secret.md")
    return RunsFolder(root)


@pytest.mark.parametrize(
    ("typed", "source"),
    [
        ("https://huggingface.co/papers/1706.03762", "1706.03762"),
        (" https://openreview.net/pdf?id=aB3", "https://openreview.net/forum?id=aB3"),
        ("doi:10.1000/182", "https://doi.org/10.1000/182"),
    ],
)
def test_other_addresses_of_papers(runs_folder: RunsFolder, typed: str, source: str) -> None:
    assert source_of(runs_folder, typed) == source


@pytest.mark.parametrize("typed", ["1706.03762", " arxiv:1706.03762v7 ", "https://arxiv.org/abs/1706.03762"])
def test_an_arxiv_id_is_taken_in_any_form(runs_folder: RunsFolder, typed: str) -> None:
    assert source_of(runs_folder, typed).startswith("1706.03762")


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
def test_nothing_else_outside_is_read(runs_folder: RunsFolder, typed: str) -> None:
    with pytest.raises(PaperError, match=r"[Dd]rop"):
        source_of(runs_folder, typed)


def test_the_bundled_example_may_be_named(runs_folder: RunsFolder) -> None:
    bundled = example()
    assert bundled
    assert source_of(runs_folder, str(bundled.paper)) == str(bundled.paper.resolve())


def test_an_upload_is_kept_beside_the_runs_under_a_plain_name(runs_folder: RunsFolder) -> None:
    typed = store_upload(runs_folder, "../../.bashrc\\..\\My <b> paper.md", MARKDOWN.encode())
    kept = Path(source_of(runs_folder, typed))
    assert kept.read_text(encoding="utf-8") == MARKDOWN
    assert kept.parent.parent == runs_folder.root / ".uploads"
    assert kept.name == "My-b-paper.md"
    assert runs_folder.runs() == ()


def test_two_papers_of_one_name_do_not_collide(runs_folder: RunsFolder) -> None:
    assert store_upload(runs_folder, "p.md", MARKDOWN.encode()) != store_upload(
        runs_folder, "p.md", MARKDOWN.encode() + b"\n"
    )


@pytest.mark.parametrize("data", [b"", b"\x7fELF\0\0", b"just words", b"version https://git-lfs.github.com/spec/v1\n"])
def test_what_is_no_paper_is_not_kept(runs_folder: RunsFolder, data: bytes) -> None:
    with pytest.raises(PaperError, match="not a paper of a known kind"):
        store_upload(runs_folder, "x.bin", data)
    assert not (runs_folder.root / ".uploads").exists()


def test_nothing_is_stored_through_a_link_to_another_folder(runs_folder: RunsFolder, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (runs_folder.root / ".uploads").symlink_to(tmp_path / "other")
    with pytest.raises(RunFolderError, match="is a link or another special file"):
        store_upload(runs_folder, "p.md", MARKDOWN.encode())
    assert not list((tmp_path / "other").iterdir())


def test_what_is_too_large_is_not_kept(runs_folder: RunsFolder) -> None:
    with pytest.raises(PaperError, match="larger than 64 MiB"):
        store_upload(runs_folder, "x.pdf", b"%PDF-" + b"0" * UPLOAD)
