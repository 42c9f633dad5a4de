"""Reproductions of trials that take a known time, and orders of trials whose times are drawn at random."""

import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from benchmarks.reproduction.repository import CLAIMS, TRIALS, write_repository
from papercoder.artifacts import Trial
from papercoder.artifacts.reproduction import Reproduction, ReproductionOptions, TrialKind, kind_of
from papercoder.pipeline.reproduction import prepare_trials, reproduce
from papercoder.repository.files import read_files
from papercoder.runs.event_log import EventLog, read_events
from papercoder.runs.events import TrialEnded
from papercoder.runs.folder import step_store
from papercoder.runs.run import PlainContext, Run
from papercoder.stages.reproduction.order import order, targets_of

LENGTHS = (0.0, 1.0, 4.0)
"""Seconds that a trial computes."""

SHARES = (0.05, 0.1, 0.25, 0.5, 1.0)
"""Of the time that one seed of everything takes."""

METHODS, DATASETS, SEEDS, DRAWS = 8, 6, 5, 20


@dataclass(frozen=True)
class Reproduced:
    """One reproduction with all its trials."""

    length: float
    bare: float
    """Seconds of `python main.py --trial ID` outside the sandbox, the median."""

    trial: float
    """Seconds of a trial in the sandbox, from its start to its stored result, the median."""

    share_used: float
    """The share of the time of all workers in which trials ran that have a result."""


@dataclass(frozen=True)
class Decided:
    """Claims that are decided after a share of the time of one seed, as shares of all, means over the draws."""

    share: float
    planned: float
    in_code_order: float


@dataclass(frozen=True)
class ReproductionResults:
    """All of them."""

    reproduced: tuple[Reproduced, ...]
    decided: tuple[Decided, ...]


def measure() -> ReproductionResults:
    """Reproduce runs one after the other, then compare orders."""
    return ReproductionResults(tuple(map(_reproduce, LENGTHS)), tuple(compare_orders()))


def _reproduce(length: float) -> Reproduced:
    with tempfile.TemporaryDirectory() as name:
        folder = write_repository(Path(name), length)
        log = EventLog(folder)
        run = Run(folder, PlainContext(log), log, step_store(folder))

        async def reproduce_all() -> Reproduction:
            options = ReproductionOptions(budget=600.0)
            return await reproduce(await prepare_trials(run, read_files(folder / "repo"), (), options), CLAIMS)

        found = asyncio.run(reproduce_all())
        assert found.measured == TRIALS
        ends = [event for event in read_events(folder) if isinstance(event, TrialEnded) and event.status == "done"]
        bare = [_bare_seconds(folder / "repo", event.trial) for event in ends[:3]]
        return Reproduced(length, median(bare), median(event.seconds for event in ends), found.share_used)


def _bare_seconds(repository: Path, trial: str) -> float:
    """Seconds of a trial as a user would start it, with the packages of this process."""
    began = time.monotonic()
    command = [sys.executable, "main.py", "--trial", trial]
    subprocess.run(command, cwd=repository, check=True, capture_output=True)
    return time.monotonic() - began


def compare_orders() -> Iterator[Decided]:
    """How many claims the planner's order has decided, and the order of the code: method, data set, all seeds."""
    draws = [_draw(random.Random(seed)) for seed in range(DRAWS)]
    for share in SHARES:
        both = [(_decided(draw, draw.planned(), share), _decided(draw, draw.trials, share)) for draw in draws]
        planned, in_code_order = zip(*both, strict=True)
        yield Decided(share, fmean(planned), fmean(in_code_order))


@dataclass(frozen=True)
class _Draw:
    """An experiment with random times: each method has a value and an ordering against the first for each data set."""

    seconds: dict[TrialKind, float]
    claims: dict[str, tuple[TrialKind, ...]]

    @property
    def trials(self) -> list[Trial]:
        return [
            Trial(id=f"{kind.method}-{kind.dataset}-{seed}", experiment="e", method=kind[1], dataset=kind[2], seed=seed)
            for kind in self.seconds
            for seed in range(SEEDS)
        ]

    def planned(self) -> list[Trial]:
        return [step.trial for step in order(targets_of(self.claims), self.trials, [], self.seconds.__getitem__)]


def _draw(chance: random.Random) -> _Draw:
    methods = {f"m{index}": 10 ** chance.uniform(0, 1) for index in range(METHODS)}
    datasets = {f"d{index}": 10 ** chance.uniform(0, 1) for index in range(DATASETS)}
    kinds = {
        TrialKind("e", method, dataset): slow * large
        for method, slow in methods.items()
        for dataset, large in datasets.items()
    }
    values = {f"C-{kind.method}-{kind.dataset}": (kind,) for kind in kinds}
    orderings = {
        f"O-{kind.method}-{kind.dataset}": (kind, TrialKind("e", "m0", kind.dataset))
        for kind in kinds
        if kind.method != "m0"
    }
    return _Draw(kinds, {**values, **orderings})


def _decided(draw: _Draw, trials: Sequence[Trial], share: float) -> float:
    """The share of the claims whose trials have all ended within this share of the time of one seed."""
    left, done = share * sum(draw.seconds.values()), set[TrialKind]()
    for trial in trials:
        left -= draw.seconds[kind_of(trial)]
        if left < -1e-6:
            break
        done.add(kind_of(trial))
    return fmean(set(kinds) <= done for kinds in draw.claims.values())
