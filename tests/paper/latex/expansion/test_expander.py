""""""

from pathlib import Path

import pytest

from papercoder.paper import read
from papercoder.paper.fidelity import fidelity
from papercoder.paper.files import Folder, Memory
from papercoder.paper.latex import read_latex
from papercoder.paper.latex.expansion.expander import Sources, is_readable

SECRET = "PRIVATE-KEY-0xDEAD"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.tex", True),
        ("sub/A.TEX", True),
        ("refs.bib", True),
        ("fig.pdf_tex", True),
        ("id_rsa", False),
        (".env.tex", False),
        (".ssh/key.tex", False),
        ("__MACOSX/a.tex", False),
        ("notes.txt", False),
        ("data.json", False),
        ("settings.cfg", False),
    ],
)
def test_which_files_a_paper_may_read(name: str, expected: bool) -> None:
    assert is_readable(name) is expected


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with secrets, in which a paper lies."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_rsa").write_text(SECRET)
    (tmp_path / ".ssh" / "id_rsa.tex").write_text(SECRET)
    (tmp_path / ".netrc").write_text(SECRET)
    (tmp_path / "passwords.txt").write_text(SECRET)
    folder = tmp_path / "paper"
    folder.mkdir()
    (folder / "key").write_text(SECRET)
    (folder / "link.tex").symlink_to(tmp_path / "passwords.txt")
    (folder / "inner").symlink_to(tmp_path / ".ssh")
    (tmp_path / "own.tex").write_text("Own text.")
    return tmp_path


ATTEMPTS = [
    r"\input{.ssh/id_rsa}",
    r"\input{.ssh/id_rsa.tex}",
    r"\input .ssh/id_rsa ",
    r"\include{.ssh/id_rsa}",
    r"\input{passwords.txt}",
    r"\input{~/.ssh/id_rsa}",
    r"\input{paper/key}",
    r"\input{paper/link}",
    r"\input{paper/inner/id_rsa.tex}",
    r"\input{paper/../.ssh/id_rsa}",
    r"\import{.ssh/}{id_rsa}",
    r"\subimport{./.ssh}{id_rsa.tex}",
    r"\subfile{.ssh/id_rsa}",
    r"\InputIfFileExists{.ssh/id_rsa}{}{}",
    r"\lstinputlisting{passwords.txt}",
    r"\lstinputlisting[caption=x]{.netrc}",
    r"\verbatiminput{.netrc}",
    r"\VerbatimInput{passwords.txt}",
    r"\inputminted{text}{passwords.txt}",
    r"\newread\f \openin\f=.netrc \read\f to \x \x",
    r"\usepackage{.ssh/id_rsa}",
    r"\bibliography{.ssh/id_rsa}\cite{a}",
    r"\def\name{.ssh/id}\input{\name_rsa}",
    r"\csname input\endcsname{.netrc}",
    r"\input{|cat .netrc}",
    r"\input{|\"cat passwords.txt\"}",
]


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_paper_reads_only_itself(home: Path, attempt: str) -> None:
    main = home / "main.tex"
    main.write_text(rf"\documentclass{{article}}\begin{{document}}Some text. {attempt} \input{{own}}\end{{document}}")
    paper = read(main)
    assert SECRET not in paper.render()
    assert SECRET not in str(paper.references)
    assert "Own text." in paper.text
    assert paper.files == ("main.tex", "own.tex")


@pytest.mark.parametrize("name", ["/etc/passwd", "../passwords.txt", "../own.tex", "link", "inner/id_rsa.tex"])
def test_nothing_outside_the_folder_is_read(home: Path, name: str) -> None:
    (home / "paper" / "main.tex").write_text(
        rf"Text. \input{{{name}}}\verbatiminput{{{name}}}\lstinputlisting{{{name}}}"
    )
    draft = read_latex(Folder(home / "paper"), "main.tex")
    assert SECRET not in str(draft.elements)
    assert "Own text." not in str(draft.elements)
    assert [loss.kind for loss in draft.losses] == ["missing_file"]
    assert draft.files == ["main.tex"]


def test_a_link_that_the_user_gives_is_read_in_its_own_folder(home: Path) -> None:
    (home / "paper" / "given.tex").symlink_to(home / "own.tex")
    assert read(home / "paper" / "given.tex").files == ("own.tex",)


def test_every_file_that_was_read_is_listed() -> None:
    files = {
        "main.tex": rb"\documentclass{mine}\usepackage{macros,absent}\input{a}\cite{k}\bibliography{refs}",
        "mine.cls": b"",
        "macros.sty": b"",
        "a.tex": b"Text.",
        "unused.tex": b"Text.",
        "refs.bib": b"@book{k, title={T}}",
    }
    paper = read_latex(Memory(files, "the test"), "main.tex")
    assert paper.files == ["main.tex", "mine.cls", "macros.sty", "a.tex", "refs.bib"]


def test_the_report_lists_the_files(tmp_path: Path) -> None:
    (tmp_path / "main.tex").write_text(r"Text. \input{b}")
    (tmp_path / "b.tex").write_text("More.")
    assert fidelity(read(tmp_path / "main.tex")).files == ("main.tex", "b.tex")


def test_the_main_file_may_have_any_name() -> None:
    sources = Sources(Memory({"paper": b"x", "other": b"y"}, "the test"), "paper")
    assert sources.text("paper") == "x"
    assert sources.text("other") is None
