"""The context of an agent: the parts that it reads, shortened until they fit the model's context window."""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import yaml

from papercoder.artifacts import Artifact, OverallPlan, Paper, Section
from papercoder.artifacts.paper import render_block
from papercoder.models.contract import count_tokens
from papercoder.text.fences import fence


@dataclass(frozen=True)
class Part:
    """One thing to read, in full and in shorter forms."""

    title: str
    forms: tuple[str, ...]
    """From the full text to the shortest useful form."""

    @property
    def full(self) -> str:
        """The full text."""
        return self.forms[0]


@dataclass(frozen=True)
class Fitted:
    """The texts to send, in the order of the parts, and the titles of the shortened parts."""

    texts: tuple[str, ...]
    shortened: tuple[str, ...]
    fits: bool


def fit(parts: tuple[Part, ...], max_tokens: int) -> Fitted:
    """Shorten the parts, the first ones first and no more than needed, until they have at most `max_tokens` tokens."""
    chosen = [0] * len(parts)
    sizes = [[count_tokens(form) for form in part.forms] for part in parts]

    def used() -> int:
        return sum(size[form] for size, form in zip(sizes, chosen, strict=True))

    for level in range(1, max((len(part.forms) for part in parts), default=1)):
        for index, part in enumerate(parts):
            if used() > max_tokens and level < len(part.forms):
                chosen[index] = level
    texts = tuple(part.forms[form] for part, form in zip(parts, chosen, strict=True))
    shortened = tuple(part.title for part, form in zip(parts, chosen, strict=True) if form)
    return Fitted(tuple(filter(None, texts)), shortened, used() <= max_tokens)


def paper_part(paper: Paper, cited: Iterable[str] = ()) -> Part:
    """The whole paper; in shorter forms, fewer of its sections and the headings of the rest.

    Sections with the anchors in `cited` are dropped last, before them those with the most formulas, tables and numbers.
    """
    wanted = _sections_with(paper, cited)
    ranked = sorted(paper.sections, key=lambda section: (section.anchor not in wanted, _substance(section)))
    kept = {wanted, *(frozenset(_up_to_share(ranked, share)) for share in _SHARES)} - {frozenset()}
    shorter = sorted((_part(paper, anchors) for anchors in kept), key=len, reverse=True)
    return Part("the paper", (_whole(paper), *shorter, _headings(paper)))


def technical_part(paper: Paper, cited: Iterable[str]) -> Part:
    """The paper without sections that say little for code, such as related work, unless they are cited."""
    anchors = tuple(cited)
    wanted = _sections_with(paper, anchors)
    kept = {each.anchor for each in paper.sections if each.anchor in wanted or not _LESS_RELEVANT.search(each.title)}
    whole, *shorter = paper_part(paper, anchors).forms
    full = _part(paper, frozenset(kept)) if len(kept) < len(paper.sections) else whole
    return Part("the paper", (full, *(form for form in shorter if len(form) < len(full))))


def cited_part(paper: Paper, cited: Iterable[str]) -> Part:
    """The passages with the anchors in `cited`; in a shorter form, headings; the whole paper if none are cited."""
    anchors = frozenset(cited)
    passages = [_passage(section, anchors) for section in paper.sections]
    found = "\n\n".join(filter(None, passages))
    excerpt = _titled("The paper, cited passages", f"Title: {paper.title}\n\n{found}", _PASSAGES)
    return Part("the paper", (excerpt if found else _whole(paper), _headings(paper)))


def _passage(section: Section, cited: frozenset[str]) -> str:
    """A section's cited blocks, each with the text and formulas next to it; all of a short or cited section."""
    wanted = [index for index, block in enumerate(section.blocks) if block.anchor in cited]
    if section.anchor in cited or (wanted and count_tokens(section.render()) <= _SHORT_SECTION):
        return section.render()
    shown = {*wanted}
    for index in wanted:
        for near in (index - 1, index + 1):
            if 0 <= near < len(section.blocks) and section.blocks[near].kind not in {"table", "figure"}:
                shown.add(near)
    texts: list[str] = []
    for index in sorted(shown):
        texts += ["[...]"] if index and index - 1 not in shown else []
        texts.append(f"[{section.blocks[index].anchor}] {render_block(section.blocks[index])}")
    return "\n\n".join([_heading(section).render(), *texts]) if texts else ""


_SHORT_SECTION = 500
"""Tokens up to which a section is not cut."""

_PASSAGES = "Other passages are omitted; `[...]` stands for those between."

_SHARES = (0.75, 0.5, 0.25)
"""The shares of the paper in its shorter forms."""

_LESS_RELEVANT = re.compile(
    r"related work|acknowledg|impact|ethic|checklist|introduction|conclusion|limitation", re.IGNORECASE
)


def _sections_with(paper: Paper, anchors: Iterable[str]) -> frozenset[str]:
    return frozenset(section.anchor for anchor in anchors if (section := paper.section(anchor)))


def _substance(section: Section) -> tuple[bool, float]:
    """A sort key: sections with many formulas, tables and numbers for their length come first."""
    text = section.render()
    marked = sum(block.kind in {"equation", "table", "algorithm"} for block in section.blocks)
    return bool(_LESS_RELEVANT.search(section.title)), -(20 * marked + len(re.findall(r"\d+", text))) / len(text)


def _up_to_share(sections: list[Section], share: float) -> Iterator[str]:
    """The anchors of the first sections that together have at most this share of the text."""
    sizes = {section.anchor: len(section.render()) for section in sections}
    room = share * sum(sizes.values())
    for anchor, size in sizes.items():
        room -= size
        if room < 0:
            return
        yield anchor


def anchors_in(text: str) -> tuple[str, ...]:
    """The anchors that a text cites in brackets: `[3.2¶4]`, `[eq:5, tab:1]`; the interval `[-1, 1]` cites nothing."""
    groups = (re.split(r"[,;\s]+", group) for group in re.findall(r"\[([^\]\[]{1,80})\]", text))
    return tuple(dict.fromkeys(part for group in groups if all(map(_ANCHOR.fullmatch, group)) for part in group))


_ANCHOR = re.compile(r"[^\W_][\w.:¶-]*")


def _whole(paper: Paper) -> str:
    return _titled("The paper", _sections(paper, None))


def _part(paper: Paper, wanted: frozenset[str]) -> str:
    return _titled("The paper, selected sections", _sections(paper, wanted), _LEFT_OUT)


def _headings(paper: Paper) -> str:
    return _titled("The paper, headings only", _sections(paper, frozenset()), _LEFT_OUT)


_LEFT_OUT = "The text of a section with only a heading is omitted here."


def _sections(paper: Paper, wanted: frozenset[str] | None) -> str:
    shown = (section if wanted is None or section.anchor in wanted else _heading(section) for section in paper.sections)
    head = f"Title: {paper.title}", f"[abstract] {paper.abstract}"
    return "\n\n".join([*head, *(section.render() for section in shown)])


def _heading(section: Section) -> Section:
    return Section(anchor=section.anchor, level=section.level, title=section.title)


def artifact_part(title: str, artifact: Artifact) -> Part:
    """An artifact as YAML, without default values."""
    values = artifact.model_dump(mode="json", exclude_defaults=True)
    text = yaml.dump(values, Dumper=_BlockDumper, allow_unicode=True, sort_keys=False, width=sys.maxsize)
    return text_part(title, text)


class _BlockDumper(yaml.SafeDumper):
    """Writes texts of several lines as they are."""

    yaml_representers: ClassVar = {
        **yaml.SafeDumper.yaml_representers,
        str: lambda dumper, text: dumper.represent_scalar(
            "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
        ),
    }


def plan_part(plan: OverallPlan, *fields: str) -> Part:
    """The overall plan as Markdown; only these fields of it if any are named."""
    values = plan.model_dump(include=set(fields) or None, exclude_defaults=True)
    sections = (f"## {name}\n\n{_markdown(text)}" for name, text in values.items())
    return text_part("The overall plan", "\n\n".join(sections))


def _markdown(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else "\n".join(f"- {text}" for text in value)


def text_part(title: str, text: str, *shorter: str) -> Part:
    """A fenced text under a title; an empty shorter form omits the part."""
    return Part(title, tuple(_titled(title, form) if form else "" for form in (text, *shorter)))


def _titled(title: str, text: str, note: str = "") -> str:
    return "\n\n".join(filter(None, [f"# {title}", note, fence(text)]))
