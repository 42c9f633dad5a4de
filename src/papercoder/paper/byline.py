"""Who wrote a paper and where it is published, from the words that a source prints about it."""

import re
from collections.abc import Iterable

_SEPARATORS = re.compile(r"\s*(?:,|;|&|\band\b|\n)\s*")
_NOTES = re.compile(r"\$[^$]*\$|[*†‡§¶∗⋆]+|\[[^\]]*\]|\((?:[^()]*)\)|\^\{?[^ }]*\}?|(?<=[^\W\d])\d+(?:\s*,\s*\d+)*")
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[.'’ʼ-])*(?: (?:[^\W\d_]|[.'’ʼ-])+){1,5}")
_NO_NAME = re.compile(
    r"\b(?:universit\w*|institut\w*|department|laborator\w*|lab|school|college|research|google|microsoft|anonymous|"
    r"authors?|inc|corp\w*|ltd|center|centre|academy|equal|contribution|corresponding|team|abstract|review|ai)\b",
    re.IGNORECASE,
)
_MOST = 200
_DOI = re.compile(r"\b10\.\d{4,9}/[\w./:()+;~-]*\w", re.ASCII)
_STAMP = re.compile(r"\barXiv:(\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+(?:\.[A-Z]{2})?/\d{7}(?:v\d+)?)\b")


def authors(names: Iterable[str]) -> list[str]:
    """The people in what a source calls authors, each once; whatever does not look like a person's name is left out."""
    found: dict[str, None] = {}
    for text in names:
        for part in _SEPARATORS.split(_NOTES.sub("", text)):
            name = " ".join(part.split())
            if _NAME.fullmatch(name) and name[0].isupper() and not _NO_NAME.search(name):
                found[name] = None
    return list(found)[:_MOST]


def doi_address(text: str) -> str:
    """The address of the first DOI in a text, or nothing."""
    match = _DOI.search(text)
    return f"https://doi.org/{match[0]}" if match else ""


def arxiv_address(text: str) -> str:
    """The address of the paper whose stamp arXiv printed on its first page, or nothing."""
    match = _STAMP.search(text)
    return f"https://arxiv.org/abs/{match[1]}" if match else ""
