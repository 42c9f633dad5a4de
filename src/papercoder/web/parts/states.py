"""The states of a run in words."""

from papercoder.web.runs.view import State, View

LABELS: dict[State, str] = {
    "new": "not started",
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
    "new": "Nothing has been made yet.",
    "pausing": "Active calls finish and are kept. No new calls start.",
    "paused": "No calls start until you continue. Running code is not paused.",
    "stopping": "Active calls finish and are kept, then the run stops.",
    "interrupted": "The process of this run is gone. Finished work is kept. Resume to continue.",
    "complete": "Everything asked for was made and observed.",
}


def sentence(view: View) -> str:
    """What one should know of the state; empty where the state says it all."""
    if view.state == "running" and not view.is_here:
        return "Another process, such as a terminal, works on this run. Watch it here; stop it there."
    if view.state == "partial":
        more = "" if "kept" in view.reason else " Finished work is kept. Resume to continue."
        return f"{_ended(view.reason) or 'The run ended early.'}{more}"
    return _TOLD.get(view.state, "")


def _ended(reason: str) -> str:
    text = reason.strip()
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."
