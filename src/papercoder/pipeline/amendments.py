"""Amendments: assumptions that review, tests or repair found untenable are corrected once, as a note's are."""

from collections.abc import Iterable
from dataclasses import replace

from papercoder.agents.agent import Agents
from papercoder.artifacts import (
    AmendmentOutcome,
    Amendments,
    Paper,
    ProposedAmendment,
    Requirement,
    Requirements,
)
from papercoder.artifacts.design import Design
from papercoder.files.regular import is_file
from papercoder.paper.evidence import find_quote
from papercoder.pipeline.adoption import change_between, save_change
from papercoder.pipeline.publisher import Files, Publisher
from papercoder.repository.config_text import config_outline, to_yaml
from papercoder.runs.folder import load
from papercoder.runs.run import Run
from papercoder.stages.amendment import (
    AmendedItems,
    Amendment,
    amend,
    apply_amendment,
    files_to_edit,
    implement,
    with_edits,
)

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
