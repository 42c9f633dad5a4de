"""Runs the trials of this repository, each in its own process, and collects what they measure.

A trial is the smallest unit of an experiment that yields numbers: one method on one data set with one seed. The module
`experiments` of the package defines the trials:

    trials(config) -> list[Trial]                             every trial of the paper
    run_trial(trial, config, progress) -> dict[str, float]    metric -> value of this one trial
    NOT_MEASURED = {"C12": "why"}                             optional: claims that no trial measures
    figures(results, folder) -> None                          optional: draws figures into the folder

Each trial writes `results/ID.json` when it ends, and arrays that it keeps for figures to `results/ID/`. A trial that
fails, diverges or crashes affects no other trial. The same command resumes: only trials without a result from the
present code and settings run.

This file is generated with every repository. It needs Python 3.11 and PyYAML, and may be changed.
"""

import argparse
import ast
import hashlib
import importlib
import importlib.metadata
import importlib.util
import io
import json
import math
import os
import pickle
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, NoReturn

import yaml

ROOT = Path(__file__).resolve().parent
SECONDS_BETWEEN_REPORTS = 2.0
LOCATION = "data.root"
"""The setting that says where the data is; a change of it makes no result old."""

MOST_KEPT = 20_000_000
"""Bytes of all arrays that one trial keeps."""


@dataclass(frozen=True)
class Trial:
    """One method on one data set with one seed, in one experiment; the names are those of the paper's claims."""

    experiment: str
    method: str
    dataset: str
    seed: int

    def __post_init__(self) -> None:
        if not all(isinstance(name, str) for name in self.kind) or not isinstance(self.seed, int):
            raise TypeError(f"Trial needs three names and an integer seed, not {(*self.kind, self.seed)!r}.")

    @property
    def kind(self) -> tuple[str, str, str]:
        """What its seeds have in common."""
        return self.experiment, self.method, self.dataset

    @property
    def id(self) -> str:
        """A readable file name; different for different trials."""
        names = "-".join(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24] for name in self.kind)
        return f"{names}-{self.seed}-{hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:6]}"


@dataclass(frozen=True)
class Result:
    """What a trial measured, or why it did not; the content of `results/ID.json`."""

    trial: Trial
    status: str
    """`done`, `failed`, or `diverged`: it measured a number that is not finite."""

    reason: str = ""
    measured: dict[str, float] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    """Dotted key -> value of each setting that the trial read."""

    made_from: str = ""
    """A digest of these settings and of the code that the trial imports."""

    seconds: float = 0.0
    peak_memory: int | None = None
    """Bytes."""

    versions: dict[str, str] = field(default_factory=dict)
    commit: str = ""
    synthetic: bool = False
    arrays: dict[str, str] = field(default_factory=dict)
    """Name -> SHA-256 of each file `results/ID/NAME.npy` that the trial kept."""

    folder: Path = ROOT / "results"
    """Where it was read; not in the file."""

    @classmethod
    def read(cls, path: Path) -> "Result | None":
        """The result in a file; None if there is none."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            names = content.pop("trial")
            trial = Trial(names["experiment"], names["method"], names["dataset"], names["seed"])
            known = {each.name: content[each.name] for each in fields(cls) if each.name in content}
            return cls(trial, **{**known, "folder": path.parent})
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def write(self, folder: Path) -> None:
        """Write it as a whole or not at all."""
        content = {**asdict(self), "trial": {"id": self.trial.id, **asdict(self.trial)}}
        del content["folder"]
        write_whole(folder / f"{self.trial.id}.json", (json.dumps(content, indent=1, default=str) + "\n").encode())

    def array(self, name: str) -> Any:
        """The NumPy array that the trial kept under this name."""
        path = self.folder / self.trial.id / f"{name}.npy"
        return importlib.import_module("numpy").load(path, allow_pickle=False)


@dataclass(frozen=True)
class Claim:
    """A number that the paper reports, from `claims.json`."""

    id: str
    experiment: str
    method: str
    dataset: str
    metric: str
    table: str = ""
    """Where the paper reports it."""

    reported: str = ""
    """The number as printed, with its spread."""

    statistic: str = "mean"
    """What the number is of the trials' values: `mean`, `std`, `median`, `min`, `max`; others are not computed here."""

    compared_with: str = ""
    """The other method, if the number compares two; not computed here."""

    averaged_over: tuple[str, ...] = ()
    """The data sets, if the number is a mean over several; `dataset` is what the paper calls them together."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its experiment, method, data set and metric, as they are compared."""
        return tuple(map(plain, (self.experiment, self.method, self.dataset, self.metric)))

    def is_about(self, trial: Trial) -> bool:
        """Whether the trial contributes to it."""
        is_method = plain(trial.method) in {plain(self.method), plain(self.compared_with)}
        is_experiment = plain(trial.experiment) == plain(self.experiment)
        return is_method and is_experiment and plain(trial.dataset) in self.datasets

    @property
    def datasets(self) -> set[str]:
        """The data sets on which it is measured, as they are compared."""
        return set(map(plain, self.averaged_over or (self.dataset,)))

    def is_measured_by(self, trials: Iterable[Trial]) -> bool:
        """Whether trials contribute to it on each of its data sets."""
        return {plain(trial.dataset) for trial in trials if self.is_about(trial)} == self.datasets

    def can_be_of(self, values: Collection[float]) -> bool:
        """Whether it can be computed from so many values: one value has no standard deviation."""
        is_simple = self.statistic in STATISTICS and not self.compared_with
        return is_simple and (self.statistic != "std" or len(values) > 1)


class Settings(dict[str, Any]):
    """Nested settings that record which of them were read: only these make a result old when they change."""

    def __init__(self, values: Mapping[str, Any], read: set[str], prefix: str = "") -> None:
        super().__init__(
            {
                key: Settings(value, read, f"{prefix}{key}.") if isinstance(value, Mapping) else value
                for key, value in values.items()
            }
        )
        self._read, self._prefix = read, prefix

    def _note(self, key: Any) -> None:
        if not isinstance(super().get(key), Settings):
            self._read.add(f"{self._prefix}{key}")

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """As in a dict."""
        self._note(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        for key in super().__iter__():
            self._note(key)
            yield key

    def keys(self) -> Any:
        """As in a dict."""
        return list(self)

    def values(self) -> Any:
        """As in a dict."""
        return [self[key] for key in self]

    def items(self) -> Any:
        """As in a dict."""
        return [(key, self[key]) for key in self]

    def copy(self) -> dict[str, Any]:
        """As in a dict."""
        return dict(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)  # copies and other processes get a plain dict


class Progress:
    """What `run_trial` reports to: how far it is, and its checkpoints."""

    def __init__(self, trial: Trial, folder: Path, made_from: str) -> None:
        self.trial, self._made_from = trial, made_from
        self._checkpoint = folder / f"{trial.id}.checkpoint"
        self._began = time.monotonic()
        self._reported = -math.inf
        self.arrays: dict[str, bytes] = {}
        """What the trial keeps besides numbers, by name, as the content of files."""

    @property
    def seconds(self) -> float:
        """The time that the trial took, up to its checkpoint included."""
        return time.monotonic() - self._began

    def __call__(self, fraction: float, **values: float) -> None:
        """Report the share that is done, and current values such as the loss; call it as often as you like."""
        now = time.monotonic()
        if now - self._reported < SECONDS_BETWEEN_REPORTS and fraction < 1:
            return
        self._reported = now
        left = self.seconds * (1 - fraction) / fraction if fraction > 0 else None
        known = {name: number for name, value in values.items() if (number := finite(value)) is not None}
        if not sys.stdout.isatty():
            line = {"trial": self.trial.id, "fraction": float(fraction), "seconds_left": left, **known}
            print(json.dumps(line), flush=True)
        shown = [f"{fraction:.0%}", *(f"{name} {value:.4g}" for name, value in known.items())]
        log(self.trial.id, ", ".join(shown if left is None else [*shown, f"{duration(left)} left"]))

    def keep(self, name: str, array: object) -> None:
        """Keep an array of numbers for figures, such as samples or a curve; `result.array(name)` gives it to them.

        What would make all arrays of the trial larger than 20 MB is not kept, which the log says.
        """
        numpy = importlib.import_module("numpy")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name):
            raise ValueError(f"keep: a name has up to 60 letters, digits, - and _, unlike {name!r}.")
        numbers = numpy.asarray(array)
        if numbers.dtype.kind not in "biufc":
            raise TypeError(f"keep: {name} has to hold numbers, not {numbers.dtype}.")
        file = io.BytesIO()
        numpy.save(file, numbers, allow_pickle=False)
        others = sum(len(content) for other, content in self.arrays.items() if other != name)
        if others + file.tell() > MOST_KEPT:
            log(self.trial.id, f"{name} was not kept: a trial keeps at most {MOST_KEPT:,} bytes")
        else:
            self.arrays[name] = file.getvalue()

    def save(self, state: object) -> None:
        """Keep a state (bytes, or anything that can be pickled) with which `load` can resume after a kill."""
        write_whole(self._checkpoint, pickle.dumps((self._made_from, self.seconds, self.arrays, state)))

    def load(self) -> Any:
        """The state that was saved last with the present code and settings; None if there is none."""
        try:
            made_from, seconds, arrays, state = pickle.loads(self._checkpoint.read_bytes())
        except (OSError, ValueError, EOFError, pickle.UnpicklingError, AttributeError, ImportError):
            return None
        if made_from != self._made_from:
            return None
        self._began -= seconds
        self.arrays = arrays
        return state

    def forget(self) -> None:
        """Delete the checkpoint, because the trial ended."""
        self._checkpoint.unlink(missing_ok=True)


class Experiments:
    """The experiments of this repository with one configuration and one folder of results."""

    def __init__(self, module: ModuleType, config: Mapping[str, Any], folder: Path) -> None:
        self.module, self.config, self.folder = module, config, folder
        self.code = code_digest(Path(str(module.__file__)), ROOT)
        self.flat = dict(flatten(config))
        self.claims = read_claims(ROOT / "claims.json")
        self.trials = tuple(module.trials(Settings(config, set())))
        ids = [trial.id for trial in self.trials]
        if repeated := sorted({name for name in ids if ids.count(name) > 1}):
            raise SystemExit(f"trials() returns the same trial more than once: {', '.join(repeated)}.")

    def result(self, trial: Trial) -> Result | None:
        """The trial's result with the present code and settings; None if it is missing."""
        result = Result.read(self.folder / f"{trial.id}.json")
        return result if result and result.made_from == self.made_from(result.settings) else None

    def made_from(self, keys: Iterable[str]) -> str:
        """A digest of the code and of the settings with these keys."""
        settings = {key: self.flat.get(key) for key in sorted(keys) if key != LOCATION}
        return hashlib.sha256(json.dumps([self.code, settings], default=str).encode()).hexdigest()[:16]

    def describe(self) -> dict[str, Any]:
        """What `--list` prints."""
        reasons = getattr(self.module, "NOT_MEASURED", {})
        claims = {trial: [claim.id for claim in self.claims if claim.is_about(trial)] for trial in self.trials}
        return {
            "trials": [{"id": trial.id, **asdict(trial), "claims": names} for trial, names in claims.items()],
            "not_measured": dict(reasons),
            "unclaimed": [
                claim.id for claim in self.claims if claim.id not in reasons and not claim.is_measured_by(self.trials)
            ],
        }

    def run(self, trial: Trial) -> Result:
        """Run a trial in this process and write its result."""
        read: set[str] = set()
        progress = Progress(trial, self.folder, self.made_from(self.flat))
        log(trial.id, "started")
        try:
            measured = dict(self.module.run_trial(trial, Settings(self.config, read), progress))
            result = self._judge(trial, {str(name): float(value) for name, value in measured.items()})
        except (FloatingPointError, OverflowError) as error:
            result = Result(trial, "diverged", f"{type(error).__name__}: {error}")
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in a trial is its result
            traceback.print_exc()
            result = Result(trial, "failed", f"{type(error).__name__}: {error}".strip(": "))
        progress.forget()
        result = Result(
            **{
                **vars(result),
                "settings": {key: self.flat.get(key) for key in sorted(read)},
                "made_from": self.made_from(read),
                "seconds": progress.seconds,
                "peak_memory": peak_memory(),
                "versions": versions(ROOT),
                "commit": commit(ROOT),
                "synthetic": bool(self.flat.get("data.synthetic")),
                "arrays": write_arrays(self.folder / trial.id, progress.arrays),
            }
        )
        result.write(self.folder)
        log(trial.id, f"{result.status} after {duration(result.seconds)}{result.reason and ': '}{result.reason}")
        return result

    @staticmethod
    def _judge(trial: Trial, measured: dict[str, float]) -> Result:
        if not measured:
            return Result(trial, "failed", "run_trial returned no metric")
        finite_ones = {name: value for name, value in measured.items() if math.isfinite(value)}
        if odd := [f"{name} is {value}" for name, value in measured.items() if name not in finite_ones]:
            return Result(trial, "diverged", ", ".join(odd), finite_ones)
        return Result(trial, "done", "", measured)

    def rows(self) -> list[dict[str, Any]]:
        """What was measured: a row for each claim, and for each metric of a kind of trial that no claim names."""
        values: dict[tuple[str, str, str, str], dict[int, float]] = {}
        for result in filter(None, map(self.result, self.trials)):
            for metric, value in result.measured.items() if result.status == "done" else ():
                values.setdefault((*result.trial.kind, metric), {})[result.trial.seed] = value
        rows = []
        for names, by_seed in values.items():
            found = list(by_seed.values())
            claims = [claim for claim in self.claims if claim.names == tuple(map(plain, names))]
            of_claims = [row(names, found, claim.id, claim.statistic) for claim in claims if claim.can_be_of(found)]
            rows += of_claims or [row(names, found, None, "mean")]
        plainly = {tuple(map(plain, names)): by_seed for names, by_seed in values.items()}
        for claim in self.claims:
            means = mean_over_data_sets(claim, plainly) if claim.averaged_over else []
            if means and claim.can_be_of(means):
                names = (claim.experiment, claim.method, claim.dataset, claim.metric)
                rows.append(row(names, means, claim.id, claim.statistic))
        return rows

    def report(self, folder: Path) -> bool:
        """Write `results.json`, `results.md` and the figures; False if the figures fail."""
        ended = [result for result in map(self.result, self.trials) if result]
        failed = [{"id": result.trial.id, "reason": result.reason} for result in ended if result.status != "done"]
        rows = self.rows()
        content = json.dumps({"results": rows, "failed": failed}, indent=1) + "\n"
        write_whole(folder / "results.json", content.encode())
        write_whole(folder / "results.md", markdown(rows, self.claims, failed).encode())
        if not hasattr(self.module, "figures"):
            return True
        try:
            (folder / "figures").mkdir(exist_ok=True)
            self.module.figures([result for result in ended if result.status == "done"], folder / "figures")
        except Exception:  # noqa: BLE001 - a figure must not cost the results
            traceback.print_exc()
            log("figures", "could not be drawn")
            return False
        return True


class Pool:
    """Runs trials in processes of their own, several at a time."""

    def __init__(self, experiments: Experiments, options: Sequence[str], workers: int) -> None:
        self.experiments, self.options, self.workers = experiments, options, workers
        self._running: set[subprocess.Popen[str]] = set()
        threads = str(max(1, (os.cpu_count() or 1) // workers)) if workers > 1 else None
        pinned = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
        self._environment = {"PYTHONHASHSEED": "0", **{k: v for k, v in pinned.items() if v}, **os.environ}

    def run(self, batches: Sequence[Sequence[Trial]]) -> None:
        """Run each batch in one process; returns when all have a result.

        Raises:
            KeyboardInterrupt: the user stopped it; the processes were ended.
        """
        began, total = time.monotonic(), len(batches)
        with ThreadPoolExecutor(self.workers) as threads:
            try:
                pending = [threads.submit(self._run_batch, batch) for batch in batches]
                for done, future in enumerate(as_completed(pending), 1):
                    future.result()
                    left = (time.monotonic() - began) / done * (total - done)
                    if total > 1:
                        log("all", f"{done} of {total} ended, about {duration(left)} left")
            except KeyboardInterrupt:
                threads.shutdown(wait=False, cancel_futures=True)
                for process in tuple(self._running):
                    process.terminate()
                raise

    def _run_batch(self, batch: Sequence[Trial]) -> None:
        """Run the trials; one that ends the process is recorded as failed, and the others run in a new process."""
        folder, left = self.experiments.folder, list(batch)
        while left:
            before = {trial: stamp(folder / f"{trial.id}.json") for trial in left}
            code, last_line = self._run_process([trial.id for trial in left])
            left = [trial for trial in left if stamp(folder / f"{trial.id}.json") == before[trial]]
            if left and code in INTERRUPTED:
                return
            if left:
                reason, settings = why_ended(code, last_line), self.experiments.flat
                made_from = self.experiments.made_from(settings)
                write_arrays(folder / left[0].id, {})
                Result(left[0], "failed", reason, settings=settings, made_from=made_from).write(folder)
                log(left[0].id, f"failed: {reason}")
                left = left[1:]

    def _run_process(self, ids: Sequence[str]) -> tuple[int, str]:
        """Run trials in a new process; returns its exit code and the last line of its standard error."""
        wanted = [argument for name in ids for argument in ("--trial", name)]
        command = [sys.executable, str(ROOT / "main.py"), *self.options, *wanted]
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, errors="replace", env=self._environment
        ) as process:
            self._running.add(process)
            last: deque[str] = deque(maxlen=1)
            for line in process.stderr or ():
                sys.stderr.write(line)
                last.extend([line.strip()] if line.strip() else [])
        self._running.discard(process)
        return process.returncode, "".join(last)


def main(experiments: str, argv: Sequence[str] | None = None) -> int:
    """The command line of the repository.

    Args:
        experiments: the module that defines the trials; imported after the arguments are parsed.
        argv: the arguments; None: those of the process.

    Returns:
        The exit code: 0 if no trial failed, 1 if one did, 2 for an invalid argument, 130 after an interruption.
    """
    options = parse(argv)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return start(experiments, options)
    except KeyboardInterrupt:
        print("Interrupted; the same command resumes.", file=sys.stderr)
        return 130


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the arguments."""
    parser = argparse.ArgumentParser(description="Run the trials that have no result yet, and write results.json.")
    parser.add_argument("--list", action="store_true", help="print the trials and their claims as JSON, and stop")
    parser.add_argument("--trial", action="append", metavar="ID", help="run this trial in this process (repeatable)")
    parser.add_argument("--only", metavar="EXPERIMENT", help="run the trials of one experiment")
    parser.add_argument("--seeds", type=int, metavar="N", help="run at most N seeds of each method and data set")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting of config.yaml (repeatable)"
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="run N trials at a time (default 1)")
    parser.add_argument(
        "--smoke", action="store_true", help="run one seed of everything with config.smoke.yaml, into results/smoke"
    )
    parser.add_argument("--report", action="store_true", help="write results.json and the figures; run nothing")
    parser.add_argument("--results", type=Path, metavar="DIR", help="the folder of the results (default results)")
    parser.add_argument("--retry-failed", action="store_true", help="run failed and diverged trials again")
    options = parser.parse_args(argv)
    if options.workers < 1 or (options.seeds is not None and options.seeds < 1):
        parser.error("--workers and --seeds must be at least 1")
    return options


def start(experiments: str, options: argparse.Namespace) -> int:
    """Do what the options ask for; returns the exit code."""
    config = read_config(ROOT / ("config.smoke.yaml" if options.smoke else "config.yaml"), options.set)
    folder = options.results or ROOT / ("results/smoke" if options.smoke else "results")
    repository = Experiments(importlib.import_module(experiments), config, folder.resolve())
    if options.list:
        print(json.dumps(repository.describe(), indent=1))
        return 0
    if options.report:
        return int(not repository.report(folder if options.smoke or options.results else ROOT))
    if options.trial:
        by_id = {trial.id: trial for trial in repository.trials}
        if unknown := [name for name in options.trial if name not in by_id]:
            stop(f"There is no trial {unknown[0]}; --list prints the trials.")
        results = [repository.run(by_id[name]) for name in options.trial]
        return int(any(result.status == "failed" for result in results))
    chosen = select(repository.trials, options.only, 1 if options.smoke and not options.seeds else options.seeds)
    missing = [trial for trial in chosen if is_missing(repository.result(trial), options.retry_failed)]
    log("all", f"{len(chosen)} trials: {len(chosen) - len(missing)} have a result, {len(missing)} to run")
    # Smoke trials are so short that the imports of a process for each would take most of the time.
    shares = [missing[first :: options.workers] for first in range(options.workers)]
    batches = [share for share in shares if share] if options.smoke else [[trial] for trial in missing]
    Pool(repository, options_of_trials(options, folder), options.workers).run(batches)
    drawn = repository.report(folder if options.smoke or options.results else ROOT)
    return finish([repository.result(trial) for trial in chosen], drawn)


def finish(results: Sequence[Result | None], drawn: bool) -> int:
    """Say how the chosen trials ended; returns the exit code."""
    ended = [result.status if result else "missing" for result in results]
    counts = {status: ended.count(status) for status in ("done", "diverged", "failed", "missing") if status in ended}
    log("all", ", ".join(f"{count} {status}" for status, count in counts.items()))
    if {"failed", "diverged"} & set(ended):
        log("all", "failed and diverged trials run again with --retry-failed")
    if failed := [result for result in results if result and result.status == "failed"]:
        log("all", f"{len(failed)} failed; {failed[0].trial.id}: {failed[0].reason}")
    return int(not drawn or bool({"failed", "missing"} & set(ended)))


def select(trials: Iterable[Trial], only: str | None, seeds: int | None) -> list[Trial]:
    """The trials of one experiment, with at most so many seeds of each kind."""
    every = tuple(trials)
    names = sorted({trial.experiment for trial in every})
    if only is not None and only not in names:
        stop(f"There is no experiment {only!r}; the experiments are: {', '.join(names)}.")
    chosen: list[Trial] = []
    seen: dict[tuple[str, str, str], int] = {}
    for trial in every:
        seen[trial.kind] = seen.get(trial.kind, 0) + 1
        if only in {None, trial.experiment} and (seeds is None or seen[trial.kind] <= seeds):
            chosen.append(trial)
    return chosen


def is_missing(result: Result | None, retry_failed: bool) -> bool:
    """Whether the trial has to run."""
    return result is None or (retry_failed and result.status != "done")


def options_of_trials(options: argparse.Namespace, folder: Path) -> list[str]:
    """The options that the processes of the trials share."""
    changes = [argument for change in options.set for argument in ("--set", change)]
    return ["--results", str(folder.resolve()), *changes, *(["--smoke"] if options.smoke else [])]


def read_config(path: Path, changes: Sequence[str]) -> dict[str, Any]:
    """The settings in a YAML file, with changes such as `training.steps=10`."""
    try:
        config: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        stop(f"{path.name} cannot be read: {error}")
    known = dict(flatten(config))
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals or key not in known:
            stop(f"--set {change}: {path.name} has no setting {key!r}; write it as group.name=value.")
        *groups, name = key.split(".")
        group = config
        for each in groups:
            group = group[each]
        is_exponent = re.fullmatch(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+", text)  # YAML takes 1e-3 for text
        group[name] = float(text) if is_exponent else yaml.safe_load(text)
    return config


def flatten(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and values."""
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def code_digest(experiments: Path, root: Path) -> str:
    """A digest of the modules of this repository that the experiments import.

    Comments do not count, nor do the list of trials, the figures and what only these import.
    """
    trees: dict[Path, str] = {root / "main.py": "", root / "trials.py": ""}
    left = [experiments]
    while left:
        path = left.pop()
        if path not in trees:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            if path == experiments:
                tree.body = list(what_trials_use(tree.body))
            trees[path] = ast.unparse(tree)
            left += imported_files(tree, path, root)
    return hashlib.sha256("\n".join(trees[path] for path in sorted(trees)).encode()).hexdigest()


def what_trials_use(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of the experiments without the list of trials, the figures, and imports for these alone."""
    kept = [node for node in body if getattr(node, "name", "") not in {"trials", "figures"}]
    used = {node.id for statement in kept for node in ast.walk(statement) if isinstance(node, ast.Name)}
    for node in kept:
        imports = node.names if isinstance(node, ast.Import | ast.ImportFrom) else []
        names = {(alias.asname or alias.name).split(".")[0] for alias in imports}
        if not names or names & {*used, "*"}:
            yield node


def imported_files(tree: ast.Module, path: Path, root: Path) -> Iterator[Path]:
    """The files of this repository that a module imports."""
    for node in ast.walk(tree):
        names: list[str] = []
        base = root
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = path.parents[node.level - 1] if node.level else root
            module = f"{node.module}." if node.module else ""
            names = [node.module or "", *(f"{module}{alias.name}" for alias in node.names)]
        for name in names:
            parts = [part for part in name.split(".") if part]
            steps = [base.joinpath(*parts[:length]) for length in range(len(parts) + 1)]
            found = [file for step in steps for file in (step.with_suffix(".py"), step / "__init__.py")]
            yield from (file for file in found if file.is_file() and root in file.parents)


def read_claims(path: Path) -> tuple[Claim, ...]:
    """The claims in `claims.json`; none if there is no such file."""
    if not path.is_file():
        return ()
    known = {each.name for each in fields(Claim)}
    content = json.loads(path.read_text(encoding="utf-8"))
    claims = ({name: one[name] for name in known & one.keys()} for one in content["claims"])
    return tuple(Claim(**{**one, "averaged_over": tuple(one.get("averaged_over", ()))}) for one in claims)


def mean_over_data_sets(claim: Claim, values: Mapping[tuple[str, ...], Mapping[int, float]]) -> list[float]:
    """The mean over the claim's data sets, for each seed that all of them have; `values` has plain names."""
    experiment, method, _, metric = claim.names
    parts = [values.get((experiment, method, dataset, metric), {}) for dataset in claim.datasets]
    seeds = [seed for seed in parts[0] if all(seed in part for part in parts)]
    return [statistics.fmean(part[seed] for part in parts) for seed in seeds]


def plain(name: str) -> str:
    """A name without differences in case and spaces."""
    return " ".join(name.lower().split())


def row(names: Sequence[str], values: Sequence[float], claim: str | None, statistic: str) -> dict[str, Any]:
    """A row of `results.json`; `mean` is the statistic that the claim is about."""
    return {
        "claim": claim,
        **dict(zip(("experiment", "method", "dataset", "metric"), names, strict=True)),
        "statistic": statistic,
        "mean": STATISTICS[statistic](values),
        "std": statistics.stdev(values) if len(values) > 1 and statistic == "mean" else None,
        "seeds": len(values),
    }


STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": statistics.fmean,
    "std": statistics.stdev,
    "median": statistics.median,
    "min": min,
    "max": max,
}


def markdown(rows: Sequence[Mapping[str, Any]], claims: Sequence[Claim], failed: Sequence[Mapping[str, str]]) -> str:
    """`results.md`: the paper's tables with what was measured and, in brackets, what the paper reports."""
    lines = ["# Results", "", "Measured mean ± standard deviation over seeds (reported by the paper)."]
    measured = {one["claim"]: cell(one) for one in rows if one["claim"]}
    for table in dict.fromkeys(claim.table for claim in claims):
        inside = [claim for claim in claims if claim.table == table]
        lines += ["", f"## {escape(table or 'Claims')}", *table_of(inside, measured)]
    if others := [one for one in rows if not one["claim"]]:
        names = ("experiment", "method", "dataset", "metric")
        lines += [
            "",
            "## Other measurements",
            *grid((*names, "measured"), ((*map(one.get, names), cell(one)) for one in others)),
        ]
    if failed:
        lines += ["", "## Trials without a result", ""]
        lines += [f"- `{one['id']}`: {escape(one['reason'])}" for one in failed]
    return "\n".join(lines) + "\n"


def table_of(claims: Sequence[Claim], measured: Mapping[str, str]) -> list[str]:
    """A table with a row for each method, and a column for each data set and metric."""
    columns = list(dict.fromkeys((claim.experiment, claim.dataset, claim.metric) for claim in claims))
    shown = [[names[place] for place in range(3) if len({one[place] for one in columns}) > 1] for names in columns]
    titles = [", ".join(names) or columns[0][2] for names in shown]
    cells: dict[tuple[str, tuple[str, str, str]], list[str]] = {}
    for claim in claims:
        text = f"{measured.get(claim.id, 'not run')} ({claim.reported})"
        cells.setdefault((claim.method, (claim.experiment, claim.dataset, claim.metric)), []).append(text)
    methods = dict.fromkeys(claim.method for claim in claims)
    body = ([method, *("; ".join(cells.get((method, column), ["–"])) for column in columns)] for method in methods)
    return grid(("method", *titles), body)


def grid(head: Sequence[str], body: Iterable[Sequence[Any]]) -> list[str]:
    """A Markdown table."""
    rows = [[escape(str(text)) for text in line] for line in (head, *body)]
    lines = [f"| {' | '.join(line)} |" for line in rows]
    return ["", lines[0], f"|{' --- |' * len(rows[0])}", *lines[1:]]


def cell(one: Mapping[str, Any]) -> str:
    """A measured number with its spread."""
    return f"{one['mean']:.4g}" + ("" if one["std"] is None else f" ± {one['std']:.2g}")


def escape(text: str) -> str:
    """Text as it is in Markdown."""
    return re.sub(r"([\\`*_\[\]<>|$#~])", r"\\\1", " ".join(text.split()))


def versions(root: Path) -> dict[str, str]:
    """The versions of Python and of the packages in `requirements.txt`."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    try:
        lines = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    except OSError:
        return found
    for name in (match[0] for line in lines if (match := re.match(r"[A-Za-z0-9][\w.-]*", line.strip()))):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def commit(root: Path) -> str:
    """The commit of the code; empty outside a Git repository."""
    if not (root / ".git").exists():
        return ""
    try:
        done = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def peak_memory() -> int | None:
    """Bytes that this process had at most; None if the system does not say."""
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    if found:
        return int(found[1]) * 1024
    if importlib.util.find_spec("resource") is None:
        return None
    resource = importlib.import_module("resource")
    peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def why_ended(code: int, last_line: str) -> str:
    """Why a process ended without a result, in one sentence."""
    if code == -signal.SIGKILL:
        return "the process was killed, probably because memory ran out"
    if code < 0:
        return f"the process crashed ({signal.Signals(-code).name})"
    return f"the process ended with exit code {code}{last_line and ': '}{last_line}"


INTERRUPTED = frozenset({130, -signal.SIGINT, -signal.SIGTERM})
"""Exit codes of a trial that was interrupted from outside, which says nothing about the trial."""


def interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End like after Ctrl-C."""
    raise KeyboardInterrupt


def stop(message: str) -> NoReturn:
    """End with a message about an invalid argument."""
    print(message, file=sys.stderr)
    raise SystemExit(2)


def log(about: str, message: str) -> None:
    """Write a line for people."""
    print(f"{time.strftime('%H:%M:%S')} {about}: {message}", file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def finite(value: Any) -> float | None:
    """The number, if it is one and finite."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def stamp(path: Path) -> tuple[int, int] | None:
    """Differs after the file was written again; None if there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def write_arrays(folder: Path, arrays: Mapping[str, bytes]) -> dict[str, str]:
    """Write the arrays of a trial in place of those that it kept before; returns their SHA-256."""
    if folder.is_dir():
        shutil.rmtree(folder)
    for name, content in arrays.items():
        write_whole(folder / f"{name}.npy", content)
    return {name: hashlib.sha256(content).hexdigest() for name, content in arrays.items()}


def write_whole(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)
