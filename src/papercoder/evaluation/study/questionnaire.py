"""What participants are asked: the one definition that the page shows and that answers are checked against."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ConfigDict, Field, ValidationError

from papercoder.artifacts import Artifact, Option, Part, Question, Requirement, RequirementKind, Requirements
from papercoder.errors import SettingsError
from papercoder.runs.folder import load, read_given_text
from papercoder.text.characters import one_line, shortened
from papercoder.text.yaml_text import InvalidYaml, load_yaml

INTRODUCTION = """\
Thank you for taking part. You compare repositories that claim to implement the same paper. They have neutral names, \
because you should not know who or what made them; please do not try to find out before you have answered.

Take about half an hour for a paper. Look at the code as if you wanted to reproduce the paper, answer the questions, \
and rank the repositories last. You can stop at any time and continue later in the same browser, or withdraw.

What is stored: your answers, the name or code that you enter, when you saved, and for how long the page was visible. \
Nothing is sent anywhere until you send the file yourself. It is used for this study only; published results do not \
name you. You may ask for your answers to be deleted at any time."""
"""For a manifest without an introduction."""

PARTS: dict[Part, str] = {"data": "Data", "method": "Method", "evaluation": "Evaluation"}
_PART_OF: dict[RequirementKind, Part] = {
    "data": "data",
    "method": "method",
    "training": "method",
    "evaluation": "evaluation",
    "experiment": "evaluation",
}
_GENERAL: dict[Part, str] = {
    "data": "The data sets and how they are prepared",
    "method": "The method with its equations, training and settings",
    "evaluation": "The metrics, baselines and experiments",
}
_CERTAINTY = ("stated", "derived", "cited", "assumed")


def _options(*options: tuple[str, str, float | None]) -> tuple[Option, ...]:
    return tuple(Option(value=value, label=label, score=score) for value, label, score in options)


_THERE = _options(("yes", "yes", 1), ("partly", "partly", 0.5), ("no", "no", 0), ("unsure", "cannot tell", None))
_FAITHFUL = _options(*((str(n), str(n), n) for n in range(1, 6)))
_MAYBE = _options(("yes", "yes", 1), ("maybe", "maybe", 0.5), ("no", "no", 0))
_EASIER = _options(("much", "much", 1), ("somewhat", "somewhat", 0.5), ("no", "no", 0))
_RELATION = _options(
    ("author", "I am an author", None),
    ("known", "I knew it well", None),
    ("read", "I read it for this study", None),
)


_YOU = Question(id="relation", topic="you", text="How do you know this paper?", options=_RELATION)
_OF_EACH = (
    Question(
        id="faithful",
        topic="repository",
        text="How faithful is it to the paper?",
        hint="1: something else; 5: all of the paper, without mistakes.",
        options=_FAITHFUL,
        each=True,
    ),
    Question(
        id="use",
        topic="repository",
        text="Would you use it to start a reproduction or a comparison?",
        options=_MAYBE,
        each=True,
    ),
    Question(
        id="easier",
        topic="repository",
        text="Does it make reproducing the paper easier than starting from nothing?",
        options=_EASIER,
        each=True,
    ),
)
_IN_WORDS = (
    Question(id="why", topic="words", text="What decided your ranking?"),
    Question(id="faults", topic="words", text="Which faults did you see?", hint="If you can, with file and line."),
    Question(
        id="guess",
        topic="words",
        text="Do you believe you know who or what made one of them? Which, and why?",
        hint="This shows whether the names were neutral enough.",
    ),
)


class Component(Artifact):
    """One thing to look for in each repository."""

    model_config = ConfigDict(extra="ignore")

    part: Part
    text: str = Field(min_length=1)
    anchor: str = ""


class _Components(Artifact):
    model_config = ConfigDict(extra="ignore")

    items: tuple[Component, ...] = Field(min_length=1)


def questions(components: Sequence[Component], repositories: int) -> tuple[Question, ...]:
    """All questions about a paper, in the order in which they are asked."""
    checks = (
        Question(
            id=f"component-{number}",
            topic="component",
            text=component.text,
            options=_THERE,
            each=True,
            part=component.part,
            anchor=component.anchor,
        )
        for number, component in enumerate(components, 1)
    )
    ranking = Question(
        id="rank",
        topic="ranking",
        text="Rank the repositories as implementations of the paper.",
        hint="1 is the best. Repositories that are equally good get the same rank.",
        options=_options(*((str(rank), str(rank), -rank) for rank in range(1, repositories + 1))),
        each=True,
    )
    return (_YOU, *checks, *_OF_EACH, ranking, *_IN_WORDS)


def components(checklist: Path | None, most: int) -> tuple[Component, ...]:
    """What to look for, in the paper's order: at most `most`, spread over the parts, the best supported first.

    Args:
        checklist: a run folder, a file of requirements, or a list of components; None for one question for each part.
        most: components.

    Raises:
        SettingsError: the file has no components.
        RunFolderError: the run has no requirements, or the file cannot be read.
    """
    if checklist is None:
        return tuple(Component(part=part, text=text) for part, text in _GENERAL.items())
    if checklist.is_dir():
        return _chosen(load(checklist, "planning/requirements.json", Requirements), most)
    try:
        content = load_yaml(read_given_text(checklist) or "")
        try:
            return _chosen(Requirements.model_validate(content), most)
        except ValidationError:
            return _Components.model_validate(content).items[:most]
    except InvalidYaml as error:
        raise SettingsError(f"{checklist}, line {error.line}: {error}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise SettingsError(
            f"{checklist} is no checklist: {'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}. Give "
            "a run folder, requirements, or `items` with `part` (data, method or evaluation) and `text`."
        ) from error


def _chosen(requirements: Requirements, most: int) -> tuple[Component, ...]:
    """In turn from each part, so that a short list covers all three; evenly over the paper within a part."""
    waiting = {part: list(_by_support([r for r in requirements.items if _PART_OF[r.kind] == part])) for part in PARTS}
    chosen: list[Requirement] = []
    while len(chosen) < most and any(waiting.values()):
        chosen += [own.pop(0) for own in waiting.values() if own][: most - len(chosen)]
    order = {item.id: place for place, item in enumerate(requirements.items)}
    parts = list(PARTS)
    chosen.sort(key=lambda item: (parts.index(_PART_OF[item.kind]), order[item.id]))
    return tuple(
        Component(part=_PART_OF[item.kind], text=shortened(one_line(item.statement), 300), anchor=item.anchor)
        for item in chosen
    )


def _by_support(items: list[Requirement]) -> Iterator[Requirement]:
    """Stated requirements first, and of those with the same status first, middle, quarters and so on."""
    for status in _CERTAINTY:
        same = [item for item in items if item.status == status]
        step = len(same) or 1
        seen: set[int] = set()
        while step:
            yield from (same[n] for n in range(0, len(same), step) if n not in seen)
            seen |= set(range(0, len(same), step))
            step //= 2
