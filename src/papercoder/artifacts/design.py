"""All results of planning in one value."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from papercoder.artifacts import (
    NO_FIGURES,
    ArchitectureDesign,
    Claim,
    Claims,
    DataSource,
    DataSources,
    ExperimentConfig,
    FigureDescriptions,
    FilePlan,
    LogicDesign,
    OverallPlan,
    Requirement,
    Requirements,
    SourceFile,
)

ENTRY = "main.py"
"""The entry point that `reproduce.sh` starts."""

EXPERIMENTS = "experiments.py"
"""The file in the package that lists and runs the trials."""

ADDED_SETTINGS = "analysis/settings.json"
"""The artifact with the settings that analyses found missing in the configuration; absent if there are none."""


def package_of(files: Iterable[FilePlan | SourceFile]) -> str:
    """The package of a repository's files: the folder with the experiments; empty if there is none."""
    paths = (PurePosixPath(file.path) for file in files)
    return next((path.parts[0] for path in paths if path.name == EXPERIMENTS and len(path.parts) == 2), "")


@dataclass(frozen=True)
class Design:
    """The input of the stages after planning."""

    plan: OverallPlan
    requirements: Requirements
    architecture: ArchitectureDesign
    logic: LogicDesign
    config: ExperimentConfig
    claims: Claims
    data: DataSources
    figures: FigureDescriptions = NO_FIGURES

    def owned_by(self, path: str) -> tuple[Requirement, ...]:
        """The requirements that a file owns."""
        return self.requirements.pick(self.architecture.owned_by(path))

    def contributed_by(self, path: str) -> tuple[Requirement, ...]:
        """The requirements of other files that a file implements a part of."""
        return self.requirements.pick(self.architecture.contributed_by(path))

    @property
    def assumed(self) -> tuple[Requirement, ...]:
        """The requirements that are choices where the paper leaves something open."""
        return tuple(item for item in self.requirements.items if item.status == "assumed")

    @property
    def package(self) -> str:
        """The name of the package that holds all code."""
        return package_of(self.architecture.files)

    def data_of(self, path: str) -> tuple[DataSource, ...]:
        """The data sources that the requirements of a file need."""
        return self.data.needed_by((*self.architecture.owned_by(path), *self.architecture.contributed_by(path)))

    def measured_by(self, path: str) -> tuple[Claim, ...]:
        """All claims, for the file with the experiments."""
        return self.claims.items if path == f"{self.package}/{EXPERIMENTS}" else ()

    def figures_of(self, path: str) -> FigureDescriptions:
        """The described figures that the requirements of a file, or the claims that it measures, cite."""
        required = {item.anchor for item in (*self.owned_by(path), *self.contributed_by(path))}
        return self.figures.of(required | {claim.anchor for claim in self.measured_by(path)})

    def imported_by(self, path: str) -> frozenset[str]:
        """The files that a file imports; none for an unplanned file."""
        return frozenset(item.path for file in self.logic.files if file.path == path for item in file.imports)

    def neighbours(self, path: str) -> frozenset[str]:
        """The files that a file imports, and the files that import it."""
        return self.imported_by(path) | {file.path for file in self.logic.files if path in self.imported_by(file.path)}
