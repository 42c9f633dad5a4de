"""The text of a paragraph, heading or cell: links, emphasis, HTML tags and escapes read as what they show."""

import html
import re
from collections.abc import Callable

from papercoder.paper.markup import tidy

_TARGET = (
    r"(?:<[^<>\n]*>|(?:\#|https?:|ftp:|mailto:|doi:|www\.|\.{0,2}/|[\w%.-]+/|[\w%.-]+\.(?:html?|pdf|md|png|jpe?g|gif|svg)\b)"
    r"(?:[^()\s]|\([^()\s]*\))*)(?:\s+\"[^\"\n]*\")?"
)
IMAGE = re.compile(rf"!\[([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]\((?:{_TARGET}|[^()\s]*)\)")
_LINK = re.compile(rf"(?<!\\)\[((?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]\({_TARGET}\)")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>")
_ESCAPED_BRACKET = re.compile(r"\\([\[\]()])")
_CITATION = re.compile(r"\\\[([\w\s,;+–-]{1,40})\\\]")

_KEPT = re.compile(
    r"(?P<code>(?<!`)`[^`\n]+`(?!`))"
    r"|(?<!\\)\$\$(?P<double>[^$]+)\$\$"
    r"|(?<![\\$])\$(?!\s*\$)(?P<single>(?:[^$\\]|\\.)+)\$(?!\d)"
    r"|\\\((?P<round>(?:[^\\]|\\[^()])*)\\\)"
    r"|\\\[(?P<square>(?:[^\\]|\\[^\[\]])*)\\\]",
    re.DOTALL,
)
_PLACE = re.compile("\ue000(\\d+)\ue001")

_RAISED = re.compile(r"<(su[pb])>\s*([^<>]*?)\s*</su[pb]>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|body|center|cite|code|del|details|div|dd|dl|dt|em|figcaption|figure|font|h[1-6]|header|html|i|img"
    r"|ins|kbd|li|mark|ol|p|pre|q|s|samp|section|small|span|strike|strong|su[bp]|summary|tt|u|ul|var)\b[^<>]*>",
    re.IGNORECASE,
)
_EMPHASIS = tuple(
    map(
        re.compile,
        (
            r"\*\*\*(?=\S)([^*]*[^*\s\\])\*\*\*",
            r"(?<![\w*\\])\*(?=[^\s*])([^*]*[^*\s\\])\*(?![\w*])",
            r"(?<!\\)\*\*(?=\S)([^*]*[^*\s\\])\*\*",
            r"(?<![\w\\])__(?=\S)([^_]*(?:\s[^_]*[^_\s]|[.:]))__(?!\w)",
            r"(?<![\w\\])_(?=[^\s_])([^_]*[^_\s\\])_(?!\w)",
        ),
    )
)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>&~%\"':;,/=@^])")


def without_links(text: str) -> str:
    """The text with each link replaced by its words, images removed."""
    text = _AUTOLINK.sub(r"\1", IMAGE.sub("", text))
    return _LINK.sub(lambda link: _ESCAPED_BRACKET.sub(r"\1", link[1]), text)


def plain(text: str, footnotes: frozenset[str] = frozenset()) -> str:
    """The text on one line as a reader sees it; formulas stay LaTeX, between dollars.

    Args:
        text: Markdown, maybe with HTML tags.
        footnotes: the numbers of the document's footnotes; a raised number among them reads as `[^1]`.
    """
    kept: list[str] = []
    text = _CITATION.sub(_cited, without_links(text.replace("\ue000", "").replace("\ue001", "")))
    text = _KEPT.sub(_keeper(kept), text)
    text = _TAG.sub("", _BREAK.sub(" ", _RAISED.sub(lambda mark: _raised(mark[1], mark[2], footnotes), text)))
    for pattern in _EMPHASIS:
        text = pattern.sub(r"\1", text)
    text = html.unescape(_ESCAPE.sub(r"\1", text))
    return tidy(_PLACE.sub(lambda place: kept[int(place[1])], text))


def _cited(match: re.Match[str]) -> str:
    """`\\[1, 2\\]` is a citation with escaped brackets, not a displayed formula."""
    return f"[{match[1]}]" if any(map(str.isdigit, match[1])) and "=" not in match[1] else match[0]


def _keeper(kept: list[str]) -> Callable[[re.Match[str]], str]:
    def keep(match: re.Match[str]) -> str:
        formula = next((match[name] for name in ("double", "single", "round", "square") if match[name]), "")
        kept.append(match["code"] or f"${tidy(formula)}$")
        return f"\ue000{len(kept) - 1}\ue001"

    return keep


def _raised(tag: str, text: str, footnotes: frozenset[str]) -> str:
    if not text:
        return ""
    if tag.lower() == "sup" and text in footnotes:
        return f"[^{text}]"
    sign = "^" if tag.lower() == "sup" else "_"
    return sign + (text if len(text) == 1 else f"{{{text}}}")
