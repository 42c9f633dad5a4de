"""Figures and states in words, as a reader takes them in."""

from datetime import UTC, datetime

from papercoder.artifacts.claims import Claim
from papercoder.artifacts.execution import StepName
from papercoder.report.claims import printed
from papercoder.report.model import Report

STEP_REQUIREMENTS: dict[StepName, str] = {
    "install": "do its packages install?",
    "import": "do its modules import?",
    "start": "does its entry point start?",
    "tests": "do its tests pass?",
    "smoke": "does it run through on tiny settings?",
    "reproduce": "does it run through on the paper’s settings?",
}
_SEEN: dict[StepName, str] = {
    "install": "the packages were seen to install",
    "import": "the modules were seen to import",
    "start": "the entry point was seen to start",
    "tests": "the tests were seen to pass",
    "smoke": "the code was seen to run through on tiny settings",
    "reproduce": "the code was seen to run through on the paper’s settings",
}
LABELS = {
    "implemented": "implemented",
    "partly": "partly",
    "missing": "missing",
    "contradicts": "contradicts",
    "not_reviewed": "not reviewed",
    "met": "met",
    "differs": "differs",
    "not_run": "not run",
    "skipped": "skipped",
    "passed": "passed",
    "failed": "failed",
    "error": "error",
    "warning": "warning",
}
"""State -> how it is written."""

TONES = {
    "implemented": "good",
    "met": "good",
    "passed": "good",
    "partly": "fair",
    "warning": "fair",
    "differs": "bad",
    "missing": "bad",
    "failed": "bad",
    "error": "bad",
    "contradicts": "bad",
}
"""State -> tone; all others are `none`: nothing was observed."""

SIGNS = {"good": "✓", "fair": "◐", "bad": "✕", "none": "○"}
"""Tone -> the sign before the word, so that colour is never alone."""


def tone(state: str) -> str:
    """`good`, `fair`, `bad`, or `none` where nothing was observed."""
    return TONES.get(state, "none")


def headline(report: Report) -> str:
    """What was observed, in a sentence or two."""
    return " ".join(part for part in (_course(report), _code(report), _claims(report)) if part)


def _claims(report: Report) -> str:
    """How the measurements compare, where there are any."""
    count = report.claim_verdicts
    if not count["met"] + count["differs"]:
        return ""
    total = plural(len(report.claims), "claim")
    return f"Of {total} of the paper, {count['met']} met, {count['differs']} not, {count['not_run']} not measured."


def _course(report: Report) -> str:
    match report.status:
        case "new":
            return "Nothing was made yet."
        case "running":
            return "The run is going on."
        case "interrupted":
            return "The run was cut off before its end."
        case "partial":
            return f"The run stopped before its end: {_ended(report.summary.reason or 'no reason was recorded')}"
        case _:
            return ""


def _ended(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _code(report: Report) -> str:
    if not report.has_code:
        return "No code was written."
    files = sum(path.endswith(".py") for path in report.files)
    written = f"{files} Python file{'s were' if files != 1 else ' was'} written"
    seen = [step for step in report.steps if step.status == "passed"]
    failed = next((step for step in report.steps if step.status == "failed"), None)
    if failed:
        before = f"; {_SEEN[seen[-1].step]}" if seen else ""
        return f"{written}{before}. It failed at “{failed.step}”: {_ended(failed.reason or 'no reason was recorded')}"
    if not seen:
        return f"{written}. The code was not run."
    beyond = "" if seen[-1].step == "reproduce" else " What lies beyond was not run."
    return f"{written}; {_SEEN[seen[-1].step]}.{beyond}"


def money(usd: float) -> str:
    """Dollars, with two digits that count."""
    if 0 < usd < 0.01:
        return f"${usd:.4f}" if usd >= 0.0001 else "under $0.0001"
    return f"${usd:,.2f}"


def cost(usd: float, unpriced: int, calls: int) -> str:
    """What was spent; never `$0.00` where prices are not known."""
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
    """`512 MB`, `1.5 GB`; `not measured` where it is not known."""
    if megabytes is None:
        return "not measured"
    return f"{megabytes:,.0f} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"


def figure(value: float, digits: int = 6) -> str:
    """A number with so many digits that count."""
    return f"{value:.{digits}g}"


def beside(value: float, claim: Claim) -> str:
    """A measured number with one digit more than the paper prints of the claimed one."""
    return f"{value:.{len(printed(claim).partition('.')[2]) + 1}f}"


def day(seconds: float | None) -> str:
    """The day, in universal time."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%-d %B %Y") if seconds else ""


def plural(number: int, noun: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
