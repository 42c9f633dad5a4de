"""Diagnosis: hypotheses for the claims that differ are tried within a budget; what the results support is kept."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from papercoder.agents.agent import Agents
from papercoder.agents.edits import apply
from papercoder.artifacts import (
    AttemptStatus,
    ClaimChange,
    ClaimResult,
    ClaimResults,
    Diagnosis,
    DiagnosisAttempt,
    Edits,
    Hypothesis,
    OrderingResult,
    Paper,
    Trial,
    TrialResult,
)
from papercoder.artifacts.claims import ClaimVerdict, Tolerance
from papercoder.artifacts.design import Design
from papercoder.artifacts.reproduction import kind_of
from papercoder.claims.verdicts import compare
from papercoder.errors import ModelError, NotRecordedError
from papercoder.files.regular import is_file
from papercoder.pipeline.adoption import change_between, save_change
from papercoder.pipeline.publisher import Files, Publisher, execute_in_run
from papercoder.pipeline.reproduction import OpenPlace, PreparedTrials, measure, open_place
from papercoder.repository.config_text import config_outline, to_yaml
from papercoder.runs.events import DiagnosisStarted, HypothesisEnded, Warned
from papercoder.runs.folder import digest, load
from papercoder.runs.run import Run
from papercoder.stages.diagnosis import (
    LEVEL,
    Shift,
    changed_config,
    claim_changes,
    claim_line,
    decide,
    find_hypotheses,
    shifts,
    supported_requirements,
    write_variant,
)
from papercoder.stages.property_tests import property_test_path
from papercoder.stages.reproduction.order import limit_seeds, needed_kinds
from papercoder.stages.reproduction.preparation import trial_files

_GUARDS = 2
"""Seeds of each kind of trial that are measured again to see whether a change moves what is met."""

_MORE_SEEDS = 5
"""Further seeds of both readings that are measured where a gain may be noise."""

CONFIG, SMOKE_CONFIG = "config.yaml", "config.smoke.yaml"


REPORT = "diagnosis/report.json"

_CLAIMS = "reproduction/claims.json"


async def diagnose(
    prepared: PreparedTrials, paper: Paper, design: Design, publish: Publisher, open_at: OpenPlace = open_place
) -> Diagnosis:
    """Explain the claims that differ; a change that the results support is left pending for the next pass.

    A repository that was diagnosed is not diagnosed again, unless the budget ended before all hypotheses were tried, or
    more trials showed that other claims differ too.

    Args:
        prepared: the trials of the repository, of which some have results; the budget of their options is the
            diagnosis's own.
        paper: the paper.
        design: the results of planning.
        publish: knows which files the user edited, and keeps every change that was tried as a branch.
        open_at: opens the place where trials run.

    Raises:
        ReproductionError: the packages of a changed repository cannot be installed.
        SandboxError: no sandbox works where trials run.
    """
    run, files = prepared.run, prepared.files
    before = load(run.folder, REPORT, Diagnosis) if is_file(run.folder, REPORT) else Diagnosis()
    now = load(run.folder, _CLAIMS, ClaimResults) if is_file(run.folder, _CLAIMS) else ClaimResults()
    if before.repository == _digest(files) and before.is_complete(now.differing):
        return before
    state = State(design, files, await prepared.results(), Tolerance(relative=prepared.options.tolerance))
    after, diagnosis = await DiagnosisRounds(prepared, paper, publish, open_at).run_rounds(state)
    if before.kept and before.repository == _digest(files):  # the first reading is older than this diagnosis
        diagnosis = diagnosis.model_copy(update={"before": before.before})
    diagnosis = diagnosis.model_copy(update={"repository": _digest(after.files)})
    await run.write_output(REPORT, diagnosis)
    if diagnosis.kept:
        await save_change(run, change_between((design, files), (after.design, after.files)))
    return diagnosis


def _digest(files: Files) -> str:
    return digest(sorted((file.path, file.text) for file in trial_files(files)))


@dataclass(frozen=True)
class State:
    """A repository and what it measured."""

    design: Design
    files: Files
    results: tuple[TrialResult, ...]
    tolerance: Tolerance

    @property
    def compared(self) -> ClaimResults:
        """Its claims with their verdicts."""
        return compare(self.design.claims, self.results, self.tolerance)

    def with_trials_of(self, other: "State") -> "State":
        """With those results alone whose trials the other state has measured too."""
        measured = {result.trial.id for result in other.results}
        return replace(self, results=tuple(item for item in self.results if item.trial.id in measured))


@dataclass
class DiagnosisRounds:
    """The hypotheses of one run, tried one after the other."""

    prepared: PreparedTrials
    paper: Paper
    publish: Publisher
    open_at: OpenPlace = open_place

    attempts: list[DiagnosisAttempt] = field(default_factory=list)
    _spent: float = 0.0
    """Seconds of the budget, which is for trials: answers and executions have limits of their own."""

    @property
    def run(self) -> Run[Agents]:
        """Keeps the results."""
        return self.prepared.run

    async def run_rounds(self, state: State) -> tuple[State, Diagnosis]:
        """Find hypotheses, try them cheapest first, and keep what the results support.

        Returns:
            The state after the changes that were kept, and the diagnosis.
        """
        compared = state.compared
        wrong = compared.differing
        if not wrong:
            return state, Diagnosis(before=compared)
        found = await self.run.optional_step(
            "diagnosis/hypotheses.json",
            find_hypotheses,
            self.paper,
            state.design.requirements,
            state.design.config,
            trial_files(state.files),
            tuple(claim_line(item) for item in _results(compared) if item.verdict == "differs"),
            tuple(claim_line(item) for item in _results(compared) if item.verdict == "met"),
            tuple(map(_without_circumstances, state.results)),
        )
        hypotheses = found.items if found else ()
        self.run.emit(DiagnosisStarted(claims=len(wrong), hypotheses=len(hypotheses)))
        for hypothesis in sorted(hypotheses, key=lambda each: self._cost(each, state)):
            state = await self._try(hypothesis, state)
        return state, Diagnosis(before=compared, hypotheses=hypotheses, attempts=tuple(self.attempts))

    @property
    def _seconds_left(self) -> float:
        return self.prepared.options.budget - self._spent

    def _cost(self, hypothesis: Hypothesis, state: State) -> tuple[float, int]:
        """Estimated seconds of the trials that decide it, then its rank."""
        wanted = {trial.id for trial in self._deciding(hypothesis, state)}
        seconds = sum(result.seconds for result in state.results if result.trial.id in wanted)
        return round(seconds), int(hypothesis.id[1:])

    def _deciding(self, hypothesis: Hypothesis, state: State) -> tuple[Trial, ...]:
        """The trials of the claims that a hypothesis explains and the repository does not meet yet."""
        open_claims = {name for name, verdict in _verdicts(state.compared) if verdict == "differs"}
        return self._known(state, open_claims & set(hypothesis.claims))

    async def _try(self, hypothesis: Hypothesis, state: State) -> State:
        """Try one hypothesis; returns the changed state if it is kept, else the same."""
        started = time.monotonic()
        try:
            attempt, changed = await self._attempt(hypothesis, state)
        except NotRecordedError:
            attempt, changed = _ended(hypothesis, "not_tried", "The recording has no edits for it."), state
        attempt = attempt.model_copy(update={"seconds": time.monotonic() - started})
        self.attempts.append(attempt)
        self.run.emit(
            HypothesisEnded(
                hypothesis=hypothesis.id,
                statement=hypothesis.statement,
                status=attempt.status,
                reason=attempt.reason,
                gained=attempt.gained,
            )
        )
        if attempt.status != "kept":
            return state
        measured = {result.trial.id for result in changed.results}
        others = tuple(result for result in state.results if result.trial.id not in measured)
        return replace(changed, results=(*changed.results, *others))

    async def _attempt(self, hypothesis: Hypothesis, state: State) -> tuple[DiagnosisAttempt, State]:
        deciding = self._deciding(hypothesis, state)
        if self._seconds_left <= 0:
            return _ended(hypothesis, "not_tried", "The budget was used up.", ended_early=True), state
        if reason := self._why_not(hypothesis, deciding):
            return _ended(hypothesis, "not_tried", reason), state
        try:
            changed, edits = await self._change(hypothesis, state)
        except ValueError as error:
            return _ended(hypothesis, "failed", f"Its change cannot be made: {error}."), state
        if changed is None:
            return _ended(hypothesis, "failed", "The model gave no edits for it."), state
        await self._commit_branch(hypothesis, state, changed)
        measured = await self._measure(hypothesis, changed, deciding)
        if any(change.is_gain for change in _changes(state, measured)):
            execution = await execute_in_run(
                self.run,
                f"diagnosis/{hypothesis.id}/execution.json",
                changed.files,
                self.prepared.options.sandbox,
                gpu=self.prepared.options.gpu,
            )
            if execution.failed:
                reason = f"With its change, {execution.failed.step} fails: {execution.failed.reason}"
                return _ended(hypothesis, "failed", reason), state
            state, measured = await self._measure_others(hypothesis, state, changed, deciding)
        failed = [item for item in measured.results if item.trial in deciding and item.status != "done"]
        if failed and len(failed) == len(deciding):
            return _ended(hypothesis, "failed", f"Its trials failed: {failed[0].reason}"), state
        return self._decide(hypothesis, state, measured, edits), measured

    async def _measure_others(
        self, hypothesis: Hypothesis, state: State, changed: State, deciding: tuple[Trial, ...]
    ) -> tuple[State, State]:
        """Measure a few seeds of everything that is met, then all seeds of what the change moves.

        Where a gain may be noise, both readings get further seeds.

        Returns:
            The state before the change, and the one with it.
        """
        met = [name for name, verdict in _verdicts(state.compared) if verdict == "met"]
        others = (trial for trial in self._known(state, met) if trial not in deciding)
        trials = (*deciding, *limit_seeds(others, _GUARDS))
        measured = await self._measure(hypothesis, changed, trials)
        if moved := [change.claim for change in _changes(state, measured) if change.is_loss or change.is_open]:
            trials = tuple(dict.fromkeys((*trials, *self._known(state, moved))))
            measured = await self._measure(hypothesis, changed, trials)
        if noise := self._gains_within_noise(state, measured):
            return await self._measure_more_seeds(hypothesis, state, measured, noise)
        return state, measured

    async def _measure_more_seeds(
        self, hypothesis: Hypothesis, before: State, after: State, claims: Iterable[str]
    ) -> tuple[State, State]:
        """Both readings with further seeds of the trials of these claims, as far as the budget allows."""
        known = {result.trial.id for result in before.results}
        further = (trial for trial in self._trials_of(before, claims) if trial.id not in known)
        seeds = tuple(limit_seeds(further, _MORE_SEEDS))
        added = await self._measured(before, seeds, self._seconds_left / 2, "reproduction")
        before = replace(before, results=(*before.results, *added))
        trials = tuple(result.trial for result in (*after.results, *added))
        return before, await self._measure(hypothesis, after, trials)

    def _known(self, state: State, claims: Iterable[str]) -> tuple[Trial, ...]:
        """The trials of these claims that have a measurement."""
        measured = {result.trial.id for result in state.results if result.status == "done"}
        return tuple(trial for trial in self._trials_of(state, claims) if trial.id in measured)

    def _trials_of(self, state: State, claims: Iterable[str]) -> Iterator[Trial]:
        """All trials of these claims."""
        needs = needed_kinds(state.design.claims, self.prepared.listed.trials)
        kinds = {kind for name in claims for kind in needs.get(name, ())}
        return (trial for trial in self.prepared.listed.trials if kind_of(trial) in kinds)

    def _why_not(self, hypothesis: Hypothesis, deciding: tuple[Trial, ...]) -> str:
        """Why a hypothesis is not tried; empty if it is."""
        if not hypothesis.is_testable:
            return "No change of the code or the settings decides it."
        if not deciding:
            return "All claims that it explains are met by now."
        yours = self.publish.edited_paths((*hypothesis.files, *([CONFIG] if hypothesis.settings else [])))
        return f"You edited {', '.join(sorted(yours))}, which it would change." if yours else ""

    async def _change(self, hypothesis: Hypothesis, state: State) -> tuple[State | None, Edits]:
        """The repository with the hypothesis's settings and edits."""
        design = replace(
            state.design,
            config=changed_config(state.design.config, hypothesis.settings),
            requirements=supported_requirements(state.design.requirements, hypothesis),
        )
        files, edits = _with_config(state.files, design) if hypothesis.settings else state.files, Edits()
        if hypothesis.files:
            owned = tuple(item for path in hypothesis.files for item in design.owned_by(path))
            test_paths = set(map(property_test_path, hypothesis.files))
            outline = config_outline(next(file.text for file in files if file.path == CONFIG), design.config)
            try:
                written = await self.run.step(
                    f"diagnosis/{hypothesis.id}/edits.json",
                    write_variant,
                    self.paper,
                    hypothesis,
                    owned,
                    outline,
                    trial_files(files),
                    tuple(file for file in files if file.path in test_paths),
                )
            except NotRecordedError:
                raise
            except ModelError as error:
                self.run.emit(Warned(where=f"diagnosis of {hypothesis.id}", message=str(error)))
                return None, edits
            files, edits = apply(files, written), written
        return replace(state, design=design, files=files), edits

    async def _measure(self, hypothesis: Hypothesis, state: State, trials: tuple[Trial, ...]) -> State:
        """The state with what these trials measure with its code, and no other results."""
        measured = await self._measured(state, trials, self._seconds_left, f"diagnosis/{hypothesis.id}")
        return replace(state, results=measured)

    async def _measured(
        self, state: State, trials: Sequence[Trial], seconds: float, folder: str
    ) -> tuple[TrialResult, ...]:
        started, inputs = time.monotonic(), (state.files, state.design.config.values, trials, state.results)
        try:
            return await measure(self.prepared, *inputs, max(seconds, 1.0), folder, self.open_at)
        finally:
            self._spent += time.monotonic() - started

    def _decide(self, hypothesis: Hypothesis, before: State, after: State, edits: Edits) -> DiagnosisAttempt:
        changes = _changes(before, after)
        gained = [change.claim for change in changes if change.is_gain]
        decision = decide(changes, _shifts(before, after), self._tried)
        keep, reason, ended_early = decision.keep, decision.reason, False
        seen = {change.claim for change in changes}
        unseen = [name for name, verdict in _verdicts(before.compared) if verdict == "met" and name not in seen]
        if keep and unseen:
            keep, ended_early = False, True
            reason = f"It meets {', '.join(gained)}, but the budget did not suffice to measure {unseen[0]} again."
        return DiagnosisAttempt(
            hypothesis=hypothesis.id,
            status="kept" if keep else "rejected",
            reason=reason,
            settings=hypothesis.settings,
            edits=edits,
            changes=changes,
            trials=len(after.results),
            ended_early=ended_early,
        )

    @property
    def _tried(self) -> int:
        """How many hypotheses were measured, the present one included."""
        return 1 + sum(attempt.status in {"kept", "rejected"} for attempt in self.attempts)

    def _gains_within_noise(self, before: State, after: State) -> list[str]:
        """The claims whose gain does not exceed the noise between the seeds that were measured."""
        return [each.claim for each in _shifts(before, after) if not each.exceeds_noise(LEVEL / self._tried)]

    async def _commit_branch(self, hypothesis: Hypothesis, before: State, after: State) -> None:
        """Keep the changed files as a branch of the repository's history, whether they are kept or not."""
        changed = {file.path: file.text for file in after.files if file not in before.files}
        await self.publish.history.commit_branch(
            f"diagnosis/{hypothesis.id}", f"Try {hypothesis.id}: {hypothesis.statement}", changed
        )


def _changes(before: State, after: State) -> tuple[ClaimChange, ...]:
    return claim_changes(before.compared, before.with_trials_of(after).compared, after.compared)


def _shifts(before: State, after: State) -> tuple[Shift, ...]:
    """What the claims that a change gains measured before and after it, with the same seeds."""
    gained = [change.claim for change in _changes(before, after) if change.is_gain]
    return shifts(before.with_trials_of(after).compared, after.compared, gained)


def _ended(
    hypothesis: Hypothesis, status: AttemptStatus, reason: str, *, ended_early: bool = False
) -> DiagnosisAttempt:
    return DiagnosisAttempt(
        hypothesis=hypothesis.id,
        status=status,
        reason=reason,
        settings=hypothesis.settings,
        ended_early=ended_early,
    )


def _with_config(files: Files, design: Design) -> Files:
    """The files with the configuration of another design."""
    texts = {CONFIG: to_yaml(design.config), SMOKE_CONFIG: to_yaml(design.config, smoke=True)}
    return tuple(file.model_copy(update={"text": texts.get(file.path, file.text)}) for file in files)


def _results(compared: ClaimResults) -> Iterator[ClaimResult | OrderingResult]:
    yield from compared.items
    yield from compared.orderings


def _verdicts(compared: ClaimResults) -> Iterator[tuple[str, ClaimVerdict]]:
    yield from ((item.claim.id, item.verdict) for item in compared.items)
    yield from ((item.ordering.id, item.verdict) for item in compared.orderings)


def _without_circumstances(result: TrialResult) -> TrialResult:
    """What a trial measured, without its time, versions and settings, on which no hypothesis depends."""
    return TrialResult(
        trial=result.trial, status=result.status, reason=result.reason, measured=result.measured, scale=result.scale
    )
