"""All results of planning in one value."""

from dataclasses import dataclass

from papercoder.artifacts import (
    ArchitectureDesign,
    Claim,
    Claims,
    DataSource,
    DataSources,
    ExperimentConfig,
    LogicDesign,
    OverallPlan,
    Requirement,
    Requirements,
)

ENTRY = "main.py"
"""The entry point that `reproduce.sh` starts."""


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

    def owned_by(self, path: str) -> tuple[Requirement, ...]:
        """The requirements that a file owns."""
        return self.requirements.pick(self.architecture.owned_by(path))

    @property
    def assumed(self) -> tuple[Requirement, ...]:
        """The requirements that are choices where the paper leaves something open."""
        return tuple(item for item in self.requirements.items if item.status == "assumed")

    def measured_by(self, path: str) -> tuple[Claim, ...]:
        """All claims, for files that own experiments; for the entry point if no file does."""
        running = [file.path for file in self.architecture.files if self._runs_experiments(file.path)]
        return self.claims.items if path in (running or [ENTRY]) else ()

    def data_of(self, path: str) -> tuple[DataSource, ...]:
        """The data sources that the requirements of a file need."""
        return self.data.needed_by(self.architecture.owned_by(path))

    def _runs_experiments(self, path: str) -> bool:
        return any(item.kind == "experiment" for item in self.owned_by(path))

    def imported_by(self, path: str) -> frozenset[str]:
        """The files that a file imports; none for an unplanned file."""
        return frozenset(item.path for file in self.logic.files if file.path == path for item in file.imports)

    def neighbours(self, path: str) -> frozenset[str]:
        """The files that a file imports, and the files that import it."""
        return self.imported_by(path) | {file.path for file in self.logic.files if path in self.imported_by(file.path)}
