"""The states of a run in words."""

from papercoder.web.runs.view import State, View

LABELS: dict[State, str] = {
    "new": "not begun",
    "running": "running",
    "pausing": "pausing",
    "paused": "paused",
    "stopping": "stopping",
    "interrupted": "interrupted",
    "complete": "complete",
    "partial": "not complete",
}

TONES: dict[State, str] = {
    "new": "none",
    "running": "going",
    "pausing": "fair",
    "paused": "fair",
    "stopping": "fair",
    "interrupted": "bad",
    "complete": "good",
    "partial": "fair",
}


_TOLD: dict[State, str] = {
    "new": "Nothing was made yet.",
    "pausing": "Calls that were sent are answered and kept; no new one is sent.",
    "paused": "No call is sent until you go on. What needs none, as running the code, comes to its end.",
    "stopping": "Calls that were sent are finished and kept; then it ends.",
    "interrupted": "The process that worked on it is gone. What was made is kept: go on from there.",
    "complete": "All that was asked for was made and seen.",
}


def sentence(view: View) -> str:
    """What one should know of the state; empty where the state says it all."""
    if view.state == "running" and not view.is_here:
        return "Another process works on this run, in a terminal say: it can be watched here, and ended there."
    if view.state == "partial":
        more = "" if "kept" in view.reason else " What was made is kept: go on from there."
        return f"{_ended(view.reason) or 'It ended before its end.'}{more}"
    return _TOLD.get(view.state, "")


def _ended(reason: str) -> str:
    text = reason.strip()
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."
