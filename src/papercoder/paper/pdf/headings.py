"""Which lines are headings, by the outline, the numbering and the font."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from papercoder.paper.draft import Heading
from papercoder.paper.pdf.extract import Bookmark
from papercoder.paper.pdf.page import Typography
from papercoder.paper.pdf.prose import clean
from papercoder.paper.pdf.shapes import Line

_NUMBERED = re.compile(
    r"(?:(?:appendix|annexe|section)\s+)?(?P<number>\d{1,2}(?:\.\d{1,2}){0,4}|[A-Z](?:\.\d{1,2}){0,4}|[IVX]{1,5})"
    r"(?P<mark>[.:]?)\s+(?P<title>\S.*)",
    re.IGNORECASE,
)
_KNOWN = frozenset(
    "abstract|acknowledgment|acknowledgments|acknowledgement|acknowledgements|references|bibliography|appendix|appendices|"
    "introduction|conclusion|conclusions|discussion|discussions|related work|background|method|methods|experiments|"
    "results|limitations|ethics statement|broader impact|impact statement|reproducibility statement|"
    "supplementary material|résumé|références|introduction|conclusion|remerciements|bibliographie".split("|")
)
_REFERENCES = frozenset(("references", "bibliography", "références", "bibliographie", "literature cited"))
_ABSTRACT = frozenset(("abstract", "résumé", "resume", "summary"))


def key(title: str) -> str:
    """A title as its letters and digits, for comparison."""
    return re.sub(r"[\W_]+", "", title).lower()


def opens_references(title: str) -> bool:
    """Whether the bibliography follows."""
    return clean(title).rstrip(".:").lower() in _REFERENCES


def opens_abstract(title: str) -> bool:
    """Whether the abstract follows."""
    return clean(title).rstrip(".:—").lower() in _ABSTRACT


def _well_cased(text: str, title: str) -> str:
    """The printed heading, in the outline's capitals where all that is printed are capitals."""
    found = numbered(text)
    printed = found.title if found else text
    if not printed.isupper() or key(title) != key(printed):
        return text
    return f"{found.number} {title}" if found else title


@dataclass(frozen=True)
class Numbered:
    """A line that begins as numbered headings do."""

    number: str
    title: str

    @property
    def depth(self) -> int:
        """1 for a section."""
        return self.number.count(".") + 1

    @property
    def lettered(self) -> bool:
        """Whether it is numbered as appendices are."""
        return self.number[0].isalpha()


def numbered(text: str) -> Numbered | None:
    """The number and the title, where the text has both."""
    found = _NUMBERED.fullmatch(text)
    if found is None:
        return None
    number, title = found["number"], found["title"]
    roman = number.isalpha() and len(number) > 1
    if not re.search(r"[^\W\d_]{2}", title) or (not title[0].isupper() and not title[0].isdigit()):
        return None
    if (number.isalpha() and not number.isupper()) or (roman and not found["mark"]):
        return None
    return Numbered(_arabic(number) if roman else number, title)


def _arabic(roman: str) -> str:
    values = [{"I": 1, "V": 5, "X": 10}[letter] for letter in roman]
    signs = [-1 if value < after else 1 for value, after in zip(values, [*values[1:], 0], strict=True)]
    return str(sum(value * sign for value, sign in zip(values, signs, strict=True)))


@dataclass(frozen=True)
class HeadingRules:
    """What is known about a document's headings before its lines are read."""

    outline: tuple[Bookmark, ...]
    look: Typography

    def match(self, lines: Sequence[Line]) -> tuple[Heading, int] | None:
        """The heading that these lines begin with, and how many of them it takes."""
        taken = self._in_outline(lines)
        if taken:
            text = " ".join(clean(line.text) for line in lines[: taken[1]])
            return self._heading(_well_cased(text, taken[0].title), taken[0].level), taken[1]
        if not self._stands_out(lines[0]):
            return None
        count = 1 + self._continuation(lines)
        text = " ".join(clean(line.text) for line in lines[:count])
        return (
            (self._heading(text, self._level(lines[0], text)), count) if self._reads_so(text, lines[:count]) else None
        )

    def _in_outline(self, lines: Sequence[Line]) -> tuple[Bookmark, int] | None:
        """The bookmark on this page whose title is what these lines say."""
        here = [mark for mark in self.outline if mark.page == lines[0].page and key(mark.title)]
        text = ""
        for count, line in enumerate(lines[:4], start=1):
            text += " " + clean(line.text)
            found = numbered(text.strip())
            said = {key(text), key(found.title) if found else ""} - {""}
            for mark in here:
                named = numbered(mark.title)
                if {key(mark.title), key(named.title) if named else key(mark.title)} & said:
                    return mark, count
        return None

    def _stands_out(self, line: Line) -> bool:
        if not re.search(r"[^\W\d_]{3}", line.text) or len(line.text) > 160:
            return False
        spaced_caps = line.text.isupper() and len(line.text) > 6
        return line.bold or self.look.larger(line.size) or spaced_caps

    def _continuation(self, lines: Sequence[Line]) -> int:
        """How many of the next lines go on in the same font, closely below."""
        first, count = lines[0], 0
        for before, line in zip(lines[:3], lines[1:4], strict=False):
            alike = line.bold == first.bold and abs(line.size - first.size) < 0.3 and line.page == first.page
            close = 0 < line.box.y0 - before.box.y0 < 1.6 * first.size
            if not alike or not close or numbered(clean(line.text)) or before.box.width < 0.6 * before.column.width:
                break
            count += 1
        return count

    def _reads_so(self, text: str, lines: Sequence[Line]) -> bool:
        found = numbered(text)
        title = found.title if found else text
        if clean(title).rstrip(".:").lower() in _KNOWN:
            return True
        if len(title.split()) > 20 or re.search(r"[.;,]$", title) or re.search(r"[a-z]{2}\. [A-Z]", title):
            return False
        if found:
            return not title.endswith(":") and len(found.number) < 9
        return lines[0].bold and self.look.larger(lines[0].size)

    def _level(self, line: Line, text: str) -> int:
        found = numbered(text)
        if found:
            return found.depth
        return 1 if line.size > 1.12 * self.look.size or key(text) in {key(one) for one in _KNOWN} else 2

    def _heading(self, text: str, level: int) -> Heading:
        found = numbered(text)
        if found is None:
            return Heading(text.rstrip(".:"), level)
        return Heading(found.title.rstrip(".:"), max(level, found.depth), found.number, appendix=found.lettered)
