"""Diagnosis: why measured results differ from the paper's, and which reading of the paper explains them.

Among many readings one fits by chance. A change is kept only if it brings a claim to `met`, makes none differ, and
moves what the gained claims measure by more than the noise between seeds; the test's level is divided by the number of
hypotheses that were tried (Bonferroni).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from scipy.special import stdtr

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import Part, cited_part, paper_part, text_part
from papercoder.agents.edits import SearchReplace, edit_problems
from papercoder.agents.listings import numbered_code, python_code, requirement_lines
from papercoder.artifacts import (
    ClaimChange,
    ClaimResult,
    ClaimResults,
    ClaimVerdict,
    ConfigValue,
    Edits,
    ExperimentConfig,
    Hypotheses,
    Hypothesis,
    HypothesisDraft,
    HypothesisDrafts,
    OrderingResult,
    Paper,
    Requirement,
    Requirements,
    SettingChange,
    SourceFile,
    TrialResult,
)
from papercoder.artifacts.design import ENTRY
from papercoder.paper.evidence import find_quote
from papercoder.repository.files import RUNNER

LEVEL = 0.05
"""The probability of calling noise a gain, over all hypotheses that were tried."""


@dataclass(frozen=True)
class Shift:
    """What the trials of one claim measured before and after a change, paired by seed."""

    claim: str
    before: tuple[float, ...]
    after: tuple[float, ...]
    tolerance: float
    """The largest difference from the reported value that counts as met; the noise, if there is only one seed."""

    def exceeds_noise(self, level: float) -> bool:
        """Whether the change moved the measurements by more than the noise: a paired t-test over the seeds."""
        differences = [after - before for before, after in zip(self.before, self.after, strict=True)]
        if len(differences) < 2:
            return bool(differences) and abs(differences[0]) > self.tolerance
        centre, spread = mean(differences), stdev(differences)
        if spread == 0:
            return centre != 0
        statistic = abs(centre) / (spread / math.sqrt(len(differences)))
        return bool(2 * stdtr(len(differences) - 1, -statistic) < level)


@dataclass(frozen=True)
class Decision:
    """Whether a change is kept, and why."""

    keep: bool
    reason: str


def decide(changes: Sequence[ClaimChange], shifts: Sequence[Shift], tried: int) -> Decision:
    """Decide about a change.

    Args:
        changes: every claim that was measured before and after it.
        shifts: the measurements of the claims that it gains.
        tried: how many hypotheses were tried, this one included.
    """
    gained = [change.claim for change in changes if change.is_gain]
    lost = [change.claim for change in changes if change.is_loss]
    if not gained:
        moved = sum(change.measured_before != change.measured_after for change in changes)
        return Decision(False, f"It moves {moved} of {len(changes)} claims and brings none to met.")
    if lost:
        return Decision(False, f"It meets {', '.join(gained)}, but no longer {', '.join(lost)}.")
    noise = [shift.claim for shift in shifts if not shift.exceeds_noise(LEVEL / tried)]
    if noise:
        return Decision(False, f"The gain of {', '.join(noise)} does not exceed the noise between seeds.")
    unclear = [change.claim for change in changes if change.is_open]
    more = f"; more seeds must tell about {', '.join(unclear)}" if unclear else ""
    return Decision(True, f"It meets {', '.join(gained)} and loses no claim{more}.")


DIAGNOSTICIAN = Agent("diagnosis", "review", Json(HypothesisDrafts), NO_CONVENTIONS)

_GIVEN = {ENTRY, RUNNER}
"""Files that are the same in every repository."""

_MAX_HYPOTHESES = 8


@uses(DIAGNOSTICIAN)
async def find_hypotheses(
    agents: Agents,
    paper: Paper,
    requirements: Requirements,
    config: ExperimentConfig,
    files: tuple[SourceFile, ...],
    differences: tuple[str, ...],
    others: tuple[str, ...],
    trials: tuple[TrialResult, ...],
) -> Hypotheses:
    """Ask for the reasons why claims differ, the most likely first.

    Args:
        agents: runs the agent.
        paper: the paper.
        requirements: all, with their alternatives.
        config: the settings with their sources and alternatives.
        files: the source files that the trials import.
        differences: a line for each claim and ordering that differs: reported, measured, interval.
        others: the same for those that are met, which a change must not lose.
        trials: the results of the trials.
    """
    code = tuple(file for file in files if file.path.endswith(".py") and file.path not in _GIVEN)
    cited = tuple(item.anchor for item in requirements.items if item.status in {"assumed", "cited"})

    def check(drafts: HypothesisDrafts, _: int) -> list[str]:
        return list(problems(drafts, paper, requirements, config, code, differences))

    drafts = await agents.ask(
        DIAGNOSTICIAN,
        "",
        (
            paper_part(paper, cited),
            text_part("The requirements", requirement_lines(requirements.items, quoted=False)),
            text_part("The configuration", config_lines(config)),
            _code_part(code),
            text_part("The trials", "\n".join(trial_lines(trials)) or "None ran."),
            text_part("Claims that are met", "\n".join(others) or "None."),
        ),
        check,
        differences="\n".join(differences),
        most=_MAX_HYPOTHESES,
    )
    chosen = enumerate(drafts.hypotheses[:_MAX_HYPOTHESES], 1)
    ids = _claims_of(differences)
    items = (Hypothesis(**dict(draft), id=f"H{index}") for index, draft in chosen if ids & set(draft.claims))
    return Hypotheses(items=tuple(items))


def _claims_of(differences: Iterable[str]) -> frozenset[str]:
    """The ids at the beginning of lines about claims."""
    return frozenset(line.split()[1] for line in differences if line.startswith("- "))


def _code_part(code: tuple[SourceFile, ...]) -> Part:
    names = "\n".join(f"- `{file.path}`" for file in code)
    return text_part("The code", "\n\n".join(map(numbered_code, code)), names)


def config_lines(config: ExperimentConfig) -> str:
    """One line for each setting: key, value, source, alternatives, meaning."""
    lines = []
    for value in config.values:
        others = f"; alternatives: {' or '.join(value.alternatives)}" if value.alternatives else ""
        source = value.requirement if value.source == "requirement" else value.source
        lines.append(f"- {value.key}: {value.value!r} ({source}{others}) {value.meaning}".rstrip())
    return "\n".join(lines)


def trial_lines(trials: Iterable[TrialResult]) -> Iterator[str]:
    """One line for each experiment, method and data set: what each seed measured, and the failures."""
    groups: dict[tuple[str, str, str], list[TrialResult]] = {}
    for result in trials:
        trial = result.trial
        groups.setdefault((trial.experiment, trial.method, trial.dataset), []).append(result)
    for (experiment, method, dataset), results in groups.items():
        metrics = dict.fromkeys(name for result in results for name in result.measured)
        values = [
            f"{name} {', '.join(f'{result.measured[name]:.5g}' for result in results if name in result.measured)}"
            for name in metrics
        ]
        failures = [f"seed {item.trial.seed} {item.status}: {item.reason}" for item in results if item.status != "done"]
        yield f"- {experiment}; {method}; {dataset}: {'; '.join([*values, *failures])}"


def problems(
    drafts: HypothesisDrafts,
    paper: Paper,
    requirements: Requirements,
    config: ExperimentConfig,
    code: tuple[SourceFile, ...],
    differences: tuple[str, ...],
) -> Iterator[str]:
    """References to claims, requirements, settings, files or quotes that do not exist, and untestable hypotheses."""
    ids = _claims_of(differences)
    explains = any(ids & set(draft.claims) for draft in drafts.hypotheses)
    keys, paths = {value.key for value in config.values}, {file.path for file in code}
    for number, draft in enumerate(drafts.hypotheses, 1):
        for reason in (
            *([] if explains else ["it explains none of the claims that differ."]),
            *(f"{item.key} is not a key of the configuration." for item in draft.settings if item.key not in keys),
            *(f"`{path}` is not a file shown." for path in draft.files if path not in paths),
            *_kind_problems(draft, paper, requirements),
        ):
            yield f"Hypothesis {number}: {reason}"


def _kind_problems(draft: HypothesisDraft, paper: Paper, requirements: Requirements) -> Iterator[str]:
    if draft.kind in {"reading", "fault"}:
        yield from _change_problems(draft, requirements)
    if draft.kind == "paper" and len(draft.quotes) < 2:
        yield "quote the paper on both sides of the contradiction."
    for said in draft.quotes:
        if find_quote(paper, said.text, said.anchor) is None:
            yield f'the paper does not say "{said.text}" [{said.anchor}]; copy its words exactly.'


def _change_problems(draft: HypothesisDraft, requirements: Requirements) -> Iterator[str]:
    if draft.requirement not in requirements.ids:
        yield f"{draft.requirement or 'nothing'} is not the id of a requirement."
    if not draft.settings and not draft.files:
        yield "name the settings or the files to change, so that it can be tried."
    if draft.files and not draft.change.strip():
        yield "say in `change` what to change in the files."
    if draft.kind == "reading" and not draft.reading.strip():
        yield "give the requirement's statement with the other choice in `reading`."


def changed_config(config: ExperimentConfig, changes: Iterable[SettingChange]) -> ExperimentConfig:
    """The configuration with other values; each former value becomes an alternative.

    Raises:
        ValueError: a value has another type than the one that it replaces.
    """
    new = {change.key: change.value for change in changes}

    def changed(value: ConfigValue) -> ConfigValue:
        if value.key not in new:
            return value
        replacement = new[value.key]
        if value.value is not None and not _same_type(value.value, replacement):
            raise ValueError(f"{value.key} is {value.value!r}, and {replacement!r} is of another type")
        others = tuple(each for each in value.alternatives if each != str(replacement))
        smoke = replacement if isinstance(replacement, bool | str) and value.smoke is not None else value.smoke
        return value.model_copy(
            update={
                "value": replacement,
                "smoke": smoke,
                "source": "assumed",
                "requirement": "",
                "quote": "",
                "alternatives": (str(value.value), *others),
            }
        )

    return ExperimentConfig(values=tuple(map(changed, config.values)))


def _same_type(old: object, new: object) -> bool:
    if isinstance(old, bool) or isinstance(new, bool):
        return isinstance(old, bool) and isinstance(new, bool)
    if isinstance(old, int | float):
        return isinstance(new, int | float)
    return new is None or isinstance(new, type(old))


def supported_requirements(requirements: Requirements, hypothesis: Hypothesis) -> Requirements:
    """The requirements after a hypothesis was kept: the new choice, the former one among its alternatives."""

    def supported(item: Requirement) -> Requirement:
        if item.id != hypothesis.requirement or hypothesis.kind != "reading":
            return item
        others = tuple(each for each in item.alternatives if each != hypothesis.reading)
        return item.model_copy(
            update={
                "statement": hypothesis.reading,
                "status": "assumed",  # the paper's words do not say it, even if they state the rest
                "alternatives": (item.statement, *others),
                "supported_by": hypothesis.id,
            }
        )

    return Requirements(items=tuple(map(supported, requirements.items)))


def claim_line(result: ClaimResult | OrderingResult) -> str:
    """A claim or an ordering, what was reported and what was measured, in one line that starts with its id."""
    if isinstance(result, OrderingResult):
        ordering = result.ordering
        return f"- {ordering.id} [{ordering.anchor}] {ordering.statement} {result.reason}".rstrip()
    claim, measured = result.claim, result.measured
    spread = "" if claim.spread is None else f" ± {claim.spread:g}"
    reported = f"{'' if claim.bound == '=' else claim.bound + ' '}{claim.printed or f'{claim.value:g}'}{spread}"
    what = "; ".join(filter(None, (claim.experiment, claim.method, claim.dataset, claim.metric)))
    if measured is None:
        return f"- {claim.id} [{claim.anchor}] {what}: reported {reported}, not measured"
    std = "" if measured.std is None else f" ± {measured.std:.3g}"
    seeds = f" over {measured.seeds} seeds" if measured.seeds else ""
    return f"- {claim.id} [{claim.anchor}] {what}: reported {reported}, measured {measured.value:.5g}{std}{seeds}"


def claim_changes(all_before: ClaimResults, before: ClaimResults, after: ClaimResults) -> tuple[ClaimChange, ...]:
    """Each claim and ordering that was measured before and after a change.

    Args:
        all_before: with all results from before the change.
        before: with those of the seeds that were measured again.
        after: with the results of these seeds after the change.
    """
    verdicts = {name: verdict for name, verdict, _ in _verdicts(all_before)}
    old = {name: (verdict, value) for name, verdict, value in _verdicts(before)}
    return tuple(
        ClaimChange(
            claim=name, before=verdicts[name], after=verdict, measured_before=old[name][1], measured_after=value
        )
        for name, verdict, value in _verdicts(after)
        if "not_run" not in {verdict, old[name][0]}
    )


def _verdicts(results: ClaimResults) -> Iterable[tuple[str, ClaimVerdict, float | None]]:
    for item in results.items:
        yield item.claim.id, item.verdict, item.measured.value if item.measured else None
    for each in results.orderings:
        yield each.ordering.id, each.verdict, each.difference


def shifts(before: ClaimResults, after: ClaimResults, claims: Iterable[str]) -> tuple[Shift, ...]:
    """What these claims measured before and after, paired by seed if both have the same number of seeds."""
    old = {item.claim.id: item for item in before.items}
    new = {item.claim.id: item for item in after.items}
    found = []
    for name in claims:
        one, other = old.get(name), new.get(name)
        if one is None or other is None or one.measured is None or other.measured is None:
            continue  # orderings are judged by paired seeds already
        pair = one.measured.values, other.measured.values
        if not pair[0] or len(pair[0]) != len(pair[1]):
            pair = (one.measured.value,), (other.measured.value,)
        found.append(Shift(name, *pair, other.tolerance))
    return tuple(found)


VARIANT_WRITER = Agent("variant", "coding", SearchReplace())


@uses(VARIANT_WRITER)
async def write_variant(
    agents: Agents,
    paper: Paper,
    hypothesis: Hypothesis,
    requirements: tuple[Requirement, ...],
    config: str,
    files: tuple[SourceFile, ...],
    tests: tuple[SourceFile, ...],
) -> Edits:
    """Write the edits for one hypothesis.

    Args:
        agents: runs the agent.
        paper: the paper.
        hypothesis: names the files to edit and what to change.
        requirements: those that the files own.
        config: the outline of `config.yaml`.
        files: the code; only the files that the hypothesis names may be edited.
        tests: of these files; they may be edited too.
    """
    own = (*(file for file in files if file.path in hypothesis.files), *tests)
    asked = tuple(item.anchor for item in requirements if item.id == hypothesis.requirement)

    def check(edits: Edits, _: int) -> list[str]:
        return edit_problems(own, edits, {file.path for file in own}) if edits.edits else ["Write the edits."]

    return await agents.ask(
        VARIANT_WRITER,
        hypothesis.id,
        (
            *((cited_part(paper, asked),) if asked else ()),
            text_part("The configuration", config),
            text_part("Files to edit", "\n\n".join(map(python_code, own))),
        ),
        check,
        statement=hypothesis.statement,
        reading=hypothesis.reading,
        requirement=hypothesis.requirement,
        change=hypothesis.change,
        paths=tuple(file.path for file in own),
        requirements=requirement_lines(requirements, quoted=False),
    )
