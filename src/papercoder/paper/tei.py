"""TEI XML, as GROBID writes it."""

from collections.abc import Iterator

from papercoder.artifacts import Loss, Reference
from papercoder.errors import PaperError
from papercoder.paper.byline import authors, doi_address
from papercoder.paper.draft import Draft, Element, Text
from papercoder.paper.markup import Rows, Tag, cells_of, drop_namespaces, parse_xml, span, tidy
from papercoder.paper.outline import PrintedHeading, outlined
from papercoder.paper.printed import caption, captioned, display


def read_tei(data: bytes, where: str) -> Draft:
    """The draft of a paper in TEI; raises `PaperError` if it is not well formed or has no text."""
    root = parse_xml(data, where)
    drop_namespaces(root)
    for note in root.xpath(".//title//note | .//head//note | .//title//ref[@type = 'foot']"):
        note.clear(keep_tail=True)
    title = _first(root, ".//titleStmt/title") or _first(root, ".//sourceDesc//analytic/title")
    draft = Draft(title=title.rstrip("*†‡§¶ "), abstract=_abstract(root))
    published = root.xpath(".//sourceDesc/biblStruct")[:1]
    draft.authors = authors(
        " ".join(_text(part) for part in name.xpath("./forename | ./surname"))
        for work in published
        for name in work.xpath("./analytic/author/persName")
    )
    draft.address = doi_address(
        " ".join(_text(tag) for work in published for tag in work.xpath("./idno[@type = 'DOI']"))
    )
    elements: list[Element | PrintedHeading] = []
    for division in root.xpath("./text/body/div | ./text/body/figure | ./text/body/note"):
        elements += _division(division, appendix=False)
    for division in root.xpath("./text/back/div[not(@type = 'references')]//div"):
        appendix = division.xpath("boolean(ancestor::div[@type = 'annex'])")
        elements += _division(division, appendix=appendix)
    draft.elements = outlined(elements)
    draft.references += _references(root)
    if not any(isinstance(each, Text) for each in draft.elements):
        raise PaperError(f"{where} is TEI without the paper's text; run GROBID's full-text service on the paper again.")
    if not draft.references and root.xpath("boolean(.//ref[@type = 'bibr'])"):
        draft.losses.append(Loss(kind="missing_references", message="The text cites works, but the TEI lists none."))
    return draft


def _first(root: Tag, path: str) -> str:
    found = root.xpath(path)
    return _text(found[0]) if found else ""


def _text(tag: Tag) -> str:
    return tidy("".join(tag.itertext()))


def _abstract(root: Tag) -> str:
    paragraphs = root.xpath(".//profileDesc/abstract//p")
    return "\n\n".join(_text(p) for p in paragraphs) or _first(root, ".//profileDesc/abstract")


def _division(tag: Tag, *, appendix: bool) -> Iterator[Element | PrintedHeading]:
    """A `div` as GROBID writes it: flat, its heading numbered by an attribute."""
    if tag.tag != "div":
        yield from _block(tag, appendix=appendix)
    for child in tag if tag.tag == "div" else ():
        yield from _block(child, appendix=appendix)


def _block(tag: Tag, *, appendix: bool) -> Iterator[Element | PrintedHeading]:
    match tag.tag:
        case "head":
            text = f"{(tag.get('n') or '').strip()} {_text(tag)}".strip()
            yield PrintedHeading(text, 1, follows_references=appendix, is_appendix=appendix)
        case "note":
            yield Text(f"[^{tag.get('n')}]: {_text(tag)}" if tag.get("n") else _text(tag))
        case "formula":
            yield _formula(tag)
        case "figure":
            yield _figure(tag)
            yield from (Text(text) for note in tag.xpath("./note") if (text := _text(note)))
        case "div":
            yield from _division(tag, appendix=appendix)
        case "list":
            yield from (Text(f"- {_text(item)}") for item in tag.iter("item"))
        case _:
            yield from _paragraph(tag)


def _paragraph(tag: Tag) -> Iterator[Element | PrintedHeading]:
    """A paragraph, cut at the formulas and lists in it."""
    pieces = [tag.text or ""]
    for child in tag:
        if child.tag in ("formula", "list", "figure"):
            yield from _flushed(pieces)
            yield from _block(child, appendix=False)
        else:
            pieces.append("".join(child.itertext()))
        pieces.append(child.tail or "")
    yield from _flushed(pieces)


def _flushed(pieces: list[str]) -> Iterator[Element]:
    text = tidy("".join(pieces))
    pieces.clear()
    if text:
        yield Text(text)


def _formula(tag: Tag) -> Element:
    label = next(iter(tag.xpath("./label")), None)
    number = _text(label) if label is not None else ""
    text = "".join([tag.text or "", *("".join(c.itertext()) + (c.tail or "") for c in tag if c is not label)])
    return display(text + (label.tail or "" if label is not None else ""), number)


def _figure(tag: Tag) -> Element:
    label, head, shown = (_first(tag, f"./{part}") for part in ("label", "head", "figDesc"))
    found = caption(head)
    kind = "table" if tag.get("type") == "table" else found.kind if found else "figure"
    line = f"{kind.capitalize()} {label}. {shown or head}" if label else shown or head
    if kind == "algorithm":
        return captioned(kind, head, text=shown)
    return captioned("table", line, _rows(tag)) if kind == "table" else captioned("figure", line)


def _rows(tag: Tag) -> Rows:
    rows = ([(_text(cell), span(cell.get("cols")), span(cell.get("rows"))) for cell in row] for row in tag.iter("row"))
    return cells_of(rows)


def _references(root: Tag) -> Iterator[Reference]:
    for work in root.xpath(".//listBibl/biblStruct"):
        raw = work.xpath("./note[@type = 'raw_reference']")
        text = _text(raw[0]) if raw else ". ".join(_text(part) for part in work if _text(part))
        if text:
            yield Reference(key=work.get("{http://www.w3.org/XML/1998/namespace}id") or text[:20], text=text)
