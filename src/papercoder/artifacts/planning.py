"""The results of planning (Paper2Code, section 3.1): overall plan, requirements, two designs and configuration."""

import re
from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from papercoder.artifacts.base import Anchor, Artifact, Diagram, RepoPath

RequirementKind = Literal["data", "method", "training", "evaluation", "experiment"]
RequirementStatus = Literal["stated", "derived", "cited", "assumed"]
Scalar = bool | int | float | str | None
Value = Scalar | tuple[Scalar, ...]


class OverallPlan(Artifact):
    """How the paper would be reproduced."""

    summary: str
    """What the paper does, in a few sentences, and what a reproduction must show."""

    method: str
    """The method step by step, with every equation and constant that an implementation needs; anchors in brackets."""

    data: str
    """Data sets, how they are obtained, splits, preprocessing."""

    training: str
    """Optimisation: losses, optimiser, schedules, initialisation, hyperparameters, seeds."""

    evaluation: str
    """Metrics, protocol, baselines, how numbers are aggregated."""

    experiments: tuple[str, ...]
    """The experiments, tables and figures to reproduce, one per entry."""

    unclear: tuple[str, ...] = ()
    """What the paper leaves unclear, each with the choice that the plan makes."""


class RequirementDraft(Artifact):
    """One atomic thing that the code must do, as an agent found it in one section."""

    kind: RequirementKind
    statement: str
    """What the code does, in one sentence that can be checked by reading code; with its constants and equation. Where
    the paper leaves something open, the choice itself, not that there is one."""

    anchor: Anchor
    """The anchor before the paragraph, equation, table or algorithm that says so, without its brackets."""

    quote: str
    """The paper's own words or formula, copied character by character from that block, at most 40 words; empty only
    if the status is `assumed`."""

    status: RequirementStatus
    """`stated`: the paper says it. `derived`: it follows from what the paper says. `cited`: the paper refers to another
    work for it. `assumed`: the paper leaves all of it open, and the statement is our choice."""

    alternatives: tuple[str, ...] = ()
    """The other choices that a reader could make: for `assumed`, and for an open detail of what is stated or cited.
    Only choices that could move results."""

    question: str = ""
    """Only for `assumed` and `cited`: the question to the paper's authors that settles it, about the paper alone, with
    the choices, which they can answer in a sentence: "Are distances measured in the embedding or on the inputs?"."""


class RequirementDrafts(Artifact):
    """The requirements in one section."""

    requirements: tuple[RequirementDraft, ...] = ()


class Quote(Artifact):
    """Words of the paper, or of someone who knows it."""

    anchor: Anchor
    """Where they are: an anchor of the paper, or `note:1` for the first note of the user."""

    text: str
    """Copied character by character."""


class Requirement(RequirementDraft):
    """A requirement with its number, after its quote was searched in the paper."""

    id: str = Field(pattern=r"^R[1-9]\d*$")
    """`R1`, `R2`, ... in the order in which they were found; an id never changes, and none is given twice."""

    quote_found: bool = Field(default=True, exclude_if=bool)
    """False if it has a quote that the paper does not have; files show it only then."""

    evidence: tuple[Quote, ...] = ()
    """What supports it beside its own quote, such as notes of the authors."""

    supported_by: str = ""
    """Only for `assumed`: the id of the hypothesis whose results support this choice; empty if nothing does."""


class ProposedAmendment(Artifact):
    """A correction of an assumption that contradicts the paper, or with which a reported result is out of reach."""

    requirement: str
    """The id of the assumed requirement."""

    statement: str
    """Its full statement, as it should be."""

    reason: str
    """What the present statement contradicts, or which reported result it puts out of reach, and why."""

    anchor: Anchor = ""
    """The anchor of the block that decides it."""

    quote: str = ""
    """The words of that block, copied character by character."""


class Requirements(Artifact):
    """All requirements: extracted once, each owned by a file and marked in the code."""

    items: tuple[Requirement, ...]

    @property
    def ids(self) -> frozenset[str]:
        """The ids."""
        return frozenset(item.id for item in self.items)

    def pick(self, ids: Iterable[str]) -> tuple[Requirement, ...]:
        """The requirements with these ids, in order."""
        wanted = set(ids)
        return tuple(item for item in self.items if item.id in wanted)


class FilePlan(Artifact):
    """A planned file of the repository."""

    path: RepoPath
    """Relative, with forward slashes; a Python file, in lower case."""

    purpose: str
    """Its purpose, in one sentence."""

    owns: tuple[str, ...] = ()
    """Ids of the requirements that this file, and no other, is responsible for."""

    contributes: tuple[str, ...] = ()
    """Ids of requirements that another file owns and that this file implements a part of."""


class ArchitectureDesign(Artifact):
    """The repository's files and how their parts work together."""

    approach: str
    """The main technical choices, libraries and why."""

    files: tuple[FilePlan, ...] = Field(min_length=1)
    """All Python files. No configuration, README, script or test."""

    class_diagram: Diagram
    """Mermaid `classDiagram` of data structures and interfaces, with typed attributes and methods."""

    sequence_diagram: Diagram
    """Mermaid `sequenceDiagram` of a reproduction, from `main.py` on."""

    unclear: tuple[str, ...] = ()
    """What is unclear, each with the choice made."""

    def owner_of(self, requirement: str) -> str | None:
        """The path of the file that owns this requirement."""
        return next((file.path for file in self.files if requirement in file.owns), None)

    def owned_by(self, path: str) -> tuple[str, ...]:
        """Ids of the requirements that this file owns."""
        return next((file.owns for file in self.files if file.path == path), ())

    def contributed_by(self, path: str) -> tuple[str, ...]:
        """Ids of the requirements of other files that this file implements a part of."""
        return next((file.contributes for file in self.files if file.path == path), ())


class ImportedNames(Artifact):
    """What a file imports from another file of the repository."""

    path: RepoPath
    """The other file's path."""

    names: tuple[str, ...]
    """The imported classes and functions."""


class FileLogic(Artifact):
    """What one file contains and needs."""

    path: RepoPath
    """As in the architecture."""

    implements: str
    """What its classes and functions do, step by step, with the requirements' ids."""

    imports: tuple[ImportedNames, ...] = ()
    """What it imports from other files of the repository; no packages."""

    signatures: tuple[str, ...] = ()
    """Its public interface: full Python signatures with types, methods written `Class.method(self, ...) -> ...`."""

    @property
    def names(self) -> frozenset[str]:
        """The names that its signatures define in the module; a method's is that of its class."""
        return frozenset(found[1] for each in self.signatures if (found := _SIGNATURE.match(each.strip())))


_SIGNATURE = re.compile(r"^(?:@[\w.]+(?:\([^)]*\))?\s+)?(?:async\s+)?(?:def\s+)?(?:class\s+)?([A-Za-z_]\w*)")


class LogicDesign(Artifact):
    """What each file implements and imports, without cycles."""

    packages: tuple[str, ...]
    """Third-party packages as lines of a requirements file, each with a version bound that exists."""

    files: tuple[FileLogic, ...] = Field(min_length=1)
    """Every file of the architecture, each after the files that it imports."""

    shared_knowledge: str
    """Conventions that several files must follow: shapes, units, names, seeds, formats."""

    unclear: tuple[str, ...] = ()
    """What is unclear, each with the choice made."""

    def file(self, path: str) -> FileLogic:
        """The logic of this file."""
        return next(file for file in self.files if file.path == path)


class ConfigValue(Artifact):
    """One value of the configuration and its source."""

    key: str = Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")
    """Dotted path, `training.learning_rate`."""

    value: Value
    """For the full reproduction."""

    smoke: Value = None
    """For a run of at most a minute on a CPU, if it differs; null: the same value."""

    source: Literal["requirement", "quote", "assumed"]
    """`requirement`: a requirement states it. `quote`: the paper says it, no requirement does. `assumed`: neither."""

    requirement: str = ""
    """The requirement's id, if the source is `requirement`."""

    quote: str = ""
    """The paper's words that contain the value, copied character by character, if the source is `quote`."""

    alternatives: tuple[str, ...] = ()
    """Only for `assumed`: other choices."""

    scalable: bool = False
    """Whether a cheaper reproduction may shrink it: numbers of steps, epochs, samples and seeds, and sizes."""

    meaning: str = ""
    """What it controls, in a few words, with its unit."""

    @property
    def is_open(self) -> bool:
        """Whether the paper leaves it open; the synthetic data are not the paper's."""
        return self.source == "assumed" and not self.key.startswith("data.synthetic")


class ExperimentConfig(Artifact):
    """All settings of the reproduction."""

    values: tuple[ConfigValue, ...] = Field(min_length=1)
    """Every hyperparameter, path, seed and switch that the code reads."""

    def with_added(self, values: Iterable[ConfigValue]) -> "ExperimentConfig":
        """With those of these values whose keys are new and are no group of keys."""
        kept = {f"{value.key}.": value for value in self.values}
        for value in values:
            name = f"{value.key}."
            if not any(name.startswith(other) or other.startswith(name) for other in kept):
                kept[name] = value
        return ExperimentConfig(values=tuple(kept.values()))


class Violation(Artifact):
    """A place where an artifact violates its instructions."""

    where: str
    """The field, file, requirement or key."""

    what: str
    """What is wrong there, and which instruction or words of the paper it contradicts."""

    correction: str
    """What it should be."""


class Critique(Artifact):
    """The violations that a verifying agent found; empty if there are none."""

    violations: tuple[Violation, ...] = ()
