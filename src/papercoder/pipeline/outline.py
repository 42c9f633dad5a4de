"""What a run is going to make: its stages in their order, each with the artifacts that are known so far."""

from dataclasses import dataclass
from typing import Literal

from papercoder.artifacts import ArchitectureDesign, LogicDesign, Requirements
from papercoder.settings import Profile
from papercoder.stages.property_tests import property_test_path, requirements_to_test

StageName = Literal[
    "reading", "planning", "analysis", "coding", "review", "tests", "execution", "reproduction", "diagnosis"
]

_PLANNING: dict[Profile, tuple[str, ...]] = {
    "paper": (),
    "plan": ("plan",),
    "architecture": ("plan", "architecture"),
    "logic": ("plan", "architecture", "logic"),
    **dict.fromkeys(("config", "analysis", "papercoder"), ("plan", "architecture", "logic", "config")),
}
"""Profile -> what its planning makes; the others make everything."""

_EVERYTHING = ("plan", "found", "requirements", "claims", "architecture", "data", "config", "logic")
_WITH_ANALYSIS: frozenset[Profile] = frozenset({"analysis", "papercoder"})
_WHOLE_REPOSITORY: frozenset[Profile] = frozenset({"paper", "plan"})
"""One agent writes all files in one answer."""


@dataclass(frozen=True)
class StageOutline:
    """A stage that a run goes through."""

    name: StageName
    artifacts: tuple[str, ...]
    """What it makes, as far as it is known; rounds of revision and repair may add more."""

    is_planned: bool
    """Whether `artifacts` is complete; False while the files of the repository are not known."""


@dataclass(frozen=True)
class KnownDesign:
    """The results of planning that exist so far."""

    requirements: Requirements | None = None
    architecture: ArchitectureDesign | None = None
    logic: LogicDesign | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """The planned Python files; empty while they are not known."""
        known = self.logic or self.architecture
        return tuple(file.path for file in known.files) if known else ()

    @property
    def owners(self) -> tuple[str, ...]:
        """The files that own requirements, and so are reviewed."""
        if self.architecture is None:
            return ()
        return tuple(file.path for file in self.architecture.files if file.owns and file.path in self.files)

    @property
    def tests(self) -> tuple[str, ...]:
        """The property tests of the files that own a requirement that a test can show."""
        if self.architecture is None or self.requirements is None:
            return ()
        return tuple(
            property_test_path(file.path)
            for file in self.architecture.files
            if file.path in self.owners and requirements_to_test(self.requirements.pick(file.owns))
        )


def outline(profile: Profile, design: KnownDesign, *, reproduce: bool, execute: bool) -> tuple[StageOutline, ...]:
    """The stages of a profile in their order.

    Args:
        profile: the pipeline.
        design: what planning has made so far.
        reproduce: whether trials run at the end.
        execute: whether the code is executed.
    """
    planning = tuple(f"planning/{name}.json" for name in _PLANNING.get(profile, _EVERYTHING))
    stages = [StageOutline("reading", ("paper.json",), True)]
    if planning:
        stages.append(StageOutline("planning", planning, True))
    if profile in _WHOLE_REPOSITORY:
        return *stages, StageOutline("coding", ("coding/files.json",), True)
    files, is_known = design.files, bool(design.files)
    is_full = profile not in _PLANNING
    if is_full or profile in _WITH_ANALYSIS:
        stages.append(StageOutline("analysis", tuple(f"analysis/{path}.md" for path in files), is_known))
    stages.append(StageOutline("coding", tuple(f"repo/{path}" for path in files), is_known))
    if not is_full:
        return tuple(stages)
    is_designed = is_known and design.architecture is not None
    stages.append(StageOutline("review", tuple(f"review/{path}.json" for path in design.owners), is_designed))
    stages.append(StageOutline("tests", tuple(f"repo/{path}" for path in design.tests), is_designed))
    if execute:
        stages.append(StageOutline("execution", ("execution/0.json",), True))
        if reproduce:
            stages += [StageOutline("reproduction", (), False), StageOutline("diagnosis", (), False)]
    return tuple(stages)
