"""Reads a paper from any kind of source, on request in a separate process with limits of time and memory."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from papercoder.artifacts import Loss, Paper, SourceKind
from papercoder.errors import PaperError
from papercoder.files.temporary import temporary_folder
from papercoder.paper.addresses import Address, Addresses, online_source, parse_address
from papercoder.paper.arxiv import FORMS, Arxiv, ArxivId, parse_id
from papercoder.paper.draft import Draft, assemble
from papercoder.paper.files import (
    LARGEST_FILE,
    Files,
    Folder,
    Kind,
    Memory,
    decode,
    gunzip,
    kind_of,
    read_bytes,
    untar,
    unzip,
)
from papercoder.paper.grobid import read_s2orc, read_tei
from papercoder.paper.html import read_html
from papercoder.paper.jats import read_jats
from papercoder.paper.latex import read_latex
from papercoder.paper.markdown import read_markdown
from papercoder.paper.pdf import read_pdf

_LARGEST = 256 * 2**20
_LARGEST_TEXT = 4 * LARGEST_FILE

TIME_LIMIT = 300.0
"""Seconds for one paper."""

MEMORY_LIMIT = 4 << 30
"""Bytes of address space."""

_SMALL = 256 * 1024
"""Bytes up to which a text is read in this process: every reader is fast enough for it."""


@dataclass(frozen=True)
class _Found:
    """A draft and the kind of its source."""

    draft: Draft
    source: SourceKind


def read(source: str | Path, arxiv: Arxiv | None = None, addresses: Addresses | None = None) -> Paper:
    """Read a paper.

    Args:
        source: a PDF, a `.tex` file, a folder of LaTeX, an archive of either as arXiv serves it, HTML, Markdown, S2ORC
            JSON, TEI or JATS XML; or an arXiv id, a DOI, or an address of arXiv, alphaXiv, Hugging Face papers,
            OpenReview or Semantic Scholar. The kind of a file is detected from its content.
        arxiv: how to reach arXiv; None for the default client.
        addresses: how to look up a DOI or an address that carries no arXiv id; None for the default client.

    Raises:
        PaperError: the paper does not exist, or is broken, unsafe, too large or of an unknown kind.
    """
    require_source(source)
    path = Path(source)
    exists = path.exists()
    if not exists and (number := parse_id(str(source))):
        found = _from_arxiv(number, arxiv)
    elif not exists and (address := parse_address(str(source))):
        found = _from_address(address, arxiv, addresses)
    else:
        found = _latex(Folder(path)) if path.is_dir() else _from_file(path)
    return assemble(found.draft, found.source)


def require_source(source: str | Path) -> None:
    """Check that a source is a path that exists, or an id or an address that can be looked up, without reading it.

    Raises:
        PaperError: it is neither.
    """
    if not Path(source).exists() and not online_source(str(source)):
        raise PaperError(_not_found(str(source)))


def _not_found(source: str) -> str:
    if re.match(r"https?://", source):
        return (
            f"{source} is not an address of a paper on arXiv, alphaXiv, Hugging Face, OpenReview, Semantic Scholar or "
            "doi.org. Download the paper and give its path, or give its arXiv id."
        )
    return (
        f"There is no file or folder {source}. Give a file, a folder of LaTeX, an arXiv id such as 1706.03762 or a DOI."
    )


def _from_file(path: Path) -> _Found:
    if not path.is_file():
        raise PaperError(f"{path} is neither a file nor a folder; give the paper itself.")
    data = read_bytes(path, _LARGEST)
    kind = kind_of(data, path.name)
    if kind == "pdf":
        return _Found(read_pdf(path), "pdf")
    if kind == "latex":
        file = path.resolve()
        return _latex(Folder(file.parent, deep=False), file.name)
    return _from_bytes(data, kind, str(path))


def _from_bytes(data: bytes, kind: Kind, where: str) -> _Found:
    if len(data) > _LARGEST_TEXT and kind not in ("gzip", "tar", "zip", "pdf"):
        raise PaperError(f"{where} is {len(data) // 2**20} MiB of text; give the paper itself, without its data.")
    if kind not in _KINDS:
        raise PaperError(_REFUSALS.get(kind, "{} is of an unknown kind.").format(where))
    return _KINDS[kind](data, where)


def _gzip(data: bytes, where: str) -> _Found:
    content = gunzip(data, where)
    kind = kind_of(content, where.removesuffix(".gz"))
    if kind == "gzip":
        raise PaperError(f"{where} is a gzip file within a gzip file; unpack it and give its content.")
    return _from_bytes(content, kind, where)


def _latex(files: Files, main: str | None = None) -> _Found:
    return _Found(read_latex(files, main), "latex")


def _pdf(data: bytes, where: str) -> _Found:
    with temporary_folder() as folder:
        path = folder / (Path(where).stem + ".pdf")
        path.write_bytes(data)
        return _Found(read_pdf(path), "pdf")


def _text(read_text: Callable[[str, str], Draft], source: SourceKind) -> Callable[[bytes, str], _Found]:
    """Turns a reader of text into a reader of bytes."""

    def from_bytes(data: bytes, where: str) -> _Found:
        losses: list[Loss] = []
        draft = read_text(decode(data, where, losses), where)
        draft.losses += losses
        return _Found(draft, source)

    return from_bytes


def _markdown(source: str, where: str) -> Draft:
    draft = read_markdown(source)
    if not draft.elements and not draft.abstract:
        raise PaperError(f"{where} has no text; give the paper itself.")
    return draft


def _from_address(address: Address, arxiv: Arxiv | None, addresses: Addresses | None) -> _Found:
    """The paper on arXiv if the address leads there, else the PDF."""
    if addresses is None:
        addresses = Addresses()
        with addresses.client:
            return _from_address(address, arxiv, addresses)
    target = addresses.find(address)
    if isinstance(target, ArxivId):
        return _from_arxiv(target, arxiv)
    found = _pdf(target, "paper.pdf")
    found.draft.address = str(address)
    return found


def _from_arxiv(number: ArxivId, arxiv: Arxiv | None) -> _Found:
    """The best form of a paper that arXiv has and that can be read."""
    if arxiv is None:
        arxiv = Arxiv()
        with arxiv.client:
            return _from_arxiv(number, arxiv)
    problems: list[str] = []
    for form in FORMS:
        data = arxiv.fetch(number, form)
        if data is None:
            continue
        try:
            found = _from_bytes(data, kind_of(data, ""), f"arXiv's {form} of {number}")
        except PaperError as error:
            problems.append(str(error))
        else:
            found.draft.address = f"https://arxiv.org/abs/{number}"
            found.draft.losses += [
                Loss(kind="form", message=f"Another form was tried first: {text}") for text in problems
            ]
            return found
    reasons = " ".join(problems) or "Check the id."
    raise PaperError(f"{number} cannot be read from arXiv as source, HTML or PDF. {reasons}")


_KINDS: dict[Kind, Callable[[bytes, str], _Found]] = {
    "pdf": _pdf,
    "gzip": _gzip,
    "tar": lambda data, where: _latex(untar(data, where)),
    "zip": lambda data, where: _latex(unzip(data, where)),
    "latex": lambda data, where: _latex(Memory({"paper.tex": data}, where), "paper.tex"),
    "html": lambda data, where: _Found(read_html(data, where), "html"),
    "tei": lambda data, where: _Found(read_tei(data, where), "tei"),
    "jats": lambda data, where: _Found(read_jats(data, where), "jats"),
    "s2orc": _text(read_s2orc, "s2orc"),
    "markdown": _text(_markdown, "markdown"),
}
_REFUSALS: dict[Kind, str] = {
    "lfs": "{} is a Git LFS pointer, not the paper; run `git lfs pull` to fetch it.",
    "empty": "{} is empty; give the paper itself.",
    "text": "{} is text, but not a paper of a known kind; give a PDF, LaTeX, HTML, Markdown, S2ORC JSON, TEI or JATS.",
    "binary": "{} is a binary file of an unknown kind; give a PDF, LaTeX, HTML, Markdown, S2ORC JSON, TEI or JATS.",
}


def read_within_limits(source: str | Path) -> Paper:
    """Read a paper, as `read` does.

    Raises:
        PaperError: as for `read`; or reading took too much time or memory.
    """
    if _is_small(Path(source)):
        return read(source)
    command = [sys.executable, "-P", "-m", "papercoder.paper.reading", str(source)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired as error:
        message = f"{source}: reading took more than {TIME_LIMIT:.0f} s; give the paper in another format."
        raise PaperError(message) from error
    if done.returncode == PaperError.exit_code:
        raise PaperError(json.loads(done.stdout))
    if done.returncode:
        raise PaperError(
            f"{source}: the reader ended with exit code {done.returncode}, perhaps because it had not enough memory; "
            "give the paper in another format."
        )
    return Paper.model_validate_json(done.stdout)


def _is_small(path: Path) -> bool:
    """Whether this is a small text that is not an archive and includes no other files."""
    try:
        if not path.is_file() or path.stat().st_size > _SMALL:
            return False
        return kind_of(path.read_bytes(), path.name) not in {"gzip", "tar", "zip", "latex"}
    except OSError:  # reading it explains the problem
        return True


def main() -> int:
    """`python -m papercoder.paper.reading SOURCE`: print the paper as JSON, or the reason why it cannot be read."""
    _limit_memory()
    try:
        paper = read(sys.argv[1])
    except PaperError as error:
        sys.stdout.write(json.dumps(str(error)))
        return PaperError.exit_code
    sys.stdout.write(paper.model_dump_json())
    return 0


def _limit_memory() -> None:
    try:
        import resource  # noqa: PLC0415 - it exists on Unix only
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, hard))


if __name__ == "__main__":
    sys.exit(main())
