"""One valid answer for each agent; the same for the same seed, agent, subject and round.

Scores of simulated judges follow from how much code is shown and from chance.
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise, takewhile
from random import Random

from papercoder.artifacts import (
    ArchitectureDesign,
    Artifact,
    CodeCritique,
    ConfigValue,
    Critique,
    DataSourceDraft,
    DataSourceDrafts,
    ExperimentConfig,
    FileLogic,
    FilePlan,
    ImportedNames,
    Judgement,
    LeafJudgement,
    Location,
    LogicDesign,
    OverallPlan,
    RequirementDraft,
    RequirementDrafts,
    RequirementKind,
    RubricGroup,
    RubricGroups,
    Scalar,
    SelectedFiles,
    Verdict,
    Verdicts,
    WeighedItem,
)
from papercoder.artifacts.paper import Component, Connection, FigureDraft
from papercoder.models.contract import Request, count_tokens
from papercoder.models.simulated.project import (
    BARE_LAST_FILE,
    EXPERIMENT,
    SIGNATURE,
    SIGNATURES,
    Graph,
    Simulation,
    build_graph,
    prose,
    write_source,
)
from papercoder.repository.files import module_of

OWNED = "Requirements that this file owns"
"""The heading above the list of ids in a request for code."""

JUDGED = "# The repository to judge"
"""The heading above it in a judge's request."""

_NUMBERED = re.compile(
    r"^`(?P<path>[^`\n]+\.py)`:\n\n(?P<fence>`{4,})\n(?P<lines>(?: *\d+ .*\n)*)(?P=fence)$", re.MULTILINE
)
_BARE = "This repository has no configuration files"
"""Part of the system prompt for code that holds its settings itself."""

_ID = re.compile(r"\bR[1-9]\d*\b")
_LISTED_ID = re.compile(r'^[-*] (R[1-9]\d*)\b|"id": ?"(R[1-9]\d*)"', re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
_BLOCK = re.compile(r"^\[([^\]\n]+)\] (.+)$", re.MULTILINE)
_SECTION = re.compile(r"^#{2,6} \[((?:app:)?[A-Z0-9][\w.]*)\] ", re.MULTILINE)
_TITLE = re.compile(r"^Title: (.+)$", re.MULTILINE)
_NUMBERED_TABLE = re.compile(r"^## \[([^\]\n]+)\] \d+ rows, \d+ columns$", re.MULTILINE)
_LABEL = re.compile(r"^(?:\$\$ |Table: |Algorithm: |Figure: )")
_RESULT = re.compile(r"(\w+) has a value of (-?\d+(?:\.\d+)?) on (\w+)")
_WORDS = re.compile(r"\S+(?:\s+\S+){0,14}")


@dataclass(frozen=True)
class Words:
    """Words of the paper, and the anchor of their block."""

    anchor: str
    quote: str


def is_bare(request: Request) -> bool:
    """Whether the request is about a repository without configuration files and trials."""
    return _BARE in request.system


def question(request: Request) -> str:
    """The message with the question; those after it reject or continue an answer."""
    return user_texts(request)[-1]


def user_texts(request: Request) -> list[str]:
    """All that is given to read, and the question; not answers and why they were rejected."""
    return [message.text for message in takewhile(lambda message: message.role == "user", request.messages)]


def shown_code(request: Request) -> dict[str, int]:
    """Path -> lines of each Python file of the repository that a judge is shown."""
    texts = [text for text in user_texts(request) if text.startswith(JUDGED)]
    shown = [found for text in texts for found in _NUMBERED.finditer(text)]
    return {found["path"]: len(found["lines"].splitlines()) for found in shown if found["lines"].strip()}


def section_words(request: Request) -> list[Words]:
    """Up to fifteen words of each block of the sections that the request is about."""
    text, found = question(request), list[Words]()
    for anchor in request.subject.split(", "):
        if heading := re.search(rf"^#{{1,6}} \[{re.escape(anchor)}\].*$", text, re.MULTILINE):
            section = _HEADING.split(text[heading.end() :], maxsplit=1)[0]
            found += (Words(block[1], _quote(block[2])) for block in _BLOCK.finditer(section))
    return [words for words in found if words.quote]


def _quote(line: str) -> str:
    words = _WORDS.search(_LABEL.sub("", line).removesuffix("$$"))
    return words[0].strip() if words else ""


def title(request: Request) -> str:
    """The paper's title; empty if the request shows no paper."""
    found = _TITLE.search(request.text)
    return found[1] if found else ""


def numbered_tables(request: Request) -> list[str]:
    """Anchors of the tables that the request shows with numbered rows and columns."""
    return _NUMBERED_TABLE.findall("\n\n".join(user_texts(request)))


@dataclass(frozen=True)
class StatedResult:
    """A result that the paper states: `ours has a value of 42.5 on small`."""

    anchor: str
    method: str
    value: str
    dataset: str
    quote: str


def stated_results(request: Request) -> list[StatedResult]:
    """The results that the paper states in this form; the simulated repository measures some of them."""
    blocks = _BLOCK.findall("\n\n".join(user_texts(request)))
    found = ((anchor, result) for anchor, line in blocks for result in _RESULT.finditer(line))
    return [StatedResult(anchor, result[1], result[2], result[3], result[0]) for anchor, result in found]


def listed_ids(request: Request) -> list[str]:
    """Ids of all requirements that the request lists, in order; an `R2` within the paper's words does not count."""
    return _listed("\n\n".join(message.text for message in request.messages))


def file_ids(request: Request) -> list[str]:
    """Ids of the requirements that the question lists for its file."""
    text = question(request)
    _, marker, after = text.partition(OWNED)
    return _listed(_HEADING.split(after, maxsplit=1)[0]) if marker else _in_order(_ID.findall(text))


def _listed(text: str) -> list[str]:
    return _in_order([line or field for line, field in _LISTED_ID.findall(text)])


def _in_order(ids: list[str]) -> list[str]:
    return sorted(set(ids), key=lambda name: int(name[1:]))


FEW = 10
"""Fewer lines of code cannot be the method of a paper."""

MET = 0.5
"""The share of leaves that are met."""

_FILE = re.compile(r"^`([^`\n]+\.py)`:\n\n`{4,}\n +1 ", re.MULTILINE)

_RESULTS = re.compile(r"^- (\S+) \(\d+ results\)", re.MULTILINE)
_GROUP = 4
"""Items of a group."""

_SIZED = re.compile(r"^- (.+) \(\d+ tokens\)$", re.MULTILINE)


def judgement(request: Request, rng: Random, padding: str) -> Judgement:
    """1 without code, 2 with little code, else 3 or 4."""
    code = shown_code(request)
    if not code:
        missing = CodeCritique(file="", severity="high", critique=f"There is no code. {padding}".strip())
        return Judgement(critiques=(missing,), score=1)
    lines = sum(code.values())
    found = CodeCritique(file=rng.choice(sorted(code)), severity="medium", critique=f"Simulated. {padding}".strip())
    return Judgement(critiques=(found,), score=2 if lines < FEW else rng.choice((3, 4)))


def selected_files(request: Request, rng: Random, _padding: str) -> SelectedFiles:
    """All Python files that are listed, in random order."""
    paths = [path for text in user_texts(request) for path in _SIZED.findall(text)]
    code = [path for path in paths if path.endswith(".py")] or paths
    return SelectedFiles(paths=tuple(rng.sample(code, len(code))))


def leaf_judgement(request: Request, rng: Random, _padding: str) -> LeafJudgement:
    """Met at random, at the first line of a Python file that is shown; never met if none is."""
    shown = _FILE.findall("\n\n".join(message.text for message in request.messages))
    found = f"Simulated: `{rng.choice(shown)}:1`." if shown else "Simulated: no code is shown."
    return LeafJudgement(expected="Simulated.", found=found, met=bool(shown) and rng.random() < MET)


def rubric_groups(request: Request, rng: Random, padding: str) -> RubricGroups:
    """All that is listed, in groups of a few, with random weights."""
    ids = [*listed_ids(request), *_RESULTS.findall("\n\n".join(message.text for message in request.messages))]
    items = [WeighedItem(id=name, weight=rng.randint(1, 3)) for name in ids]
    return RubricGroups(
        groups=tuple(
            RubricGroup(
                requirement=f"Part {start // _GROUP + 1} is there. {padding}".strip(),
                weight=rng.randint(1, 3),
                items=tuple(items[start : start + _GROUP]),
            )
            for start in range(0, len(items), _GROUP)
        )
    )


KINDS: tuple[RequirementKind, ...] = ("method", "training", "data", "evaluation", "experiment")
CONFIGURATION: tuple[tuple[str, Scalar, Scalar], ...] = (
    ("seeds", 3, 1),
    ("data.root", "data", None),
    ("data.synthetic", False, True),
    ("training.learning_rate", 0.001, None),
    ("training.batch_size", 32, 4),
    ("training.epochs", 10, 1),
)
PACKAGES = ("numpy>=1.26", "pyyaml>=6.0")

NO_EDITS = "NO EDITS"
CITED = 4
"""Sections that an analysis cites."""

Write = Callable[[Request, Random, str], Artifact | str]
"""From the request, a random generator and padding to an answer."""


class Answers:
    """Writes the answers of one invented project."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        size = simulation.files, simulation.width, simulation.fan_in
        self._graphs = {False: build_graph(*size), True: build_graph(*size, BARE_LAST_FILE)}
        self._writers: dict[str, Write] = {
            "figure": _figure,
            "overall_plan": _overall_plan,
            "requirements": _requirements,
            "architecture": self._architecture,
            "logic": self._logic,
            "config": _config,
            "data": _data,
            "claims": _claims,
            "verify": lambda _request, _rng, _padding: Critique(),
            "analysis": _analysis,
            "coding": self._coding,
            "coding_designed": self._coding,
            "coding_listed": self._coding,
            "whole": self._whole,
            "review": _review,
            "revise": lambda _request, _rng, _padding: NO_EDITS,
            "implement": lambda _request, _rng, _padding: NO_EDITS,
            "property_tests": _property_tests,
            "repair": lambda _request, _rng, _padding: NO_EDITS,
            "strengthen": lambda _request, _rng, _padding: NO_EDITS,
            "judge_leaf": leaf_judgement,
            "rubric": rubric_groups,
            "judge_free": judgement,
            "judge_plain": judgement,
            "judge_based": judgement,
            "select_files": selected_files,
        }

    def write(self, request: Request) -> str:
        """The whole answer; an empty JSON object for agents that the simulation does not know."""
        write = self._writers.get(request.agent)
        if write is None:
            return "{}"
        size = self._simulation.size_of(request.agent)
        bare = count_tokens(_text(write(request, self._random(request), "")))
        padding = prose(self._random(request), size - bare)
        return _text(write(request, self._random(request), padding))

    def _random(self, request: Request) -> Random:
        return Random(f"{self._simulation.seed}|{request.agent}|{request.subject}|{request.round}")  # noqa: S311

    def _architecture(self, request: Request, _rng: Random, padding: str) -> ArchitectureDesign:
        graph = self._graphs[is_bare(request)]
        ids, paths = listed_ids(request), graph.paths
        return ArchitectureDesign(
            approach=f"Small modules in layers. {padding}".strip(),
            files=tuple(
                FilePlan(path=path, purpose=f"Computes {module_of(path)}.", owns=tuple(ids[index :: len(paths)]))
                for index, path in enumerate(paths)
            ),
            class_diagram=_class_diagram(graph),
            sequence_diagram=_sequence_diagram(graph),
        )

    def _logic(self, request: Request, _rng: Random, padding: str) -> LogicDesign:
        imports = self._graphs[is_bare(request)].imports
        files = tuple(_file_logic(path, imported) for path, imported in imports.items())
        return LogicDesign(packages=PACKAGES, files=files, shared_knowledge=f"All values are floats. {padding}".strip())

    def _coding(self, request: Request, rng: Random, _padding: str) -> str:
        return f"```python\n{self._source(request, request.subject, rng)}```\n"

    def _whole(self, request: Request, rng: Random, _padding: str) -> str:
        sources = {path: self._source(request, path, rng) for path in self._graphs[True].paths}
        return "\n".join(f"{path}\n````python\n{source}````\n" for path, source in sources.items())

    def _source(self, request: Request, path: str, rng: Random) -> str:
        imports = self._graphs[is_bare(request)].imports.get(path, ())
        return write_source(path, imports, file_ids(request), self._simulation.coding, rng)


def _text(answer: Artifact | str) -> str:
    return answer if isinstance(answer, str) else answer.model_dump_json(indent=1)


def _figure(request: Request, _rng: Random, _padding: str) -> FigureDraft:
    """Two components for each image."""
    names = [f"part {number}" for number, _ in enumerate((*request.images, None), 1)]
    return FigureDraft(
        kind="diagram",
        summary=f"A simulated description of {request.subject}.",
        components=tuple(Component(name=name) for name in names),
        connections=tuple(Connection(source=one, target=other) for one, other in pairwise(names)),
    )


def _overall_plan(_request: Request, _rng: Random, padding: str) -> OverallPlan:
    return OverallPlan(
        summary="A simulated paper.",
        method=f"Values pass through layers of steps. {padding}".strip(),
        data="None.",
        training="None.",
        evaluation="The value that comes out.",
        experiments=("Run all steps once.",),
    )


def _requirements(request: Request, rng: Random, padding: str) -> RequirementDrafts:
    found = section_words(request)[: rng.randint(1, 3)]
    drafts = [
        RequirementDraft(
            kind=rng.choice(KINDS),
            statement=f"{words.quote}: as {words.anchor} says. {padding if index == 0 else ''}".strip(),
            anchor=words.anchor,
            quote=words.quote,
            status="stated",
        )
        for index, words in enumerate(found)
    ]
    return RequirementDrafts(requirements=tuple(drafts))


def _data(request: Request, _rng: Random, _padding: str) -> DataSourceDrafts:
    """One generated data set, which the first requirement needs."""
    needed = tuple(listed_ids(request)[:1])
    numbers = DataSourceDraft(
        name="numbers",
        kind="generated",
        id="",
        requirements=needed,
        anchor="title",
        quote=title(request),
        fallback="synthetic",
        fallback_details="A few floats.",
    )
    return DataSourceDrafts(items=(numbers,))


def _claims(request: Request, _rng: Random, _padding: str) -> str:
    """Every table of the request, without results, and the results that the text states in one form."""
    tables = [{"anchor": anchor, "content": "no_results"} for anchor in numbered_tables(request)]
    numbers = [
        {**asdict(result), "experiment": EXPERIMENT, "metric": "value", "value": float(result.value)}
        for result in stated_results(request)
    ]
    return json.dumps({"tables": tables, "numbers": numbers})


def _config(_request: Request, _rng: Random, padding: str) -> ExperimentConfig:
    return ExperimentConfig(
        values=tuple(
            ConfigValue(
                key=key,
                value=value,
                source="assumed",
                smoke=smoke,
                scalable=key in {"seeds", "training.epochs"},
                alternatives=("another",),
                meaning=f"Simulated. {padding if key == 'seeds' else ''}".strip(),
            )
            for key, value, smoke in CONFIGURATION
        )
    )


def _analysis(request: Request, rng: Random, padding: str) -> str:
    points = [f"- {name}: done in `run`." for name in file_ids(request)]
    sections = list(dict.fromkeys(_SECTION.findall("\n\n".join(message.text for message in request.messages))))
    cited = ", ".join(sorted(rng.sample(sections, min(len(sections), CITED))))
    return "\n".join([f"# {request.subject}", "", *points, f"See [{cited}].", "", padding]).strip() + "\n"


def _review(request: Request, _rng: Random, _padding: str) -> Verdicts:
    first_line = (Location(path=request.subject, line=1),)
    return Verdicts(
        verdicts=tuple(
            Verdict(requirement=name, verdict="implemented", evidence=first_line, reason="Simulated.")
            for name in file_ids(request)
        )
    )


def _property_tests(request: Request, _rng: Random, _padding: str) -> str:
    module = module_of(request.subject)
    return f"""```python
from {module} import run


def test_run_is_deterministic():
    assert run(1.0) == run(1.0)
```
"""


def _file_logic(path: str, imports: tuple[str, ...]) -> FileLogic:
    return FileLogic(
        path=path,
        implements="Calls what it imports and adds its own steps.",
        imports=tuple(ImportedNames(path=name, names=("run",)) for name in imports),
        signatures=(SIGNATURE, *SIGNATURES.get(path, ())),
    )


def _name(path: str) -> str:
    """A file's name in diagrams."""
    return module_of(path).rpartition(".")[2]


def _class_diagram(graph: Graph) -> str:
    classes = [f"    class {_name(path)} {{\n        +run(value: float) float\n    }}" for path in graph.paths]
    uses = [f"    {_name(path)} --> {_name(name)}" for path in graph.paths for name in graph.imports[path]]
    return "\n".join(["classDiagram", *classes, *uses])


def _sequence_diagram(graph: Graph) -> str:
    last = graph.paths[-1]
    called = graph.imports[last]
    people = [f"    participant {_name(path)}" for path in (last, *called)]
    calls = [f"    {_name(last)}->>{_name(path)}: run(value)" for path in called]
    return "\n".join(["sequenceDiagram", *people, *calls])
