"""Whether text is written in a language, or is what a font with unknown character codes leaves of one.

Such text has letters, but the wrong ones: `Wkh prgho` or `7KH PRGHO` for `The model`. It has next to none of the common
words of any language, and its letters are distributed unlike those of any.
"""

import re
import unicodedata
from collections import Counter
from math import log2

FEWEST_LETTERS = 60
"""Less text says too little about its letters."""

USUAL_BITS = 4.5
"""Mean information of a letter under `_LETTERS`: 4.1 to 4.5 for prose in the languages of Western Europe, up to 5 for
Polish and for lists of names; 4.8 to 6 for shifted codes."""

MOST_BITS = 5.1
"""No text of `ENOUGH_LETTERS` has more."""

ENOUGH_LETTERS = 300

MOST_VOWELLESS = 0.08
"""Share of words of four letters or more without a vowel: under 0.05 in prose and names, mostly above 0.15 in shifted
codes."""

LEAST_COMMON = 0.08
"""Share of common words among words of three letters or more; prose has 0.2 and more, shifted codes have 0.04 at most."""

MOST_ACCENTED = 0.6
"""Share of letters outside ASCII; Vietnamese has 0.3."""

_VOWELS = frozenset("aeiouy")
_LETTERS = 60
"""Less text says too little about its letters."""

MOST_BITS = 4.85
"""Mean information of a letter under `_LETTERS`: 4.1 to 4.4 for prose in the languages of Western Europe, up to 4.7 for
Polish or Finnish and for lists of names, 5 and more for shifted codes."""

LEAST_COMMON = 0.04
"""Share of common words among words of three letters or more; prose has 0.2 and more, shifted codes under 0.02."""

_LETTERS = dict(
    zip(
        "eaintosrlducmpghvbfqyzxjkw",
        (14.2, 8.6, 7.8, 7.4, 7.2, 6.9, 6.8, 6.7, 4.5, 4.1, 3.7, 3.6, 2.8, 2.6, 1.9, 2.1, 1.4, 1.2, 1.5, 0.6)
        + (0.9, 0.5, 0.3, 0.4, 0.7, 0.9),
        strict=True,
    )
)
"""Percent of each letter, averaged over English, French, German, Spanish, Italian and Portuguese."""

_RARE = 0.05
"""Percent that letters of other alphabets are taken to have."""

_COMMON = frozenset(
    (
        # English
        "the and for that with are this from which our can not have was were been has its these than then when where "
        "between each such more using used also based given set all one two both only over under into table figure "
        # French
        "les des une est dans que qui pour par sur pas plus avec sont nous cette ces aux mais entre peut comme ont deux "
        # German
        "der die und den das von mit für ist ein eine auf nicht dem des sich als auch werden wird oder bei sind einer "
        # Spanish and Portuguese
        "los las del por con una para como más este esta entre son dos uma não mais são foi pelo pela seu sua quando "
        # Italian
        "che per non della del dei nel sono alla gli delle con anche questo come più dalla una tra essere "
        # Dutch
        "het een van dat voor met zijn niet aan ook door worden deze wordt naar bij uit maar dan "
        # Swedish, Danish and Norwegian
        "och att det som för med den till ett inte kan har var från eller til ikke fra som det med "
        # Polish and Czech
        "nie jest się oraz dla przez jak tym jako był które który jsou není také bylo jeho nebo při kde "
        # Finnish, Hungarian and Turkish
        "ovat että sekä joka myös kun hogy egy nem meg van ezt volt bir için ile olarak olan daha gibi "
        # Indonesian and Romanian
        "yang dan untuk dengan dari pada ini dalam este pentru sau care din sunt prin mai"
    ).split()
)

_WORD = re.compile(r"[^\W\d_]{3,}")


def is_language(text: str) -> bool:
    """Whether the text may be a language's; also true where it is too short or its alphabet is not Latin."""
    text = text.lower()
    folded = "".join(unicodedata.normalize("NFKD", letter)[0] for letter in text)
    letters = Counter(letter for letter in folded if letter.isalpha())
    count = letters.total()
    latin = sum(number for letter, number in letters.items() if "LATIN" in unicodedata.name(letter, ""))
    if latin < max(FEWEST_LETTERS, 0.5 * count):
        return True
    if sum(letter.isalpha() and not letter.isascii() for letter in text) > MOST_ACCENTED * count:
        return False
    words = _WORD.findall(text)
    if sum(word in _COMMON for word in words) >= LEAST_COMMON * len(words) > 0:
        return True
    bits = sum(-number * log2(_LETTERS.get(letter, _RARE) / 100) for letter, number in letters.items()) / count
    if bits < USUAL_BITS:
        return True
    long = [word for word in _WORD.findall(folded) if len(word) > 3]
    vowelless = sum(_VOWELS.isdisjoint(word) for word in long)
    return vowelless < MOST_VOWELLESS * len(long) and (bits < MOST_BITS or count < ENOUGH_LETTERS)
