"""The data that execution steps use: real data where all are present, else the synthetic version."""

from dataclasses import dataclass
from pathlib import Path

from papercoder.artifacts.data import RunData
from papercoder.artifacts.execution import StepName
from papercoder.datasets.mounts import DATA_ROOT, Mounts, mounts_for
from papercoder.sandbox.contract import Sandbox

_RUNNER = "trials.py"
"""The file of a repository whose command takes settings as options."""


@dataclass(frozen=True)
class StepData:
    """What the steps of one execution use."""

    mounts: Mounts
    obstacle: str = ""
    """Why the steps cannot use data that are present."""

    @property
    def is_real(self) -> bool:
        """Whether the smoke run uses real data."""
        return self.mounts.complete and not self.obstacle

    def options(self, step: StepName) -> tuple[str, ...]:
        """The options of `reproduce.sh` that make a step use real data."""
        if not self.is_real or step != "smoke":
            return ()
        return "--set", f"data.root={DATA_ROOT}", "--set", "data.synthetic=false"

    def note(self, step: StepName) -> str:
        """Which data a step used; empty for steps without data, and for repositories that need none in files."""
        if step != "smoke" or not (self.mounts.present or self.mounts.missing):
            return ""
        if self.is_real:
            return f"used real data: {', '.join(self.mounts.present)}"
        missing = f"{', '.join(self.mounts.missing)} missing; `papercoder data RUN` shows how to get it"
        return f"used synthetic data: {self.obstacle or missing}"


def step_data(data: RunData | None, repository: Path, sandbox: Sandbox) -> StepData:
    """The data for the execution of a repository."""
    mounts = mounts_for(data or RunData())
    if not (repository / _RUNNER).is_file():
        return StepData(mounts, f"the repository has no {_RUNNER}")
    if sandbox.name == "subprocess":
        return StepData(mounts, "without a sandbox, nothing is mounted")
    return StepData(mounts)
