"""The log of a run, for who asks for it: a line for each event that is worth one."""

from collections.abc import Sequence
from datetime import datetime

from nicegui import ui

from papercoder.console.progress import line
from papercoder.runs.events import Event
from papercoder.web.parts.controls import button
from papercoder.web.runs.watcher import Watch
from papercoder.web.server.layout import key

_LINES = 300


class RunLog:
    """Closed until it is asked for; then it follows the run."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._told = 0
        opener = button("Log", self._toggle).classes("log-opener").mark("log-button")
        key(opener, "l", "show or hide the log")
        self._log = ui.log(max_lines=_LINES).classes("run-log").mark("log")
        self._log.set_visibility(False)

    def follow(self) -> None:
        """Add what is new, where it is open."""
        events = self._watch.events
        if len(events) < self._told:  # the run was begun anew
            self._told = 0
            self._log.clear()
        if self._log.visible:
            for text in _lines(events[self._told :])[-_LINES:]:
                self._log.push(text)
            self._told = len(events)

    def _toggle(self) -> None:
        self._log.set_visibility(not self._log.visible)
        self.follow()


def _lines(events: Sequence[Event]) -> list[str]:
    return [f"{_time(event)}  {' '.join(text.split())}" for event in events if (text := line(event))]


def _time(event: Event) -> str:
    """Of this machine's clock."""
    return datetime.fromtimestamp(event.at).astimezone().strftime("%H:%M:%S")
