"""Lists: the marks of their items, and what references to the items print."""

import re
from dataclasses import dataclass

from papercoder.paper.latex.numbering.counters import in_style
from papercoder.paper.latex.prose import Prose
from papercoder.paper.latex.siunitx.quantities import parse_options
from papercoder.paper.latex.tokens import join, tokenize
from papercoder.paper.latex.tree import Environment, parse, tokens_of
from papercoder.paper.names import names

LISTS = names(
    """
    itemize enumerate description compactitem compactenum compactdesc inparaenum asparaenum asparaitem tablenotes
    """
)
_NUMBERED = names("enumerate compactenum inparaenum asparaenum")
_DEFAULTS = (("", "arabic", "."), ("(", "alph", ")"), ("", "roman", "."), ("", "Alph", "."))
"""What LaTeX prints around the number of an item, and in which style, by depth."""

_COUNTER = re.compile(r"\\(arabic|alph|Alph|roman|Roman)\s*(?:\*|\{\*\})")
_SHORT = re.compile(r"(?<![A-Za-z\\])([1aAiI])(?![A-Za-z])")
_STYLES = {"1": "arabic", "a": "alph", "A": "Alph", "i": "roman", "I": "Roman"}


@dataclass
class OpenList:
    """A list whose items are being read."""

    before: str = "- "
    style: str = ""
    """How its items are numbered; empty if they are not."""

    after: str = ""
    count: int = 0
    parent: str = ""
    """The number of the item that the list is part of, which references print in front."""

    is_labelled: bool = False
    """Whether the source sets the label, which references then print as a whole."""

    def next_mark(self) -> str:
        """The mark of the next item."""
        if not self.style:
            return self.before
        self.count += 1
        return f"{self.before}{in_style(self.style, self.count)}{self.after} "

    @property
    def reference(self) -> str:
        """What a reference to the last item prints."""
        if not (self.style and self.count):
            return ""
        number = self.parent + in_style(self.style, self.count)
        return f"{self.before}{number}{self.after}" if self.is_labelled else number


def open_list(environment: Environment, outer: list[OpenList], prose: Prose) -> OpenList:
    """The list that an environment begins, within others."""
    if environment.name.removesuffix("*") not in _NUMBERED:
        return OpenList()
    numbered = [each for each in outer if each.style]
    source = join(tokens_of(environment.arguments[0])) if environment.arguments else ""
    options = parse_options(source)
    start = options.get("start", "1")
    count = int(start) - 1 if start.isdecimal() and len(start) < 6 else 0
    label = options.get("label") or ("" if "=" in source else source)
    if match := _COUNTER.search(label) or _SHORT.search(label):
        before, after = (prose(parse(tokenize(part))) for part in (label[: match.start()], label[match.end() :]))
        return OpenList(before, _STYLES.get(match[1], match[1]), after, count, is_labelled=True)
    before, style, after = _DEFAULTS[min(len(numbered), 3)]
    return OpenList(before, style, after, count, numbered[-1].reference if numbered else "")
