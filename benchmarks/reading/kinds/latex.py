"""LaTeX by kind: included files, units, conditionals, definitions, struck text, numbering, tables, front matter."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.reading.kinds.case import Case

_START = r"""\documentclass{article}
%s
\begin{document}
\title{A Small Paper}\maketitle
\begin{abstract}An abstract.\end{abstract}
\section{Body}
"""


def latex_case(
    kind: str,
    name: str,
    body: str,
    holds: tuple[str, ...],
    *,
    preamble: str = "",
    files: dict[str, str] | None = None,
    lacks: tuple[str, ...] = (),
    warns: tuple[str, ...] = (),
) -> Case:
    """A case whose input is `main.tex`, with a body after a title, an abstract and a heading, and files beside it."""

    def make(folder: Path) -> Path:
        main = body if "\\documentclass" in body else _START % preamble + body + "\n\\end{document}\n"
        for path, text in {"main.tex": main, **(files or {})}.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        return folder / "main.tex"

    return Case(f"LaTeX: {kind}", name, make, holds, lacks, warns)


def cases() -> Iterator[Case]:
    """Every LaTeX case."""
    yield from _files()
    yield from _units()


def _files() -> Iterator[Case]:
    chapter = r"\documentclass[../main]{subfiles}\begin{document}\section{%s} Text of %s.\end{document} trailing"
    yield latex_case(
        "files",
        "subfiles",
        r"\subfile{parts/one}\subfile{parts/two}\section{Last} End.",
        ("## [2] First", "## [3] Second", "## [4] Last"),
        files={"parts/one.tex": chapter % ("First", "one"), "parts/two.tex": chapter % ("Second", "two")},
        lacks=("trailing",),
    )
    yield latex_case(
        "files",
        "a missing file",
        r"Text. \input{gone}",
        ("Text.",),
        warns=("gone",),
    )


def _units() -> Iterator[Case]:
    yield latex_case(
        "units",
        "an uncertainty",
        r"We get \num{0.85 \pm 0.02} and \SIrange{1}{5}{\milli\second}.",
        ("We get 0.85 ± 0.02 and 1 to 5 ms.",),
    )
