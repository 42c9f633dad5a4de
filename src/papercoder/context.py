"""What an agent is given to read, and what is left out where the model's context window is too small for all of it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from papercoder.artifacts import Artifact, Paper, Section
from papercoder.tokens import count_tokens


@dataclass(frozen=True)
class Part:
    """One thing to read, in its full form and in ever shorter ones."""

    title: str
    forms: tuple[str, ...]
    """From the full text to the least that still helps."""

    @property
    def full(self) -> str:
        """The full text."""
        return self.forms[0]


@dataclass(frozen=True)
class Fitted:
    """The texts to send, in the order of the parts, and what had to be shortened."""

    texts: tuple[str, ...]
    shortened: tuple[str, ...]
    fits: bool


def fit(parts: tuple[Part, ...], room: int) -> Fitted:
    """Shorten the parts, the first ones first and no more than needed, until they take at most `room` tokens."""
    chosen = [0] * len(parts)
    sizes = [[count_tokens(form) for form in part.forms] for part in parts]

    def used() -> int:
        return sum(size[form] for size, form in zip(sizes, chosen, strict=True))

    for level in range(1, max((len(part.forms) for part in parts), default=1)):
        for index, part in enumerate(parts):
            if used() > room and level < len(part.forms):
                chosen[index] = level
    texts = tuple(part.forms[form] for part, form in zip(parts, chosen, strict=True))
    shortened = tuple(part.title for part, form in zip(parts, chosen, strict=True) if form)
    return Fitted(tuple(filter(None, texts)), shortened, used() <= room)


def paper_part(paper: Paper, cited: Iterable[str] = ()) -> Part:
    """The whole paper; shorter, the sections that hold the anchors in `cited`, and the headings of the rest."""
    return Part("the paper", tuple(filter(None, (_whole(paper), _cited(paper, cited), _headings(paper)))))


def cited_part(paper: Paper, cited: Iterable[str]) -> Part:
    """The sections that hold the anchors in `cited`, and the headings of the rest; if there are none, the whole."""
    return Part("the paper", (_cited(paper, cited) or _whole(paper), _headings(paper)))


def anchors_in(text: str) -> tuple[str, ...]:
    """The anchors that a text cites in brackets: `[3.2¶4]`, `[eq:5, tab:1]`."""
    cited = re.findall(r"\[([^\]\[]{1,80})\]", text)
    return tuple(dict.fromkeys(part for group in cited for part in re.split(r"[,;\s]+", group) if part))


def _whole(paper: Paper) -> str:
    return f"# The paper\n\n{_head(paper)}\n\n{_sections(paper, None)}"


def _cited(paper: Paper, cited: Iterable[str]) -> str:
    wanted = {section.anchor for anchor in cited if (section := paper.section(anchor))}
    if not wanted:
        return ""
    return f"# The paper, in part\n\n{_LEFT_OUT}\n\n{_head(paper)}\n\n{_sections(paper, wanted)}"


def _headings(paper: Paper) -> str:
    return f"# The paper, its headings alone\n\n{_LEFT_OUT}\n\n{_head(paper)}\n\n{_sections(paper, set())}"


_LEFT_OUT = "Where a heading has nothing below it, its text is left out here."


def _head(paper: Paper) -> str:
    return f"Title: {paper.title}\n\n[abstract] {paper.abstract}"


def _sections(paper: Paper, wanted: set[str] | None) -> str:
    shown = (section if wanted is None or section.anchor in wanted else _heading(section) for section in paper.sections)
    return "\n\n".join(section.render() for section in shown)


def _heading(section: Section) -> Section:
    return Section(anchor=section.anchor, level=section.level, title=section.title)


def artifact_part(title: str, artifact: Artifact) -> Part:
    """An artifact as JSON, without what is empty."""
    return Part(title, (f"# {title}\n\n{artifact.model_dump_json(exclude_defaults=True, indent=1)}",))


def text_part(title: str, text: str, *shorter: str) -> Part:
    """A text under a title; an empty shorter form leaves the part out."""
    return Part(title, tuple(f"# {title}\n\n{form}" if form else "" for form in (text, *shorter)))
