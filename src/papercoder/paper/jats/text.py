"""The text of JATS elements: formulas between dollars, footnotes set apart."""

import re
from collections.abc import Callable, Iterator

from papercoder.paper.markup import Tag, tidy
from papercoder.paper.mathml import tex_of
from papercoder.paper.names import names

_SILENT = names("label object-id graphic inline-graphic media processing-meta")
_SPACED = names("break p title list-item list")
_FORMULAS = names("inline-formula disp-formula math tex-math")
_TITLE_NOTES = ".//fn | .//xref[@ref-type = 'fn' or @ref-type = 'author-notes' or @ref-type = 'corresp']"
_SIGNS = re.compile(r"(?:\^\{?[*†‡§¶]*\}?|[*†‡§¶ ])+$")
_DOCUMENT = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.DOTALL)
_DELIMITERS = re.compile(r"^\s*(?:\$\$?|\\\[|\\\(|\\begin\{equation\*?\})|(?:\$\$?|\\\]|\\\)|\\end\{equation\*?\})\s*$")
_CITATIONS = re.compile(r"[\d,;\s–-]+")


def text_of(tag: Tag, notes: list[str]) -> str:
    """The text within an element on one line; footnotes go to `notes`."""
    return tidy("".join(_inside(tag, notes)))


def heading_text(tag: Tag) -> str:
    """The text of a title without its footnotes, which are removed from the tree."""
    for note in tag.xpath(_TITLE_NOTES):
        note.clear(keep_tail=True)
    return _SIGNS.sub("", text_of(tag, []))


def note_text(note: Tag, notes: list[str]) -> str:
    """A footnote behind its mark."""
    text = " ".join(text_of(part, notes) for part in note if part.tag != "label")
    return f"[^{sign}]: {text}" if (sign := _sign(note)) else text


def _sign(note: Tag) -> str:
    """The sign of a footnote: its label, or its identifier if it has none; in a table, nothing."""
    label = tidy(note.findtext("label") or "")
    is_in_table = next(note.iterancestors("table-wrap-foot"), None) is not None
    return label or ("" if is_in_table else note.get("id") or "*")


def strings(tag: Tag, notes: list[str]) -> Iterator[str]:
    """The text of an element in a paragraph."""
    if not isinstance(tag.tag, str) or tag.tag in _SILENT:
        return
    if special := _SPECIAL.get(tag.tag):
        yield special(tag, notes)
        return
    gap = " " if tag.tag in _SPACED else ""
    yield gap
    yield from _inside(tag, notes)
    yield gap


def tex(tag: Tag) -> str:
    """The LaTeX of a formula: as the file gives it, else from its MathML, else its characters."""
    source = next((each.text for each in tag.iter("tex-math") if each.text), "")
    if source:
        document = _DOCUMENT.search(source)
        return tidy(_DELIMITERS.sub("", _DELIMITERS.sub("", document[1] if document else source)))
    math = next(tag.iter("math"), None)
    return tex_of(math) if math is not None else text_of(tag, [])


def _inside(tag: Tag, notes: list[str]) -> Iterator[str]:
    yield tag.text or ""
    for child in tag:
        yield from strings(child, notes)
        yield child.tail or ""


def _formula(tag: Tag, _: list[str]) -> str:
    formula = tex(tag)
    return f"${formula}$" if formula else ""


def _raised(tag: Tag, notes: list[str]) -> str:
    """Raised and lowered text; raised citations read as `[1,2]`."""
    text = text_of(tag, notes)
    if tag.tag == "sup" and tag.xpath("boolean(./xref[@ref-type = 'bibr'])") and _CITATIONS.fullmatch(text):
        return f"[{text}]"
    if not text or text.startswith("[^"):
        return text
    return ("^" if tag.tag == "sup" else "_") + (text if len(text) == 1 else f"{{{text}}}")


def _footnote(tag: Tag, notes: list[str]) -> str:
    if not (sign := _sign(tag)):
        return note_text(tag, notes)
    notes.append(note_text(tag, notes))
    return f"[^{sign}]"


def _reference(tag: Tag, notes: list[str]) -> str:
    text = text_of(tag, notes)
    is_mark = tag.get("ref-type") in ("fn", "table-fn") and text
    return f"[^{text.strip('^{}')}]" if is_mark else text


_SPECIAL: dict[str, Callable[[Tag, list[str]], str]] = {
    **dict.fromkeys(_FORMULAS, _formula),
    "sub": _raised,
    "sup": _raised,
    "fn": _footnote,
    "xref": _reference,
}
