"""The list of runs and benches: filter, open and compare them."""

import asyncio
import time
from collections import Counter
from functools import partial
from urllib.parse import urlencode

from nicegui import ui

from papercoder.web.parts import example_card, run_row
from papercoder.web.runs.overview import BenchCard, Overview, RunCard
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, button, field
from papercoder.web.server.state import Web

_EVERY = 2.0
"""Seconds between two readings of the runs folder."""

_MAX_ROWS = 200
"""Runs in the list; the filter finds others."""


def register(web: Web) -> None:
    """Register `/`."""
    overview = Overview(web.runs_folder)

    @ui.page("/", response_timeout=60)
    async def runs() -> None:
        with layout.page("Runs", "runs"):
            layout.heading("Runs")
            await Runs(web, overview).draw()


class Runs:
    """The list in one browser."""

    def __init__(self, web: Web, overview: Overview) -> None:
        self.web = web
        self.overview = overview
        self.status = ""
        self.selected: list[str] = []
        self.boxes: dict[str, ui.element] = {}
        self.cards: list[RunCard] = []
        self.benches: list[BenchCard] = []
        self.errors: list[str] = []
        self.minute = 0
        """Minute of the last drawing; rows show elapsed times."""

    async def draw(self) -> None:
        """Draw the filter and the list; the list follows the runs folder."""
        with ui.element("div").classes("run-filter") as self.filter:
            self.words = field("Filter").classes("words")
            self.words.on_value_change(self.fill)
            layout.key(self.words, "/", "filter")
            self.states = ui.element("div").classes("states")
            self.compare = button("Compare", self.open_comparison).mark("compare")
            layout.key(self.compare, "c", "compare the two selected runs")
        self.list = ui.element("div").classes("runs")
        self.below = ui.element("div")
        await self.refresh()
        ui.timer(_EVERY, self.refresh)

    async def refresh(self) -> None:
        """Redraw if something changed, and every minute."""
        cards, minute = await asyncio.to_thread(self.overview.read), int(time.time() // 60)
        if (cards.runs, cards.benches, cards.errors, minute) != (self.cards, self.benches, self.errors, self.minute):
            self.cards, self.benches, self.errors, self.minute = cards.runs, cards.benches, cards.errors, minute
            self.fill()

    def fill(self) -> None:
        """Draw the runs that match the filter."""
        found = [card for card in self.cards if card.matches(self.words.value or "")]
        self._fill_states(Counter(card.report.status for card in found))
        rows = [card for card in found if self.status in {"", card.report.status}]
        self.list.clear()
        with self.list:
            self.boxes = {
                card.name: run_row.draw(card, card.name in self.selected, self.toggle) for card in rows[:_MAX_ROWS]
            }
            if not rows:
                self._draw_empty()
            elif len(rows) > _MAX_ROWS:
                Label(f"{len(rows) - _MAX_ROWS} more. Filter to find them.").classes("soft more")
            for error in self.errors:
                Label(error).classes("remark").mark("unreadable")
        self._fill_benches()
        self._update_buttons()

    def toggle(self, name: str) -> None:
        """Select or deselect a run to compare; the last two remain selected."""
        self.selected = [each for each in self.selected if each != name] + ([name] if name not in self.selected else [])
        self.selected = self.selected[-2:]
        for each, box in self.boxes.items():
            box.props["checked"] = each in self.selected
        self._update_buttons()

    def show_status(self, status: str) -> None:
        """Show runs of this status; all if it is empty."""
        self.status = status
        self.fill()

    def open_comparison(self) -> None:
        """Open the comparison of the two selected runs."""
        if len(self.selected) == 2:
            ui.navigate.to("/compare?" + urlencode({"one": self.selected[0], "two": self.selected[1]}))

    def _update_buttons(self) -> None:
        self.filter.set_visibility(bool(self.cards))
        self.compare.set_visibility(len(self.cards) > 1)
        self.compare.props.set_bool("disabled", len(self.selected) != 2)
        self.compare.props["title"] = "" if len(self.selected) == 2 else "Select two runs first"

    def _fill_states(self, counts: Counter[str]) -> None:
        self.states.clear()
        with self.states:
            for status, count in (("", counts.total()), *counts.most_common()):
                pill = button(f"{status or 'all'} {count}", partial(self.show_status, status)).classes("pill")
                pill.props["aria-pressed"] = str(status == self.status).lower()

    def _draw_empty(self) -> None:
        if not self.cards:
            layout.empty("No runs yet. Start one with a paper.", "New run", "/new")
            example_card.draw(self.web)
            return
        with ui.element("div").classes("empty"):
            Label("No run matches.")
            button("Show all", self.clear)

    def clear(self) -> None:
        """Clear the filter."""
        self.status = ""
        self.words.value = ""
        self.fill()

    def _fill_benches(self) -> None:
        self.below.clear()
        if not self.benches:
            return
        with self.below:
            layout.heading("Benches", 2)
            for bench in self.benches:
                run_row.draw_bench(bench)
