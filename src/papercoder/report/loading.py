"""Loads a run folder into a `Report`, its claims in groups with their verdicts.

A missing file means that its step did not run; an invalid one is a warning.

A group is a table or a paragraph of the paper. What all its claims share, such as the metric, is said once, and each
claim has a `Strip`: its reported and measured values on the scale of its metric.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from papercoder.artifacts import (
    Amendments,
    ArchitectureDesign,
    Artifact,
    CheckReport,
    Claim,
    ClaimResult,
    ClaimResults,
    Claims,
    DataLock,
    DataSources,
    Diagnosis,
    ExecutionReport,
    ExperimentConfig,
    LogicDesign,
    Loss,
    MutationReports,
    OverallPlan,
    Paper,
    Requirement,
    Requirements,
    Trace,
    Traceability,
    Verdict,
    Verdicts,
    render_block,
)
from papercoder.artifacts.design import ADDED_SETTINGS
from papercoder.artifacts.reproduction import DrawnFigures, Reproduction
from papercoder.claims.verdicts import compare
from papercoder.datasets.cache import DataCache
from papercoder.datasets.run_data import DATA, LOCK, SourceStatus, read_lock, source_status
from papercoder.errors import RunFolderError
from papercoder.files.regular import file_status, is_file, read_bytes, read_text, walk
from papercoder.paper.fidelity import checks, suspicions
from papercoder.paper.pictures import FOLDER, picture_name
from papercoder.report.formatting import figure, statistic
from papercoder.report.model import CodeLine, DoubtfulPlace, DrawnFigure, Place, Report, TracedRequirement
from papercoder.runs.event_log import LOG, read_events
from papercoder.runs.folder import require_no_links
from papercoder.runs.overview import next_steps, status_of, with_foreign_results
from papercoder.runs.summary import Summary, summarise, use_by_agent

_LARGEST = 1e100
"""Larger values are drawn at this one."""

_MOST_SEEDS = 40
"""Seeds that a strip shows."""

Span = tuple[float, float]
"""Start and length, in percent of the strip."""


def judged_claims(claims: Claims, reproduced: ClaimResults | None) -> ClaimResults:
    """All claims with verdicts.

    Args:
        claims: of the paper.
        reproduced: what the last reproduction decided; verdicts of claims that have changed since then do not count.
            The others are not run.
    """
    rest = compare(claims, ())
    if reproduced is None:
        return rest
    items = {item.claim: item for item in reproduced.items}
    orderings = {item.ordering: item for item in reproduced.orderings}
    return reproduced.model_copy(
        update={
            "items": tuple(items.get(item.claim, item) for item in rest.items),
            "orderings": tuple(orderings.get(item.ordering, item) for item in rest.orderings),
        }
    )


@dataclass(frozen=True)
class Scale:
    """The values that a strip reaches from end to end."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Where the value lies, in percent; at an end if it lies beyond."""
        share = (_finite(value) - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    def span(self, middle: float, reach: float) -> Span:
        """The part of the strip that is not further than `reach` from a value."""
        start = self.place(middle - reach)
        return start, round(self.place(middle + reach) - start, 2)


@dataclass(frozen=True)
class Strip:
    """A claim on the scale of its metric, in percent of the strip's width."""

    reported: float
    tolerance: Span
    measured: float | None
    deviation: Span | None
    """The standard deviation over the seeds."""

    seeds: tuple[float, ...]
    beyond: str
    """`low` or `high` if the measured value lies outside the scale; else empty."""

    about: str
    """What it shows, for screen readers."""


@dataclass(frozen=True)
class ClaimRow:
    """A claim and its strip."""

    result: ClaimResult
    strip: Strip


@dataclass(frozen=True)
class ClaimGroup:
    """The claims of one table or paragraph of the paper."""

    anchor: str
    rows: tuple[ClaimRow, ...]
    common: dict[str, str]
    """Column -> the text that all rows have there: `metric`, `dataset` or `method`."""

    scale: Scale | None
    """The scale of all rows; None if they have several metrics."""

    @property
    def experiment(self) -> str:
        """The name of the experiment."""
        return self.rows[0].result.claim.experiment


def metric_label(claim: Claim) -> str:
    """What the claim's number is: `accuracy, %`, `time, s, median`."""
    return ", ".join(filter(None, (claim.metric, claim.unit, statistic(claim))))


_COLUMNS: dict[str, Callable[[Claim], str]] = {
    "metric": metric_label,
    "dataset": lambda claim: claim.dataset + (f" (mean of {len(claim.averaged_over)})" if claim.averaged_over else ""),
    "method": lambda claim: claim.method,
}


def claim_groups(report: Report) -> tuple[ClaimGroup, ...]:
    """Group claims by the table or paragraph that reports them, in the paper's order."""
    groups: dict[str, list[ClaimResult]] = {}
    for result in report.claims:
        groups.setdefault(result.claim.anchor, []).append(result)
    return tuple(_group(anchor, found) for anchor, found in groups.items())


def _group(anchor: str, results: Sequence[ClaimResult]) -> ClaimGroup:
    by_metric: dict[str, list[ClaimResult]] = {}
    for result in results:
        by_metric.setdefault(metric_label(result.claim), []).append(result)
    scales = {metric: scale_of(found) for metric, found in by_metric.items()}
    rows = (ClaimRow(result, strip(result, scales[metric_label(result.claim)])) for result in results)
    texts = {name: {text(result.claim) for result in results} for name, text in _COLUMNS.items()}
    common = {name: found.pop() for name, found in texts.items() if len(found) == 1 and len(results) > 1}
    return ClaimGroup(anchor, tuple(rows), common, next(iter(scales.values())) if len(scales) == 1 else None)


def scale_of(results: Iterable[ClaimResult]) -> Scale:
    """A scale for all reported values, and for those measured values that leave the others distinguishable."""
    results = tuple(results)
    reach = [_finite(max(result.tolerance, result.claim.spread or 0.0)) for result in results]
    values = [_finite(result.claim.value) for result in results]
    low = min(value - far for value, far in zip(values, reach, strict=True))
    high = max(value + far for value, far in zip(values, reach, strict=True))
    span = (high - low) or abs(high) or 1.0
    means = [result.measured.value for result in results if result.measured]
    near = [mean for mean in means if low - 3 * span <= mean <= high + 3 * span]
    low, high = min([low, *near]), max([high, *near])
    pad = ((high - low) or span) * 0.06
    return Scale(low - pad, high + pad)


def strip(result: ClaimResult, scale: Scale) -> Strip:
    """A claim on a scale."""
    claim, measured = result.claim, result.measured
    about = f"reported {figure(claim.value)}"
    if measured is None:
        return Strip(scale.place(claim.value), scale.span(claim.value, result.tolerance), None, None, (), "", about)
    outside = "low" if measured.value < scale.low else "high" if measured.value > scale.high else ""
    return Strip(
        reported=scale.place(claim.value),
        tolerance=scale.span(claim.value, result.tolerance),
        measured=scale.place(measured.value),
        deviation=scale.span(measured.value, measured.std) if measured.std else None,
        seeds=tuple(map(scale.place, measured.values[:_MOST_SEEDS])) if len(measured.values) > 1 else (),
        beyond=outside,
        about=f"{about}, measured {figure(measured.value)}",
    )


def _finite(value: float) -> float:
    return min(max(value, -_LARGEST), _LARGEST)


A = TypeVar("A", bound=Artifact)

_READING = "reading: "
_RESULTS = "repo/results.json"
_UNUSED = f"{_RESULTS} is not used, because `papercoder reproduce` did not measure it."

MOST_PICTURES = 40
"""Pictures in one report."""

LARGEST_PICTURE, LARGEST_FIGURE = 120_000, 600_000
"""Bytes of a picture of a place, and of a figure, in a report."""

_LINES_BEFORE, _LINES_AFTER = 1, 6
_LONGEST_LINE = 200
_LARGEST_SOURCE = 1_000_000
"""Bytes; a larger file is not source code."""


def load(folder: Path) -> Report:
    """Load a run folder into a report.

    Raises:
        RunFolderError: it is not a run folder, or a file in it cannot be read as text.
    """
    if not is_file(folder, LOG):
        raise RunFolderError(
            f"{folder} is not a run folder: it has no {LOG}. Start a run: papercoder run PAPER -o {folder}"
        )
    require_no_links(folder)
    events = tuple(read_events(folder))
    summary = summarise(events)
    files = _Files(folder)
    execution = files.read("execution/report.json", ExecutionReport)
    verdicts = files.read("review/verdicts.json", Verdicts)
    report = Report(
        title=_title(folder, summary),
        status=status_of(summary, folder),
        summary=summary,
        files=_repository(folder),
        plan=files.read("planning/plan.json", OverallPlan),
        requirements=_requirements(files, verdicts),
        reviewed=verdicts is not None,
        architecture=files.read("planning/architecture.json", ArchitectureDesign),
        logic=files.read("planning/logic.json", LogicDesign),
        config=_config(files),
        data=_data(files),
        reproduction=files.read("reproduction/report.json", Reproduction),
        diagnosis=files.read("diagnosis/report.json", Diagnosis),
        mutation=files.read("review/mutation.json", MutationReports),
        amendments=files.read("review/amendments.json", Amendments) or Amendments(),
        execution=execution,
        checks=files.read("checking/report.json", CheckReport),
        agents=use_by_agent(events),
        lost=tuple(text.removeprefix(_READING) for text in summary.warnings if text.startswith(_READING)),
    )
    steps: dict[str, str] = {step.step: step.status for step in execution.steps} if execution else {}
    report = report.model_copy(update={**_claims(files), "next_steps": next_steps(folder, report.status, steps, "RUN")})
    if (paper := files.read("paper.json", Paper)) is not None:
        drawn = files.read("reproduction/figures.json", DrawnFigures) or DrawnFigures()
        figures = tuple(_figure(folder, name, paper) for name in drawn.names)
        report = report.model_copy(update={**_reading(folder, paper), "figures": figures})
    others = tuple(text for text in summary.warnings if not text.startswith(_READING))
    return report.model_copy(update={"warnings": (*with_foreign_results(others, folder), *files.invalid)})


def _config(files: "_Files") -> ExperimentConfig | None:
    """The configuration, with the settings that analyses found missing."""
    config = files.read("planning/config.json", ExperimentConfig)
    added = files.read(ADDED_SETTINGS, ExperimentConfig)
    return config.with_added(added.values) if config and added else config


def _reading(folder: Path, paper: Paper) -> dict[str, object]:
    """How well the paper was read, after the user's corrections."""
    found = suspicions(paper)
    places = doubtful_places(folder, paper, found)
    shown = {place.anchor for place in places}
    unchecked = tuple(f"{check.name} ({check.reason})" for check in checks(paper) if not check.made)
    lost = tuple(dict.fromkeys(loss.message for loss in found if loss.anchor not in shown))
    return {"doubtful": places, "lost": lost, "unchecked": unchecked}


def doubtful_places(folder: Path, paper: Paper, losses: Sequence[Loss]) -> tuple[DoubtfulPlace, ...]:
    """Places in the paper that may have been misread, one per anchor, with pictures of the page from the run folder."""
    texts = {"title": paper.title, **{block.anchor: render_block(block) for block in paper.blocks()}}
    by_anchor: dict[str, list[Loss]] = {}
    for loss in losses:
        if loss.anchor in texts:
            by_anchor.setdefault(loss.anchor, []).append(loss)
    return tuple(
        DoubtfulPlace(
            anchor=anchor,
            messages=tuple(loss.message for loss in found),
            page=found[0].page,
            text=texts[anchor],
            picture=_picture(folder, f"{FOLDER}/{picture_name(anchor)}") if number < MOST_PICTURES else "",
        )
        for number, (anchor, found) in enumerate(by_anchor.items())
    )


def _figure(folder: Path, name: str, paper: Paper) -> DrawnFigure:
    """A figure that the repository drew, beside the paper's figure whose number its name has."""
    number = re.search(r"(?i)fig(?:ure)?[-_ .]?(\d+)", name)
    same = next((each for each in paper.figures if number and each.anchor == f"fig:{int(number[1])}"), None)
    return DrawnFigure(
        name=name,
        anchor=same.anchor if same else "",
        caption=same.caption if same else "",
        picture=_picture(folder, f"repo/figures/{name}", LARGEST_FIGURE),
        printed=_picture(folder, f"{FOLDER}/{picture_name(same.anchor)}", LARGEST_FIGURE) if same else "",
    )


def _picture(folder: Path, name: str, most: int = LARGEST_PICTURE) -> str:
    """The file as a data URI; empty if it does not exist or is too large."""
    status = file_status(folder, name)
    return data_uri(read_bytes(folder, name) or b"") if status and status.st_size <= most else ""


def data_uri(png: bytes) -> str:
    """A PNG picture as a data URI."""
    return "data:image/png;base64," + b64encode(png).decode()


class _Files:
    """Reads artifacts and records the invalid ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.invalid: list[str] = []

    def read(self, name: str, kind: type[A]) -> A | None:
        """An artifact; None if the file does not exist or is invalid."""
        text = read_text(self.folder, name)
        if text is None:
            return None
        try:
            return kind.model_validate_json(text)
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"])) or "the file"
            self.invalid.append(f"{name} is invalid (at {where}) and is not in this report")
            return None


def _title(folder: Path, summary: Summary) -> str:
    first = (read_text(folder, "paper.md") or "").partition("\n")[0]
    return first.removeprefix("# ").strip() or Path(summary.paper).name or "A paper without a title"


def _repository(folder: Path) -> tuple[str, ...]:
    paths = walk(folder, "repo", lambda path: path.name != "__pycache__" and not path.parts[0].startswith("."))
    return tuple(str(path) for path in sorted(paths) if not path.parts[0].startswith("."))


class Sources:
    """Reads source lines of a repository, each file once.

    Paths come from models; a path outside the repository has no lines.
    """

    def __init__(self, repository: Path) -> None:
        self._root = repository
        self._lines: dict[str, tuple[str, ...]] = {}

    def places(self, found: Iterable[tuple[str, int]]) -> tuple[Place, ...]:
        """Each path and line number with the lines around it."""
        return tuple(self.place(path, line) for path, line in found)

    def place(self, path: str, line: int) -> Place:
        """One line with the lines around it."""
        if path not in self._lines:
            self._lines[path] = self._read(path)
        lines = self._lines[path]
        if not 1 <= line <= len(lines):
            return Place(path=path, line=line)
        around = range(max(1, line - _LINES_BEFORE), min(len(lines), line + _LINES_AFTER) + 1)
        shown = tuple(CodeLine(number=number, text=lines[number - 1][:_LONGEST_LINE]) for number in around)
        return Place(path=path, line=line, lines=shown)

    def _read(self, path: str) -> tuple[str, ...]:
        try:
            content = read_bytes(self._root, path, _LARGEST_SOURCE) or b""
        except RunFolderError:
            return ()
        return tuple(content.decode(errors="replace").splitlines())


def _requirements(files: _Files, verdicts: Verdicts | None) -> tuple[TracedRequirement, ...]:
    known = files.read("planning/requirements.json", Requirements)
    traced = files.read("repo/TRACEABILITY.json", Traceability)
    traces = {trace.requirement.id: trace for trace in traced.traces} if traced else {}
    found = {verdict.requirement: verdict for verdict in verdicts.verdicts} if verdicts else {}
    sources = Sources(files.folder / "repo")
    items = known.items if known else tuple(trace.requirement for trace in traces.values())
    return tuple(_traced(item, traces.get(item.id), found.get(item.id), sources) for item in items)


def _traced(item: Requirement, trace: Trace | None, verdict: Verdict | None, sources: Sources) -> TracedRequirement:
    marks = trace.marks if trace else ()
    evidence = verdict.evidence if verdict else ()
    return TracedRequirement(
        requirement=item,
        owner=trace.owner if trace else None,
        marks=sources.places((mark.path, mark.line) for mark in marks),
        verdict=verdict,
        evidence=sources.places((location.path, location.line) for location in evidence),
    )


def _data(files: _Files) -> tuple[SourceStatus, ...]:
    """What is there of the data now; files are not compared, since there may be millions."""
    sources = files.read(DATA, DataSources)
    lock = read_lock(files.folder) if files.read(LOCK, DataLock) else DataLock()
    return tuple(source_status(source, lock, DataCache(), verify=False) for source in (sources or DataSources()).items)


def _claims(files: _Files) -> dict[str, object]:
    """The fields of a report about claims."""
    claims = files.read("planning/claims.json", Claims)
    if claims is None:
        return {}
    reproduced = files.read("reproduction/claims.json", ClaimResults)
    judged = judged_claims(claims, reproduced)
    return {
        "claims": judged.items,
        "orderings": judged.orderings,
        "unclaimed": judged.unclaimed,
        "tolerance": judged.tolerance,
        "claims_note": _UNUSED if reproduced is None and is_file(files.folder, _RESULTS) else "",
    }
