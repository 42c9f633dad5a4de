"""Claims and results of trials for tests."""

from typing import Any

from papercoder.artifacts import Claim, Trial, TrialResult


def claim(name: str = "C1", **changes: Any) -> Claim:
    """A claim about `Ours` on `moons`."""
    fields: dict[str, Any] = {
        "id": name,
        "anchor": "tab:1",
        "experiment": "main",
        "method": "Ours",
        "dataset": "moons",
        "metric": "accuracy",
        "direction": "higher",
        "value": 90.0,
        "quote": "90.0",
    }
    fields |= changes
    return Claim.model_validate({"printed": f"{fields['value']}", **fields})


def result(value: float | None = 90.0, seed: int = 0, **changes: Any) -> TrialResult:
    """One trial's result; fields of the trial and of the result may be changed."""
    fields: dict[str, Any] = {"experiment": "main", "method": "Ours", "dataset": "moons", "seed": seed}
    trial = {name: changes.pop(name, default) for name, default in (*fields.items(), ("claims", ()))}
    metric = changes.pop("metric", "accuracy")
    name = "-".join(str(trial[part]) for part in fields).replace(" ", "_").replace(",", "").replace("=", "")
    given = {"status": "done", "measured": {} if value is None else {metric: value}} | changes
    return TrialResult.model_validate({"trial": Trial(id=name, **trial), **given})


def seeds(*values: float, **changes: Any) -> list[TrialResult]:
    """The results of seeds 0, 1, ..."""
    return [result(value, seed, **changes) for seed, value in enumerate(values)]
