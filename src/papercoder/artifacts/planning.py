"""What planning makes: the overall plan, the requirements, the two designs and the configuration."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from papercoder.artifacts.base import Artifact, Diagram, RepoPath

RequirementKind = Literal["data", "method", "training", "evaluation", "experiment"]
RequirementStatus = Literal["stated", "derived", "cited", "assumed"]
Scalar = bool | int | float | str | None
Value = Scalar | tuple[Scalar, ...]


class OverallPlan(Artifact):
    """How the paper would be reproduced (Paper2Code, section 3.1, overall plan)."""

    summary: str
    """What the paper does, in a few sentences, and what a reproduction has to show."""

    method: str
    """The method step by step, with every equation and constant that an implementation needs; anchors in brackets."""

    data: str
    """Data sets, how they are obtained, splits, preprocessing."""

    training: str
    """Optimisation: losses, optimiser, schedules, initialisation, hyperparameters, seeds."""

    evaluation: str
    """Metrics, protocol, baselines, how numbers are aggregated."""

    experiments: tuple[str, ...]
    """Each experiment, table or figure to reproduce, one an entry."""

    unclear: tuple[str, ...] = ()
    """What the paper leaves open, each with the choice that the plan makes."""


class RequirementDraft(Artifact):
    """One atomic thing that the code must do, as an agent found it in one section."""

    kind: RequirementKind
    statement: str
    """What the code must do, in one sentence that can be checked by reading code; with its constants and equation."""

    anchor: str
    """The anchor in brackets that leads the paragraph, equation, table or algorithm which says so."""

    quote: str
    """The paper's own words or formula, copied character by character from that block, at most 40 words; empty only
    where the status is `assumed`."""

    status: RequirementStatus
    """`stated`: the paper says it. `derived`: it follows from what the paper says. `cited`: the paper refers to another
    work for it. `assumed`: the paper leaves it open and code needs a choice."""

    alternatives: tuple[str, ...] = ()
    """For `assumed` alone: the other choices that a reader could make."""


class RequirementDrafts(Artifact):
    """What one section requires of the code."""

    requirements: tuple[RequirementDraft, ...] = ()


class Requirement(RequirementDraft):
    """A requirement with its number; its quote was looked for in the paper."""

    id: str = Field(pattern=r"^R[1-9]\d*$")
    """`R1`, `R2`, ... in the paper's order."""

    quote_found: bool
    """True where the quote stands in the paper."""


class Requirements(Artifact):
    """The spine: extracted once, owned by a file, marked in the code."""

    items: tuple[Requirement, ...]

    @property
    def ids(self) -> frozenset[str]:
        """All ids."""
        return frozenset(item.id for item in self.items)

    def pick(self, ids: Iterable[str]) -> tuple[Requirement, ...]:
        """Those with these ids, in the paper's order."""
        wanted = set(ids)
        return tuple(item for item in self.items if item.id in wanted)


class FilePlan(Artifact):
    """A file of the repository to be."""

    path: RepoPath
    """Relative, with forward slashes; a Python file, in lower case."""

    purpose: str
    """What it is for, in one sentence."""

    owns: tuple[str, ...] = ()
    """Ids of the requirements that this file, and no other, implements."""


class ArchitectureDesign(Artifact):
    """The repository's files and how their parts work together (Paper2Code, section 3.1, architecture design)."""

    approach: str
    """The main technical choices, libraries and why."""

    files: tuple[FilePlan, ...] = Field(min_length=1)
    """All Python files; exactly one is `main.py`, the entry point. No configuration, README, script or test."""

    class_diagram: Diagram
    """Mermaid `classDiagram` of data structures and interfaces, with typed attributes and methods."""

    sequence_diagram: Diagram
    """Mermaid `sequenceDiagram` of a full reproduction, from `main.py` on."""

    unclear: tuple[str, ...] = ()
    """What is open, each with the choice made."""

    def owner_of(self, requirement: str) -> str | None:
        """The path of the file that owns this requirement."""
        return next((file.path for file in self.files if requirement in file.owns), None)

    def owned_by(self, path: str) -> tuple[str, ...]:
        """Ids of the requirements that this file owns."""
        return next((file.owns for file in self.files if file.path == path), ())


class ImportedNames(Artifact):
    """What a file takes from another file of the repository."""

    path: RepoPath
    """The other file's path."""

    names: tuple[str, ...]
    """The classes and functions that it uses of it."""


class FileLogic(Artifact):
    """What one file contains and needs."""

    path: RepoPath
    """As in the architecture."""

    implements: str
    """What its classes and functions do, step by step, with the requirements' ids."""

    imports: tuple[ImportedNames, ...] = ()
    """What it imports from other files of the repository; nothing of packages."""

    signatures: tuple[str, ...] = ()
    """Its public interface: full Python signatures with types, methods written `Class.method(self, ...) -> ...`."""


class LogicDesign(Artifact):
    """Per file what it implements and imports; an acyclic graph (Paper2Code, section 3.1, logic design)."""

    packages: tuple[str, ...]
    """Third-party packages as lines of a requirements file, each with a version bound that exists."""

    files: tuple[FileLogic, ...] = Field(min_length=1)
    """Every file of the architecture, each after the files that it imports."""

    shared_knowledge: str
    """Conventions that several files must keep: shapes, units, names, seeds, formats."""

    unclear: tuple[str, ...] = ()
    """What is open, each with the choice made."""

    def file(self, path: str) -> FileLogic:
        """The logic of this file."""
        return next(file for file in self.files if file.path == path)


class ConfigValue(Artifact):
    """One value of the configuration and where it comes from."""

    key: str = Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")
    """Dotted path, `training.learning_rate`."""

    value: Value
    """For the full reproduction."""

    smoke: Value = None
    """For a run of a minute at most on a CPU, where that differs; null: the same value."""

    source: Literal["requirement", "quote", "assumed"]
    """`requirement`: a requirement states it. `quote`: the paper says it, no requirement does. `assumed`: neither."""

    requirement: str = ""
    """The requirement's id, where the source is `requirement`."""

    quote: str = ""
    """The paper's words that contain the value, copied character by character, where the source is `quote`."""

    alternatives: tuple[str, ...] = ()
    """For `assumed` alone: other choices."""

    meaning: str = ""
    """What it controls, in a few words, with its unit."""


class ExperimentConfig(Artifact):
    """All settings of the reproduction (Paper2Code, section 3.1, configuration)."""

    values: tuple[ConfigValue, ...] = Field(min_length=1)
    """Every hyperparameter, path, seed and switch that the code reads."""


class Violation(Artifact):
    """A place where an artifact breaks its own instructions."""

    where: str
    """The field, file, requirement or key."""

    what: str
    """What is wrong there, against which instruction or which words of the paper."""

    mend: str
    """What it should be."""


class Critique(Artifact):
    """What a verifying agent found; empty where all is well."""

    violations: tuple[Violation, ...] = ()
