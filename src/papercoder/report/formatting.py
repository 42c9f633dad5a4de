"""Numbers, states and the headline of a report as text."""

from datetime import UTC, datetime

from papercoder.artifacts.claims import Claim
from papercoder.artifacts.execution import StepName
from papercoder.report.claims import printed
from papercoder.report.model import Report

STEP_REQUIREMENTS: dict[StepName, str] = {
    "install": "do the packages install?",
    "import": "do the modules import?",
    "start": "does the entry point start?",
    "tests": "do the tests pass?",
    "smoke": "does it finish with tiny settings?",
    "reproduce": "does it finish with the paper’s settings?",
}
_PASSED: dict[StepName, str] = {
    "install": "the packages install",
    "import": "the modules import",
    "start": "the entry point starts",
    "tests": "the tests pass",
    "smoke": "the code finishes with tiny settings",
    "reproduce": "the code finishes with the paper’s settings",
}
LABELS = {
    "implemented": "implemented",
    "partly": "partly",
    "missing": "missing",
    "contradicts": "contradicts",
    "not_reviewed": "not reviewed",
    "met": "met",
    "differs": "differs",
    "inconclusive": "inconclusive",
    "toy": "toy",
    "not_run": "not run",
    "skipped": "skipped",
    "passed": "passed",
    "failed": "failed",
    "error": "error",
    "warning": "warning",
}
"""State -> its text."""

TONES = {
    "implemented": "good",
    "met": "good",
    "passed": "good",
    "partly": "fair",
    "warning": "fair",
    "inconclusive": "fair",
    "toy": "fair",
    "differs": "bad",
    "missing": "bad",
    "failed": "bad",
    "error": "bad",
    "contradicts": "bad",
}
"""State -> tone; other states have the tone `none`: nothing was verified."""

SIGNS = {"good": "✓", "fair": "◐", "bad": "✕", "none": "○"}
"""Tone -> the sign before the text, so that color is never the only cue."""


def tone(state: str) -> str:
    """`good`, `fair`, `bad`, or `none` if nothing was verified."""
    return TONES.get(state, "none")


def headline(report: Report) -> str:
    """What was verified, in one or two sentences."""
    return " ".join(part for part in (_status(report), _code(report), _claims(report)) if part)


def _claims(report: Report) -> str:
    count = report.claim_verdicts
    if not count["met"] + count["differs"]:
        return ""
    total = plural(len(report.claims), "claim")
    return f"Of the paper’s {total}, {count['met']} met, {count['differs']} not met, {count['not_run']} not measured."


def _status(report: Report) -> str:
    match report.status:
        case "new":
            return "The run has not started."
        case "running":
            return "The run is in progress."
        case "interrupted":
            return "The run was interrupted."
        case "partial":
            return f"The run stopped early: {_sentence(report.summary.reason or 'no reason was recorded')}"
        case _:
            return ""


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _code(report: Report) -> str:
    if not report.has_code:
        return "No code was written."
    files = sum(path.endswith(".py") for path in report.files)
    written = f"{files} Python file{'s were' if files != 1 else ' was'} written"
    passed = [step for step in report.steps if step.status == "passed"]
    failed = next((step for step in report.steps if step.status == "failed"), None)
    if failed:
        before = f"; {_PASSED[passed[-1].step]}" if passed else ""
        reason = _sentence(failed.reason or "no reason was recorded")
        return f"{written}{before}. The step “{failed.step}” failed: {reason}"
    if not passed:
        return f"{written}. The code was not run."
    beyond = "" if passed[-1].step == "reproduce" else " Later steps were not run."
    return f"{written}; {_PASSED[passed[-1].step]}.{beyond}"


def money(usd: float) -> str:
    """Dollars; small amounts with four decimals."""
    if 0 < usd < 0.01:
        return f"${usd:.4f}" if usd >= 0.0001 else "under $0.0001"
    return f"${usd:,.2f}"


def cost(usd: float, unpriced: int, calls: int) -> str:
    """The cost; never `$0.00` if the prices are unknown."""
    if calls and unpriced >= calls:
        return "price unknown"
    return money(usd) + (" or more" if unpriced else "")


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def amount(number: float) -> str:
    """`950`, `12.3 k`, `1.20 M`."""
    if number < 10_000:
        return f"{number:,.0f}"
    return f"{number / 1000:.1f} k" if number < 1_000_000 else f"{number / 1_000_000:.2f} M"


def memory(megabytes: float | None) -> str:
    """`512 MB`, `1.5 GB`; `not measured` for None."""
    if megabytes is None:
        return "not measured"
    return f"{megabytes:,.0f} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"


def figure(value: float, digits: int = 6) -> str:
    """A number with this many significant digits."""
    return f"{value:.{digits}g}"


def beside(value: float, claim: Claim) -> str:
    """A measured number with one more decimal than the paper prints for the claim."""
    return f"{value:.{len(printed(claim).partition('.')[2]) + 1}f}"


def day(seconds: float | None) -> str:
    """The day in UTC."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%-d %B %Y") if seconds else ""


def plural(number: int, noun: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
