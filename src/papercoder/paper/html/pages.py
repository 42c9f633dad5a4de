"""Pages that are not a paper: errors, captchas, log-ins and abstracts."""

import re

from papercoder.errors import PaperError
from papercoder.paper.markup import Tag, tidy

_SHORT = 400
"""Words; a page with more text is a paper, even if it speaks of errors."""

_HEAD = 1_500
"""Characters at the start of a page that say what it is."""

_KINDS = (
    (
        "",
        r"no html for\b|html is not available for|conversion to html (?:failed|was not successful)|no html version",
        "says that there is no HTML of this paper",
    ),
    (
        "",
        r"captcha|are you (?:a |really )?(?:robot|human)|(?:verify|confirm)(?:ing)? (?:that )?you are (?:a )?human"
        r"|not a robot|checking (?:if the site connection is secure|your browser)|just a moment|unusual traffic"
        r"|attention required|enable (?:javascript and )?cookies",
        "asks whether a person reads it (a captcha)",
    ),
    (
        r"\b40[45]\b|\bnot found\b",
        r"page (?:was |could )?not (?:be )?found|no longer (?:available|exists)|article .{0,40}not recognized",
        "says that the page was not found",
    ),
    (
        r"\b40[13]\b|forbidden",
        r"access (?:is |to .{0,40} )?denied|permission to access|(?:sign|log) ?in to (?:continue|access|read)"
        r"|institutional (?:access|login)|purchase (?:access|article|pdf)|get access to",
        "does not give access to the paper",
    ),
    (
        r"\b(?:429|50[0234])\b|\berror\b",
        r"too many requests|rate limit|service (?:temporarily )?unavailable|bad gateway|internal server error"
        r"|under maintenance|try again later",
        "is a server's error page",
    ),
)
"""What a title says, what a title or the start of the text says, and what that means."""

_ABSTRACT_PAGE = "boolean(//meta[@name = 'citation_arxiv_id']) and not(//*[contains(@class, 'ltx_document')])"


def refuse_other_pages(root: Tag, text: str, *, has_headings: bool, where: str) -> None:
    """Raise `PaperError` for a page that is not a paper.

    Args:
        root: of the page.
        text: what was read of it.
        has_headings: whether sections were found in it.
        where: what to call it in the message.
    """
    advice = "save the paper's own page, or give its PDF or source"
    words = len(text.split())
    if root.xpath(_ABSTRACT_PAGE):
        raise PaperError(f"{where} is arXiv's page about the paper, with its abstract only; give the arXiv id instead.")
    titles = " ".join(tidy("".join(tag.itertext())) for tag in root.xpath("//title | //h1 | //h2")[:4])
    for in_title, anywhere, meaning in _KINDS if words < _SHORT else ():
        is_meant = re.search(anywhere, f"{titles} {text[:_HEAD]}", re.IGNORECASE)
        if is_meant or (in_title and re.search(in_title, titles, re.IGNORECASE)):
            raise PaperError(f"{where} {meaning}; {advice}.")
    if not words or (words < _SHORT // 4 and not has_headings):
        raise PaperError(f"{where} is an HTML page without a paper's text; {advice}.")
