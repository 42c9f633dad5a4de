"""A page as spans and rules, and the typography that its document has throughout."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from papercoder.paper.pdf.extract import RawPage, Rule, Word
from papercoder.paper.pdf.shapes import Box, Span


@dataclass(frozen=True)
class Page:
    """A page with what may be text on it."""

    index: int
    width: float
    height: float
    spans: tuple[Span, ...]
    rules: tuple[Rule, ...] = ()
    drawings: tuple[Box, ...] = ()
    """Figures as far as they are drawn or pasted in."""

    def without(self, dropped: Iterable[Span]) -> "Page":
        """The page without these very spans."""
        gone = {id(span) for span in dropped}
        return replace(self, spans=tuple(span for span in self.spans if id(span) not in gone))


def is_upright(word: Word) -> bool:
    """Whether the word is rotated by less than a degree."""
    return (word.rotation + 1) % 360 < 2


def upright(index: int, raw: RawPage) -> Page:
    """The page's upright words; what is rotated is a stamp, a watermark or the label of an axis."""
    spans = tuple(_span(word) for word in raw.words if is_upright(word) and word.text.strip())
    most = 0.6 * raw.width * raw.height
    boxes = [box for box in (Box(*sides) for sides in raw.drawings) if box.width * box.height < most]
    return Page(index, raw.width, raw.height, spans, tuple(raw.rules), tuple(boxes))


def _span(word: Word) -> Span:
    """The word as a span; where its height contradicts the font size, the page scales the font."""
    scaled = not 0.5 * word.height < word.size < 2 * word.height
    box = Box(word.x, word.y, word.x + word.width, word.y + word.height)
    return Span(word.text.strip(), box, 1.1 * word.height if scaled else word.size, word.font)


@dataclass(frozen=True)
class Typography:
    """What most of the running text looks like."""

    size: float
    """Font size of the running text, in points."""

    pitch: float
    """From one line of a paragraph to the next, in points."""

    def larger(self, size: float) -> bool:
        """Whether this is clearly larger than running text."""
        return size > self.size * 1.07

    def smaller(self, size: float) -> bool:
        """Whether this is clearly smaller than running text."""
        return size < self.size * 0.94


def typography(pages: Iterable[Page]) -> Typography:
    """Measured on the spans that are as long as lines of a paragraph."""
    sizes: Counter[float] = Counter()
    steps: Counter[float] = Counter()
    for page in pages:
        long = [span for span in page.spans if len(span.text) > 30]
        for span in long:
            sizes[round(span.size, 1)] += len(span.text)
        steps.update(_steps(long))
    size = max(sizes, key=lambda one: (sizes[one], one), default=10.0)
    likely = {step: count for step, count in steps.items() if 0.9 * size < step < 2.5 * size}
    return Typography(size, max(likely, key=lambda step: (likely[step], -step), default=1.2 * size))


def _steps(spans: list[Span]) -> Iterable[float]:
    columns: dict[int, list[float]] = {}
    for span in spans:
        columns.setdefault(round(span.box.x0 / 6), []).append(span.box.y1)
    for bottoms in columns.values():
        bottoms.sort()
        yield from (round(after - before, 0) for before, after in pairwise(bottoms))
