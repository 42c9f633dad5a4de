"""Reads drawings, as strict XML."""

from lxml import etree


def parsed(svg: str) -> etree._Element:
    """The drawing; fails where it is not well-formed."""
    return etree.fromstring(svg.encode(), etree.XMLParser(resolve_entities=False))


def texts(svg: str) -> list[str]:
    """All lines of text."""
    return ["".join(item.itertext()) for item in parsed(svg).iter("{http://www.w3.org/2000/svg}text")]


def tags(svg: str) -> set[str]:
    """Names of all elements."""
    return {str(item.tag).partition("}")[2] for item in parsed(svg).iter()}
