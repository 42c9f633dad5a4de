"""The trials of a repository against the paper's claims: names that match none, and claims without a trial."""

import json
from collections.abc import Iterable, Sequence

from pydantic import ValidationError
from rapidfuzz import fuzz

from papercoder.artifacts import TrialList
from papercoder.repository.claims_file import ClaimRow

_SHOWN = 8
"""Problems that are listed; more would hide the output around them."""

Names = tuple[str, ...]


def trial_list_problem(text: str | None, claims: Sequence[ClaimRow]) -> str:
    """What is wrong with the output of `main.py --list`; empty if nothing."""
    try:
        listed = TrialList.model_validate_json(text or "")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return f"`python main.py --list` printed no list of trials ({first['msg']})"
    if not listed.trials:
        return "`trials` returns no trial"
    ids = {claim.id for claim in claims}
    unknown = [f"NOT_MEASURED names {name}, which is no claim" for name in listed.not_measured if name not in ids]
    used = list(dict.fromkeys((trial.experiment, trial.method, trial.dataset) for trial in listed.trials))
    missing = {_kind(claim): claim.id for claim in reversed(claims) if claim.id in listed.unclaimed}
    return _sentence([*unknown, *(_without_trial(name, kind, used) for kind, name in reversed(missing.items()))])


def metric_problem(results: str | None, claims: Iterable[ClaimRow]) -> str:
    """Claims whose trials ran and measured other metrics; empty if none."""
    rows = json.loads(results or "{}").get("results", [])
    measured: dict[Names, list[str]] = {}
    for row in rows:
        kind = _plain((row["experiment"], row["method"], row["dataset"]))
        measured.setdefault(kind, []).append(row["metric"])
    wrong: dict[Names, str] = {}
    for claim in claims:
        found = measured.get(_plain(_kind(claim)))
        if found and _plain((claim.metric,)) not in {_plain((name,)) for name in found}:
            wrong.setdefault((claim.experiment, claim.metric), _without_metric(claim, found))
    return _sentence(list(wrong.values()))


def _without_trial(name: str, kind: Names, used: Sequence[Names]) -> str:
    nearest = max(used, key=lambda each: sum(fuzz.ratio(a, b) for a, b in zip(each, kind, strict=True)))
    return (
        f"{name} has no trial: no trial is called Trial({_quoted(kind)}, seed); the nearest is "
        f"Trial({_quoted(nearest)}, seed). Use the claim's names, or say in NOT_MEASURED why it is not measured"
    )


def _without_metric(claim: ClaimRow, found: Sequence[str]) -> str:
    return (
        f"{claim.id} needs the metric {json.dumps(claim.metric, ensure_ascii=False)} of "
        f"Trial({_quoted(_kind(claim))}, seed), whose run_trial returns {_quoted(dict.fromkeys(found))}"
    )


def _kind(claim: ClaimRow) -> Names:
    return claim.experiment, claim.method, claim.dataset


def _plain(names: Names) -> Names:
    """Names as the runner compares them."""
    return tuple(" ".join(name.lower().split()) for name in names)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(json.dumps(name, ensure_ascii=False) for name in names)


def _sentence(problems: Sequence[str]) -> str:
    more = f"; and {len(problems) - _SHOWN} more of this kind" if len(problems) > _SHOWN else ""
    return "; ".join(problems[:_SHOWN]) + more
