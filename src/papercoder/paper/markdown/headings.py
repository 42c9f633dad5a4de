"""Headings and titles that no `#` marks, and footnote signs behind a title."""

import re

from papercoder.paper.markdown.floats import Block, Passage
from papercoder.paper.outline import PrintedHeading

_SIGNS = re.compile(r"(?:\s*(?:\$\s*\^?\s*\{?[^$]{0,12}\}?\s*\$|\^\{?[\d*†‡§¶∗,]+\}?|\[\^\w+\]|[*†‡§¶∗⋆]))+$")
_MASTHEAD = re.compile(
    r"""
    \W*(?:
      (?:published|accepted|to\ appear|presented|submitted)\b | under\ review | preprint | arxiv | proceedings
      | workshop | conference | journal | transactions | ieee | acm\b | doi | https?: | © | copyright | vol\. | \d
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LONGEST_TITLE = 30
"""Words."""

_BOLD = re.compile(r"\s*(?:\*\*|__)([^*]{1,120})(?:\*\*|__)\s*$")
_NUMBERED = re.compile(r"\s*(?:\d{1,2}(?:\.\d{1,2})+\.?|\d{1,2})\s+[A-Z][^.!?:;=]{2,80}$")
_LETTERED = re.compile(r"\s*(?:Appendix\s+)?[A-Z](?:\.\d{1,2})*[.:]?\s+[A-Z][^.!?:;=]{2,80}$", re.IGNORECASE)
_NAMED = re.compile(
    r"""
    (?:(?:\d{1,2}|[IVX]{1,4})\.?\s+)?
    (?: Abstract | Introduction | Related\ Works? | Backgrounds? | Preliminar(?:y|ies) | Methods? | Methodology
      | Experiments? | Results(?:\ and\ Discussion)? | Discussion | Conclusions? | Limitations | References
      | Bibliography | Acknowledge?ments? | Appendi(?:x|ces) )\W*
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_section_name(text: str) -> bool:
    """Whether this is the usual name of a section, so not a paper's title."""
    return bool(_NAMED.fullmatch(text))


def is_heading_line(line: str, text: str, *, bold_only: bool, in_references: bool) -> bool:
    """Whether a line that stands alone is a heading.

    Args:
        line: as written.
        text: without its marks.
        bold_only: the file marks its headings, so that a plain numbered line is not one.
        in_references: only a letter numbers a heading here.
    """
    is_bold = bool(_BOLD.match(line))
    if is_section_name(text):
        return is_bold or text[0].isupper() or text[0].isdigit()
    pattern = _LETTERED if in_references else _NUMBERED
    return bool(pattern.match(text)) and (is_bold or not bold_only)


def without_footnote_signs(title: str) -> str:
    """The title without what points to a footnote."""
    return _SIGNS.sub("", title)


def title_without_heading(blocks: list[Block]) -> str:
    """The first line that can be a title, taken from the text before the first heading."""
    for position, block in enumerate(blocks[:3]):
        if isinstance(block, PrintedHeading):
            break
        if isinstance(block, Passage) and not _MASTHEAD.match(block.text):
            if len(block.text.split()) > _LONGEST_TITLE or block.text.endswith((".", ":", ",")):
                break
            del blocks[position]
            return without_footnote_signs(block.text)
    return ""
