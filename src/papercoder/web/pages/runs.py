"""The list of runs and benches: to filter, to open, to lay two side by side."""

import asyncio
import time
from collections import Counter
from functools import partial
from urllib.parse import urlencode

from nicegui import ui

from papercoder.web.parts import example_card, run_row
from papercoder.web.parts.controls import button, field
from papercoder.web.runs.overview import BenchCard, Overview, RunCard
from papercoder.web.server import layout as frame
from papercoder.web.server.state import Web

_EVERY = 2.0
"""Seconds between two looks at the shelf."""

_SHOWN = 200
"""Runs in the list; more are found by the filter."""


def register(web: Web) -> None:
    """Put up `/`."""
    overview = Overview(web.shelf)

    @ui.page("/", response_timeout=60)
    async def runs() -> None:
        with frame.page("Runs", "runs"):
            frame.heading("Runs")
            await Runs(web, overview).draw()


class Runs:
    """The list of one browser."""

    def __init__(self, web: Web, overview: Overview) -> None:
        self.web = web
        self.overview = overview
        self.status = ""
        self.chosen: list[str] = []
        self.boxes: dict[str, ui.element] = {}
        self.cards: list[RunCard] = []
        self.benches: list[BenchCard] = []
        self.errors: list[str] = []
        self.minute = 0
        """In which it was drawn last: rows say how long ago something was."""

    async def draw(self) -> None:
        """Filter and list; the list follows the shelf."""
        with ui.element("div").classes("sift") as self.sift:
            self.words = field("Filter").classes("words")
            self.words.on_value_change(self.fill)
            frame.key(self.words, "/", "filter")
            self.states = ui.element("div").classes("states")
            self.compare = button("Compare", self.lay_beside).mark("compare")
            frame.key(self.compare, "c", "compare the two selected runs")
        self.list = ui.element("div").classes("runs")
        self.below = ui.element("div")
        await self.look()
        ui.timer(_EVERY, self.look)

    async def look(self) -> None:
        """Draw anew where something changed, and every minute."""
        seen, minute = await asyncio.to_thread(self.overview.look), int(time.time() // 60)
        if (seen.runs, seen.benches, seen.errors, minute) != (self.cards, self.benches, self.errors, self.minute):
            self.cards, self.benches, self.errors, self.minute = seen.runs, seen.benches, seen.errors, minute
            self.fill()

    def fill(self) -> None:
        """Draw what the filter leaves."""
        found = [card for card in self.cards if card.answers(self.words.value or "")]
        self._fill_states(Counter(card.report.status for card in found))
        rows = [card for card in found if self.status in {"", card.report.status}]
        self.list.clear()
        with self.list:
            self.boxes = {card.name: run_row.draw(card, card.name in self.chosen, self.tick) for card in rows[:_SHOWN]}
            if not rows:
                self._say_empty()
            elif len(rows) > _SHOWN:
                ui.label(f"{len(rows) - _SHOWN} more. Filter to find them.").classes("soft more")
            for error in self.errors:
                ui.label(error).classes("remark").mark("unreadable")
        self._fill_benches()
        self._offer()

    def tick(self, name: str) -> None:
        """Choose a run to compare, or let go of it; the last two stay chosen."""
        self.chosen = [each for each in self.chosen if each != name] + ([name] if name not in self.chosen else [])
        self.chosen = self.chosen[-2:]
        for each, box in self.boxes.items():
            box.props["checked"] = each in self.chosen
        self._offer()

    def choose(self, status: str) -> None:
        """Show those of this status; all where it is empty."""
        self.status = status
        self.fill()

    def lay_beside(self) -> None:
        """Go to the comparison of the two that are chosen."""
        if len(self.chosen) == 2:
            ui.navigate.to("/compare?" + urlencode({"one": self.chosen[0], "two": self.chosen[1]}))

    def _offer(self) -> None:
        self.sift.set_visibility(bool(self.cards))
        self.compare.set_visibility(len(self.cards) > 1)
        self.compare.props.set_bool("disabled", len(self.chosen) != 2)
        self.compare.props["title"] = "" if len(self.chosen) == 2 else "Select two runs first"

    def _fill_states(self, counts: Counter[str]) -> None:
        self.states.clear()
        with self.states:
            for status, count in (("", counts.total()), *counts.most_common()):
                pill = button(f"{status or 'all'} {count}", partial(self.choose, status)).classes("pill")
                pill.props["aria-pressed"] = str(status == self.status).lower()

    def _say_empty(self) -> None:
        if not self.cards:
            frame.empty("No runs yet. Start one with a paper.", "New run", "/new")
            example_card.draw(self.web)
            return
        with ui.element("div").classes("empty"):
            ui.label("No run matches.")
            button("Show all", self.clear)

    def clear(self) -> None:
        """Take the filter away."""
        self.status = ""
        self.words.value = ""
        self.fill()

    def _fill_benches(self) -> None:
        self.below.clear()
        if not self.benches:
            return
        with self.below:
            frame.heading("Benches", 2)
            for bench in self.benches:
                run_row.draw_bench(bench)
