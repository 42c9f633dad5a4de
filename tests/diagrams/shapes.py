"""Reads SVG as strict XML."""

from lxml import etree


def parsed(svg: str) -> etree._Element:
    """The root; fails if it is not well-formed."""
    return etree.fromstring(svg.encode(), etree.XMLParser(resolve_entities=False))


def texts(svg: str) -> list[str]:
    """The content of each text element."""
    return ["".join(item.itertext()) for item in parsed(svg).iter("{http://www.w3.org/2000/svg}text")]


def tags(svg: str) -> set[str]:
    """The names of all elements."""
    return {str(item.tag).partition("}")[2] for item in parsed(svg).iter()}
