"""Drafts of small LaTeX sources."""

from papercoder.artifacts import Paper
from papercoder.paper.draft import Draft, assemble
from papercoder.paper.files import Memory
from papercoder.paper.latex import read_latex


def draft_of(source: str, **files: str) -> Draft:
    """The draft of a main file, with others beside it (`main_bbl` is `main.bbl`)."""
    beside = {name.replace("_", "."): text.encode() for name, text in files.items()}
    return read_latex(Memory({"main.tex": source.encode(), **beside}, "the test"), "main.tex")


def paper_of(source: str, **files: str) -> Paper:
    """The paper of a main file."""
    return assemble(draft_of(source, **files), "latex")


def texts(source: str, **files: str) -> list[str]:
    """The paragraphs of a source."""
    paper = paper_of(source, **files)
    return [block.text for block in paper.blocks() if block.kind == "paragraph"]
