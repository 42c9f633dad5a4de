"""What a PDF may lose: fonts whose codes do not give letters, pages that are images, empty sections.

A PDF may embed a font without the table that maps its codes to characters. Both parsers then return other characters
than those on the page, and only what they spell gives it away.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import log2

from papercoder.artifacts import Loss
from papercoder.paper.draft import Draft, Grid, Heading
from papercoder.paper.pdf.extract import SHORTEST_LINE, RawDocument, RawPage, Word
from papercoder.paper.pdf.page import MATH_FONT, is_upright

FEWEST_LETTERS = 60
"""Less text says too little about its letters."""

USUAL_BITS = 4.5
"""Mean information of a letter under `_PERCENT`: 4.1 to 4.5 for prose in the languages of Western Europe, up to 5 for
Polish and for lists of names; 4.8 to 6 for shifted codes."""

MOST_BITS = {300: 5.1, 1000: 4.75}
"""Fewest letters of a text without common words -> the most bits per letter, if it is in a language."""

MOST_VOWELLESS = 0.08
"""Share of words of four letters or more without a vowel: under 0.05 in prose and names, mostly above 0.15 in shifted
codes."""

FEWEST_OF_TITLE = 8
"""Letters of a title; a shorter one is not tested."""

MOST_TITLE_BITS = 4.6
"""The most of a title: 3.9 to 4.5 for titles in English, 4.6 to 6.7 for shifted codes."""

LEAST_COMMON = 0.08
"""Share of common words among words of three letters or more: 0.2 and more in prose, 0.04 at most in shifted codes."""

MOST_ACCENTED = 0.6
"""Share of letters outside ASCII; Vietnamese has 0.3."""

_VOWELS = frozenset("aeiouy")

_PERCENT = {
    letter: percent
    for percent, letters in (
        *((14.2, "e"), (8.6, "a"), (7.8, "i"), (7.4, "n"), (7.2, "t"), (6.9, "o"), (6.8, "s"), (6.7, "r"), (4.5, "l")),
        *((4.1, "d"), (3.7, "u"), (3.6, "c"), (2.8, "m"), (2.6, "p"), (2.1, "h"), (1.9, "g"), (1.4, "fv"), (1.2, "b")),
        *((0.9, "wy"), (0.7, "k"), (0.5, "qz"), (0.4, "jx")),
    )
    for letter in letters
}
"""How frequent each letter is, averaged over English, French, German, Spanish, Italian and Portuguese."""

_RARE = 0.05
"""The same for letters of other alphabets."""

_COMMON = frozenset(
    """
    the and for that with are this from which our can not have was were been has its these than then when where between
    each such more using used also based given set all one two both only over under into table figure
    les des une est dans que qui pour par sur pas plus avec sont nous cette ces aux mais entre peut comme ont deux
    der die und den das von mit für ist ein eine auf nicht dem des sich als auch werden wird oder bei sind einer
    los las del por con una para como más este esta entre son dos uma não mais são foi pelo pela seu sua quando
    che per non della del dei nel sono alla gli delle con anche questo come più dalla una tra essere
    het een van dat voor met zijn niet aan ook door worden deze wordt naar bij uit maar dan
    och att det som för med den till ett inte kan har var från eller til ikke fra
    nie jest się oraz dla przez jak tym jako był które který jsou není také bylo jeho nebo při kde
    ovat että sekä joka myös kun hogy egy nem meg van ezt volt
    bir için ile olarak olan daha gibi yang dan untuk dengan dari pada ini dalam
    """.split()
)
"""Frequent words of English, French, German, Spanish and Portuguese, Italian, Dutch, the Scandinavian and Slavic
languages, Finnish and Hungarian, Turkish and Indonesian, in this order."""

_UNUSUAL = frozenset("!\"#$&'*+<=>?@\\^_`{|}~")
"""Signs that neither prose nor numbers have many of."""

_FEWEST_UNUSUAL = 6
"""Different ones; rows of one sign are in the keys of tables."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_ADDRESS = re.compile(r"\S*[/@_]\S*")


def is_language(text: str) -> bool:
    """Whether the text may be a language's; also true where it is too short or its alphabet is not Latin."""
    text = _ADDRESS.sub("", text.lower())
    folded = _folded(text)
    letters = Counter(letter for letter in folded if letter.isalpha())
    count = letters.total()
    unusual = Counter(sign for sign in text if sign in _UNUSUAL)
    if len(unusual) >= _FEWEST_UNUSUAL and unusual.total() > max(FEWEST_LETTERS, count):
        return False
    latin = sum(number for letter, number in letters.items() if "LATIN" in unicodedata.name(letter, ""))
    if latin < max(FEWEST_LETTERS, 0.5 * count):
        return True
    if sum(letter.isalpha() and not letter.isascii() for letter in text) > MOST_ACCENTED * count:
        return False
    words = _WORD.findall(text)
    if sum(word in _COMMON for word in words) >= LEAST_COMMON * len(words) > 0:
        return True
    bits = _bits(letters)
    if bits < USUAL_BITS:
        return True
    long = [word for word in _WORD.findall(folded) if len(word) > 3]
    vowelless = sum(_VOWELS.isdisjoint(word) for word in long)
    too_many = any(count >= fewest and bits >= most for fewest, most in MOST_BITS.items())
    return vowelless < MOST_VOWELLESS * len(long) and not too_many


def is_title(text: str, others: str) -> bool:
    """Whether a short text may be the title of a paper, whose other text is `others`; true where it says too little.

    What a font with unknown character codes leaves of a title has unusual letters, and no word of it is in the paper.
    """
    folded = _folded(text.lower())
    letters = Counter(letter for letter in folded if letter.isascii() and letter.isalpha())
    words = {word[:5] for word in _WORD.findall(folded)}
    known = {word[:5] for word in _WORD.findall(_folded(others.lower()))}
    is_short = letters.total() < FEWEST_OF_TITLE or not words
    return is_short or _bits(letters) < MOST_TITLE_BITS or not words.isdisjoint(known)


def _folded(text: str) -> str:
    """The text without accents."""
    return "".join(unicodedata.normalize("NFKD", letter)[0] for letter in text)


def _bits(letters: Counter[str]) -> float:
    """The mean information of a letter."""
    whole = sum(number * log2(_PERCENT.get(letter, _RARE) / 100) for letter, number in letters.items())
    return -whole / letters.total()


MOST_UNREADABLE = 0.2
"""Share of a page's letters; a page with more must be read from its image."""

FEWEST = 10
"""Characters on a page that are worth a word to the user."""

LONGEST_SAMPLE = 40
"""Characters of an example for the user."""

SAME = 0.03
"""Share by which the font sizes of a title's words differ at most."""


@dataclass(frozen=True)
class Unreadable:
    """Where the text of a document differs from what is printed."""

    fonts: frozenset[str] = frozenset()
    pages: tuple[int, ...] = ()
    """From 0; the pages that can only be read from their images."""

    touched: tuple[int, ...] = ()
    """From 0; all pages with such text, however little."""

    sample: str = ""
    """The beginning of such text."""

    @property
    def to_recognise(self) -> set[int]:
        """These pages, and the first one if it has any such text, which may be the title."""
        return {*self.pages, *self.touched[:1]} if self.touched[:1] == (0,) else set(self.pages)


READABLE = Unreadable()
"""For a document whose text is the printed one."""


def unreadable(raw: RawDocument) -> Unreadable:
    """The fonts and pages that give text in no language."""
    texts: dict[str, list[str]] = {}
    for page in raw.pages:
        for word in page.words:
            if "$" not in word.text and not MATH_FONT.search(word.font):
                texts.setdefault(word.font, []).append(word.text)
    foreign = {font for font, parts in texts.items() if not is_language(" ".join(parts))}
    title = _of_title(raw, texts) - foreign
    fonts = frozenset(foreign | title)
    touched = [number for number, page in enumerate(raw.pages) if _count(page, fonts) > (0 if title else FEWEST)]
    pages = [number for number, page in enumerate(raw.pages) if _is_unreadable(page, fonts)]
    touched = sorted({*touched, *pages})
    sample = " ".join(word.text for number in touched for word in raw.pages[number].words if _is_bad(word, fonts))
    shown = "".join(letter if letter.isprintable() else " " for letter in sample[:LONGEST_SAMPLE])
    return Unreadable(fonts, tuple(pages), tuple(touched), shown.strip())


def _of_title(raw: RawDocument, texts: Mapping[str, Sequence[str]]) -> set[str]:
    """The fonts of the largest words on the first page, if they print nothing else and cannot be the title.

    They are judged by the rest of the paper, because a title has too few letters to be judged by itself.
    """
    words = [word for word in raw.pages[0].words if word.font in texts and is_upright(word)] if raw.pages else []
    largest = max((word.size for word in words), default=0.0)
    title = [word for word in words if word.size > (1 - SAME) * largest]
    fonts = {word.font for word in title}
    if sum(len(texts[font]) for font in fonts) > len(title):
        return set()
    others = " ".join(text for font, parts in texts.items() if font not in fonts for text in parts)
    return set() if is_title(" ".join(word.text for word in title), others) else fonts


def _count(page: RawPage, fonts: Collection[str]) -> int:
    return sum(len(word.text) for word in page.words if word.font in fonts)


def _is_unreadable(page: RawPage, fonts: Collection[str]) -> bool:
    """Whether so much of the page is not what is printed that it must be read from its image."""
    text = " ".join(word.text for word in page.words)
    if not is_language(text):
        return True
    return _count(page, fonts) + strange(text) > MOST_UNREADABLE * len(text)


def _is_bad(word: Word, fonts: Collection[str]) -> bool:
    return not fonts or word.font in fonts or strange(word.text) > 0


def strange(text: str) -> int:
    """How many characters have no meaning outside the font: private ones, control characters, `(cid:7)`."""
    kinds = Counter(unicodedata.category(letter) for letter in text)
    return kinds["Co"] + kinds["Cn"] + kinds["Cc"] + text.count("\ufffd") + 5 * text.count("(cid:")


LEAST_TEXT = 60
"""Characters on a page; a page with fewer counts as a page without text."""

LEAST_AGREEMENT = 0.85
"""Share of a page's words that both parsers read."""

MOST_SIDEWAYS = 120
"""Characters in rotated lines; a stamp in the margin has fewer."""

_LONG_WORD = re.compile(r"[^\W\d_]{4,}")


def wordless(raw: RawDocument) -> list[int]:
    """The pages, from 0, that an image covers and that have no text; all pages where none has text."""
    bare = [number for number, page in enumerate(raw.pages) if sum(len(word.text) for word in page.words) < LEAST_TEXT]
    return bare if len(bare) == len(raw.pages) else [number for number in bare if raw.pages[number].scanned]


def losses(raw: RawDocument, draft: Draft, unread: Unreadable) -> list[Loss]:
    """Everything that may be lost; `unread` is text that was not replaced by recognised text."""
    return [*_of_text(raw, unread), *_of_pages(raw), *_of_sections(draft), *_of_tables(draft)]


def _of_text(raw: RawDocument, unread: Unreadable) -> Iterator[Loss]:
    """Where the text differs from what is printed."""
    if plain := [number for number, page in enumerate(raw.pages, start=1) if page.plain_only]:
        yield _loss("layout", "Only the bare text could be read of {pages}.", plain)
    if recognised := [number for number, page in enumerate(raw.pages, start=1) if page.recognised]:
        message = "The text of {pages} was recognised from images; formulas and numbers may be wrong."
        yield _loss("scan", message, recognised)
    elif sum(page.scanned for page in raw.pages) > len(raw.pages) / 2:
        message = "The PDF is a scan: its text was recognised from images; formulas and numbers may be wrong."
        yield Loss(kind="scan", message=message)
    if touched := [number + 1 for number in unread.touched if not raw.pages[number].recognised]:
        message = (
            f'A font on {{pages}} gives text that is not what is printed, such as "{unread.sample}"; '
            "install the ocr extra (pip install 'papercoder[ocr]') to read it from the page image."
        )
        yield _loss("encoding", message, touched)


def _of_pages(raw: RawDocument) -> Iterator[Loss]:
    pages = [(number, page) for number, page in enumerate(raw.pages, start=1)]
    if unlike := [number for number, page in pages if _agreement(page) < LEAST_AGREEMENT]:
        yield _loss("disagreement", "Two parsers read different words on {pages}.", unlike)
    if garbled := [number for number, page in pages if _is_garbled(page)]:
        yield _loss("encoding", "Letters have no known meaning on {pages}.", garbled)
    if bare := [number + 1 for number in wordless(raw)]:
        yield _loss("scan", "There are images in place of text on {pages}.", bare)
    if sideways := [number for number, page in pages if _sideways(page) > MOST_SIDEWAYS]:
        yield _loss("sideways", "Text that is printed sideways was left out on {pages}.", sideways)


def _loss(kind: str, message: str, pages: Sequence[int]) -> Loss:
    """The message with `{pages}` filled in."""
    shown = ", ".join(map(str, pages[:10])) + (", ..." if len(pages) > 10 else "")
    named = f"page{'s' if len(pages) > 1 else ''} {shown}"
    return Loss(kind=kind, message=message.replace("{pages}", named), page=pages[0])


def _agreement(page: RawPage) -> float:
    """Share of the words that pypdfium2 reads which liteparse reads too; formulas and broken words are left out."""
    plain = re.sub(r"[-\x02\ufffe]\s+", "", page.plain)
    wanted = Counter(_LONG_WORD.findall(plain))
    seen = re.sub(r"[-\x02\ufffe]\s+", "", " ".join(word.text for word in page.words))
    have = Counter(_LONG_WORD.findall(seen))
    whole = wanted.total()
    return sum((wanted & have).values()) / whole if whole > 50 else 1.0


def _is_garbled(page: RawPage) -> bool:
    text = "".join(word.text for word in page.words)
    return strange(text) > 0.02 * len(text) > 1


def _sideways(page: RawPage) -> int:
    """How many characters are in rotated lines."""
    return sum(len(word.text) for word in page.words if not is_upright(word) and len(word.text) >= SHORTEST_LINE)


def _of_sections(draft: Draft) -> Iterator[Loss]:
    for element, after in zip_longest(draft.elements, draft.elements[1:]):
        ends = after is None or (
            isinstance(after, Heading) and isinstance(element, Heading) and after.level <= element.level
        )
        if isinstance(element, Heading) and ends:
            name = f"{element.number} {element.title}".strip()
            yield Loss(kind="empty_section", message=f'The section "{name}" has no text.')


def _of_tables(draft: Draft) -> Iterator[Loss]:
    for table in draft.elements:
        if isinstance(table, Grid) and not table.rows:
            message = f"Table {table.number} has a caption, but its cells were not found."
            yield Loss(kind="empty_table", message=message, page=table.area.page if table.area else None)
