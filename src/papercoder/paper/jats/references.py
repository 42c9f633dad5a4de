"""The bibliography of a JATS article."""

from collections.abc import Iterator

from papercoder.artifacts import Reference
from papercoder.paper.markup import Tag, tidy

_ENTRIES = "./back//ref-list//ref | ./body//ref-list//ref"
_WORKS = "(.//mixed-citation | .//element-citation | .//citation | .//nlm-citation)[1]"


def references_of(article: Tag) -> Iterator[Reference]:
    """The entries of all lists, each with its printed number."""
    for position, entry in enumerate(article.xpath(_ENTRIES), start=1):
        text = _text(next(iter(entry.xpath(_WORKS)), entry))
        number = tidy(entry.findtext("label") or "").strip("[]().")
        if text:
            key = entry.get("id") or number or str(position)
            yield Reference(key=key, text=f"[{number}] {text}" if number else text)


def _text(work: Tag) -> str:
    """A work on one line; the parts of an `element-citation` have no punctuation, so they get full stops."""
    if work.tag != "element-citation":
        return tidy("".join(work.itertext()))
    people = (
        " ".join(filter(None, (tidy(name.findtext(part) or "") for part in ("given-names", "surname"))))
        for name in work.iter("name")
    )
    parts = [tidy("".join(part.itertext())) for part in work if part.tag not in ("person-group", "name", "label")]
    return ". ".join(filter(None, [", ".join(people), *parts]))
