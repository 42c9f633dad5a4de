"""Adoption: a change reaches a finished run by edits; assumptions found untenable are corrected once, as by a note.

A changed requirement, setting or plan is an input of many steps, which would all be made again: at the cost of a new
repository, and without the edits. In the first pass after a change, the steps therefore take over the present artifacts
as their results. Later changes are followed as always. A change that was not completed is pending, and the next pass
completes it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from papercoder.agents.agent import Agents
from papercoder.artifacts import (
    AmendmentOutcome,
    Amendments,
    Artifact,
    Edits,
    Paper,
    ProposedAmendment,
    Requirement,
    Requirements,
)
from papercoder.artifacts.design import Design
from papercoder.files.regular import delete, is_file, read_text
from papercoder.paper.evidence import find_quote
from papercoder.pipeline.publisher import Files, Publisher
from papercoder.repository.config_text import config_outline, to_yaml
from papercoder.runs.folder import artifact_text, load
from papercoder.runs.run import Run, is_observation
from papercoder.stages.amendment import (
    AmendedItems,
    Amendment,
    amend,
    apply_amendment,
    files_to_edit,
    implement,
    with_edits,
)

PENDING = "pending_change.json"
_PLANNING = ("plan", "requirements", "architecture", "logic", "config")


class Change(Artifact):
    """A change of a run's design and code."""

    texts: dict[str, str]
    """Artifact -> its text after the change: the changed results of planning, and the code."""

    affected: tuple[str, ...]
    """Paths of the files that changed, and of those that own a changed requirement."""


def change_between(before: tuple[Design, Files], after: tuple[Design, Files]) -> Change:
    """The change from one state of a run to another."""
    (old_design, old_files), (design, files) = before, after
    planned = {name: (getattr(old_design, name), getattr(design, name)) for name in _PLANNING}
    texts = {
        f"planning/{name}.json": artifact_text(new, type(new)) for name, (old, new) in planned.items() if old != new
    }
    texts |= {f"repo/{file.path}": file.text for file in files if file.path.endswith(".py")}
    old = set(old_design.requirements.items)
    owners = {design.architecture.owner_of(item.id) for item in design.requirements.items if item not in old}
    changed = {file.path for file in files if file not in old_files}
    return Change(texts=texts, affected=tuple(sorted({*changed, *filter(None, owners)})))


async def save_change(run: Run[Any], change: Change) -> None:
    """Make the changed results of planning the run's own, and leave the rest to the next pass.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    if before := pending_change(run.folder):
        affected = tuple(sorted({*before.affected, *change.affected}))
        change = Change(texts={**before.texts, **change.texts}, affected=affected)
    await run.write_output(PENDING, change)
    for artifact, text in change.texts.items():
        if artifact.startswith("planning/"):
            await run.adopt(artifact, text)


def pending_change(folder: Path) -> Change | None:
    """The change that has not reached all artifacts yet; None if there is none."""
    return load(folder, PENDING, Change) if is_file(folder, PENDING) else None


def with_pending_change(run: Run[Agents]) -> Run[Agents]:
    """The run for the first pass after a change; the same run if no change is pending."""
    change = pending_change(run.folder)
    if change is None:
        return run
    code = {artifact: text for artifact, text in change.texts.items() if artifact.startswith("repo/")}
    return replace(run, present_text=_PresentArtifacts(run.folder, change).text, replacements=code)


def with_pending_texts(folder: Path, files: Files) -> Files:
    """The files of the repository as they are after the pending change."""
    change = pending_change(folder)
    texts = change.texts if change else {}
    return tuple(file.model_copy(update={"text": texts.get(f"repo/{file.path}", file.text)}) for file in files)


def complete_change(run: Run[Agents]) -> None:
    """Note that the pending change, if there is one, has reached all artifacts."""
    delete(run.folder, PENDING)


@dataclass(frozen=True)
class _PresentArtifacts:
    """The present artifacts, which are taken over as the results of their steps unless a change affects them."""

    folder: Path
    """The run folder."""

    change: Change

    def text(self, artifact: str, make: Callable[..., object]) -> str | None:
        """The text to take over; None if the change affects the artifact, it was observed, or there is none."""
        is_affected = self._is_affected(artifact)
        if artifact.startswith("review/round-") and not is_affected:
            return artifact_text(Edits(), Edits)  # earlier revisions are in the code already
        if is_affected or is_observation(make):
            return None
        return self.change.texts.get(artifact) or read_text(self.folder, artifact)

    def _is_affected(self, artifact: str) -> bool:
        """Whether the change asks for a new review or repair; plans and code have it already."""
        room, _, path = artifact.partition("/")
        if path.startswith("round-"):
            path = path.partition("/")[2]
        return room == "repair" or (room == "review" and path.removesuffix(".json") in self.change.affected)


REPORT = "review/amendments.json"


async def amend_assumptions(
    run: Run[Agents],
    paper: Paper,
    design: Design,
    files: Files,
    proposals: Iterable[ProposedAmendment],
    publish: Publisher,
) -> bool:
    """Correct the assumptions that were proposed to be corrected; the change is left pending for the next pass.

    A run amends once: proposals of a later pass are reported alone, so that no two agents turn a choice round for ever.

    Returns:
        Whether a change is pending.
    """
    before = load(run.folder, REPORT, Amendments) if is_file(run.folder, REPORT) else Amendments()
    seen = {(item.proposal.requirement, item.proposal.statement) for item in before.items}
    new = [each for each in _one_each(proposals) if (each.requirement, each.statement) not in seen]
    if not new:
        return False
    outcomes = [_outcome(proposal, design, publish, has_amended=bool(before.applied)) for proposal in new]
    wanted = [item.proposal for item in outcomes if item.status == "applied"]
    changed = await _changed(run, paper, design, files, wanted) if wanted else None
    if changed is None:
        outcomes = [
            item.model_copy(update={"status": "failed", "reason": "The model gave no valid edits for it."})
            if item.status == "applied"
            else item
            for item in outcomes
        ]
    else:
        await save_change(run, change_between((design, files), changed))
    await run.write_output(REPORT, Amendments(items=(*before.items, *outcomes)))
    return changed is not None


def _one_each(proposals: Iterable[ProposedAmendment]) -> Iterable[ProposedAmendment]:
    """The first proposal for each requirement."""
    return {proposal.requirement: proposal for proposal in reversed(tuple(proposals))}.values()


def _outcome(proposal: ProposedAmendment, design: Design, publish: Publisher, *, has_amended: bool) -> AmendmentOutcome:
    former = next((item.statement for item in design.assumed if item.id == proposal.requirement), "")
    owner = design.architecture.owner_of(proposal.requirement)
    reason = ""
    if not former:
        reason = f"{proposal.requirement} is not an assumption."
    elif former.strip() == proposal.statement.strip():
        reason = "It is what the requirement says already."
    elif has_amended:
        reason = "Assumptions were amended once in this run already. Apply it with `papercoder revise` if it is right."
    elif owner and publish.edited_paths([owner]):
        reason = f"You edited {owner}, which it would change."
    return AmendmentOutcome(proposal=proposal, former=former, status="rejected" if reason else "applied", reason=reason)


async def _changed(
    run: Run[Agents], paper: Paper, design: Design, files: Files, proposals: list[ProposedAmendment]
) -> tuple[Design, Files] | None:
    """The design and the files after the amendments; None if the model gave no valid edits."""
    names = {proposal.requirement for proposal in proposals}
    note = "\n\n".join(f"{each.requirement} must be: {each.statement} Reason: {each.reason}" for each in proposals)
    amendment = await run.optional_step("review/amendments/settings.json", amend, design, note)
    if amendment is None:
        return None
    after = design
    for number, proposal in enumerate(proposals):
        (item,) = design.requirements.pick([proposal.requirement])
        anchor = find_quote(paper, proposal.quote, proposal.anchor) if proposal.quote else None
        new = [
            each.model_copy(update={"statement": proposal.statement, "settled": anchor is not None})
            for each in amendment.requirements
            if each.id == item.id
        ]
        values = amendment.values if number == 0 else ()
        one = Amendment(requirements=tuple(new), values=values)
        after = apply_amendment(after, one, proposal.quote or proposal.reason, anchor or item.anchor)
        if anchor is None:
            after = replace(after, requirements=_with_alternative(after.requirements, item))
    if after.requirements == design.requirements:
        return None
    items = AmendedItems(
        requirements_before=design.requirements.pick(names),
        requirements=after.requirements.pick(names),
        settings=tuple(f"{value.key}: {value.value}" for value in amendment.values),
        keys=tuple(value.key for value in amendment.values),
    )
    outline = config_outline(to_yaml(after.config), after.config)
    editable = files_to_edit(after, files, items)
    edits = await run.optional_step(
        "review/amendments/edits.json", implement, items, design.plan, design.logic, outline, editable
    )
    if edits is None:
        return None
    return with_edits(after, files, edits)


def _with_alternative(requirements: Requirements, former: Requirement) -> Requirements:
    """The requirements with the former choice as an alternative of the new one."""

    def changed(item: Requirement) -> Requirement:
        others = (*item.alternatives, former.statement)
        return item.model_copy(update={"alternatives": others}) if item.id == former.id else item

    return Requirements(items=tuple(map(changed, requirements.items)))
