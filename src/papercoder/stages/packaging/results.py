"""What was measured, as files of the repository: `results.json`, `results.md` and a section of the README."""

import json
import platform
from collections.abc import Iterable, Iterator

from papercoder.artifacts import ClaimResult, ClaimResults, SourceFile, TrialResult
from papercoder.claims.verdicts import printed_number
from papercoder.text.markdown import escaped, inline


def result_files(compared: ClaimResults, trials: Iterable[TrialResult]) -> tuple[SourceFile, ...]:
    """`results.json` in the format of the shipped runner, and `results.md` with the paper's tables."""
    results = tuple(trials)
    text = f"# Results\n\n{conditions(results)}\n\n{results_table(compared)}"
    return (
        SourceFile(path="results.json", text=_json(compared, results)),
        SourceFile(path="results.md", text=text),
    )


def results_table(compared: ClaimResults) -> str:
    """Every claim with its reported and its measured value, a table for each of the paper's tables."""
    groups: dict[str, list[ClaimResult]] = {}
    for item in compared.items:
        groups.setdefault(item.claim.anchor, []).append(item)
    return "\n".join(line for anchor, items in groups.items() for line in (*_table(anchor, items), ""))


def _table(anchor: str, items: list[ClaimResult]) -> Iterator[str]:
    yield f"[{escaped(anchor)}]"
    yield ""
    yield "| | method | data | metric | reported | measured | seeds | verdict |"
    yield "|---|---|---|---|---:|---:|---:|---|"
    for item in items:
        claim, measured = item.claim, item.measured
        names = " | ".join(escaped(name) for name in (claim.method, claim.dataset, f"{claim.metric} {claim.unit}"))
        spread = "" if claim.spread is None else f" ± {claim.spread:g}"
        reported = f"{printed_number(claim)}{spread}"
        std = "" if measured is None or measured.std is None else f" ± {measured.std:.3g}"
        value = "–" if measured is None else f"{measured.value:.5g}{std}"
        seeds = measured.seeds if measured and measured.seeds else "–"
        yield f"| {claim.id} | {names} | {reported} | {value} | {seeds} | {item.verdict.replace('_', ' ')} |"


def conditions(trials: Iterable[TrialResult]) -> str:
    """How many trials were measured, how long they took and on which machine, in one or two sentences."""
    done = [trial for trial in trials if trial.status == "done"]
    seconds, peaks = sum(trial.seconds for trial in done), [trial.peak_memory for trial in done if trial.peak_memory]
    memory = f", with at most {max(peaks) / 1e9:.1f} GB of memory each" if peaks else ""
    machine = f"{platform.machine()}, Python {done[0].versions.get('python', '')}" if done else platform.machine()
    toy = " They ran at reduced scale or on synthetic data." if any(t.scale < 1 or t.synthetic for t in done) else ""
    return inline(f"{len(done)} trials took {seconds / 60:.1f} minutes together on {machine}{memory}.{toy}")


def _json(compared: ClaimResults, trials: tuple[TrialResult, ...]) -> str:
    rows = [
        {
            "claim": item.claim.id,
            "experiment": item.claim.experiment,
            "method": item.claim.method,
            "dataset": item.claim.dataset,
            "metric": item.claim.metric,
            "mean": item.measured.value,
            "std": item.measured.std,
            "seeds": item.measured.seeds,
        }
        for item in compared.items
        if item.measured
    ]
    failed = [{"id": trial.trial.id, "reason": trial.reason} for trial in trials if trial.status != "done"]
    return json.dumps({"results": rows, "failed": failed}, indent=1, ensure_ascii=False) + "\n"
