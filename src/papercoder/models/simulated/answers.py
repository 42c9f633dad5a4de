"""One valid answer for each agent; the same for the same seed, agent, subject and round."""

import json
from collections.abc import Callable
from dataclasses import asdict
from itertools import pairwise
from random import Random

from papercoder.artifacts.base import Artifact
from papercoder.artifacts.data import DataSourceDraft, DataSourceDrafts
from papercoder.artifacts.paper import Component, Connection, FigureDraft
from papercoder.artifacts.planning import (
    ArchitectureDesign,
    ConfigValue,
    Critique,
    ExperimentConfig,
    FileLogic,
    FilePlan,
    ImportedNames,
    LogicDesign,
    OverallPlan,
    RequirementDraft,
    RequirementDrafts,
    RequirementKind,
    Scalar,
)
from papercoder.artifacts.review import Location, Verdict, Verdicts
from papercoder.models.contract import Request
from papercoder.models.simulated.judging import judgement, leaf_judgement, rubric_groups, selected_files
from papercoder.models.simulated.reading import (
    file_ids,
    is_bare,
    listed_ids,
    numbered_tables,
    section_words,
    sections_shown,
    stated_results,
    title,
)
from papercoder.models.simulated.source import (
    BARE_LAST_FILE,
    EXPERIMENT,
    SIGNATURE,
    SIGNATURES,
    Graph,
    build_graph,
    prose,
    write_source,
)
from papercoder.models.simulated.spec import Simulation
from papercoder.models.tokens import count_tokens
from papercoder.repository.files import module_of

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
    sections = sections_shown(request)
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
