"""The list of runs and benches with their outcomes: filter, open, compare, rename and delete them; and the bin."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from urllib.parse import quote, urlencode

from nicegui import ui

from papercoder.report.formatting import cost, duration, plural
from papercoder.runs.overview import RunReport
from papercoder.web.parts import run_form
from papercoder.web.runs.folder import BenchCard, DeletedRun, Overview, RunCard
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, Link, alert, button, do, field, for_page
from papercoder.web.server.state import Web

_EVERY = 2.0
"""Seconds between two readings of the runs folder."""

_MAX_ROWS = 200
"""Runs in the list; the filter finds others."""


def register(web: Web) -> None:
    """Register `/` and `/bin`."""
    overview = Overview(web.runs_folder)

    @ui.page("/bin")
    def deleted() -> None:
        with layout.page("Deleted runs", "runs"):
            layout.heading("Deleted runs")
            Bin(web).draw()

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
                card.name: draw_run(card, card.name in self.selected, self.toggle, self.resume)
                for card in rows[:_MAX_ROWS]
            }
            if not rows:
                self._draw_empty()
            elif len(rows) > _MAX_ROWS:
                Label(f"{len(rows) - _MAX_ROWS} more. Filter to find them.").classes("soft more")
            for error in self.errors:
                Label(error).classes("remark").mark("unreadable")
        self._fill_benches()
        self._update_buttons()

    async def resume(self, name: str) -> None:
        """Resume a run to apply its pending edits, and open it."""
        await self.web.active_runs.resume(name)
        ui.navigate.to(f"/run/{quote(name)}")

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
            run_form.draw(self.web)
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
        with self.below:
            if self.benches:
                layout.heading("Benches", 2)
            for bench in self.benches:
                draw_bench(bench)
            if deleted := len(self.web.runs_folder.deleted()):
                Link(f"Deleted runs ({deleted})", "/bin").classes("soft small bin-link")


TONES = {"complete": "good", "running": "active", "partial": "fair", "interrupted": "bad", "failed": "bad"}
"""Status -> tone of its badge; `none` for all others."""


def draw_run(
    card: RunCard, is_ticked: bool, tick: Callable[[str], None], resume: Callable[[str], Awaitable[None]]
) -> ui.element:
    """Draw the row of a run; returns its checkbox."""
    with ui.element("article").classes("run").mark(f"run-{card.name}"):
        box = _tick(card, is_ticked, tick)
        with ui.element("div").classes("who"):
            Link(card.label, f"/run/{quote(card.name)}")
            Label(card.title).classes("title")
            Label(_by(card)).classes("soft small")
        with ui.element("div").classes("how"):
            _badge(card.report.status)
            if card.report.reason:
                Label(for_page(card.report.reason)).classes("reason soft small")
            if card.has_pending_edits and card.report.status != "running":
                Link("edits pending", f"/run/{quote(card.name)}").classes("badge fair")
                wrong = alert()
                button("Resume", do(partial(resume, card.name), wrong)).classes("small")
        with ui.element("div").classes("outcome"):
            for tone, text in outcome(card.report):
                Label(text).classes(f"result {tone}")
        with ui.element("div").classes("figures"):
            _spent(card.report.cost_usd, card.report.unpriced, card.report.calls.made)
            _figure(*_when(card))
    return box


def _when(card: RunCard) -> tuple[str, str]:
    """When the run was last active, and how long it has worked."""
    idle = time.time() - card.changed
    if card.report.status == "running":
        return "now", f"{duration(card.report.seconds + idle)} of work"
    return ago(idle), f"{duration(card.report.seconds)} of work"


def outcome(report: RunReport) -> Iterator[tuple[str, str]]:
    """What came out of a run, each as a tone and a text: what it does now, execution, claims, requirements."""
    if report.status == "running" and (stages := [stage.name for stage in report.stages if stage.open]):
        yield "active", f"{' and '.join(stages)} in progress"
    if report.steps:
        failed = next((step for step, status in report.steps.items() if status == "failed"), "")
        passed = sum(status == "passed" for status in report.steps.values())
        text = f"{passed} of {plural(len(report.steps), 'step')} passed"
        yield ("bad" if failed else "good"), text + (f", {failed} failed" if failed else "")
    verdicts = Counter(report.claims) - Counter(report.orderings)
    if measured := verdicts.total() - verdicts["not_run"]:
        met, differs = verdicts["met"], verdicts["differs"]
        more = f", {differs} differ{'s' if differs == 1 else ''}" if differs else ""
        text = f"{met} of {plural(measured, 'measured claim')} met{more}"
        yield ("bad" if differs else "good" if met else "none"), text
    elif claims := verdicts["not_run"]:
        yield "none", f"{plural(claims, 'claim')} not measured"
    if report.requirements.total:
        total = plural(report.requirements.total, "requirement")
        if report.verdicts:
            done = report.verdicts.get("implemented", 0)
            yield ("good" if done == report.requirements.total else "fair"), f"{done} of {total} implemented"
        else:
            traced = report.requirements.total - len({*report.requirements.unowned, *report.requirements.unmarked})
            yield "none", f"{traced} of {total} marked in the code" if traced else f"{total} found"


def draw_bench(card: BenchCard) -> None:
    """Draw the row of a bench with the statuses of its entries."""
    entries = card.results.entries
    with ui.element("article").classes("run bench").mark(f"bench-{card.name}"):
        with ui.element("div").classes("who"):
            Link(card.name, f"/bench/{quote(card.name)}")
            Label(_papers(card)).classes("soft small")
        with ui.element("div").classes("how"):
            for status, count in Counter(entry.status for entry in entries).items():
                _badge(status, f"{count} {status}")
        _spent(*(sum(getattr(entry, name) for entry in entries) for name in ("cost_usd", "unpriced", "calls")))


def ago(seconds: float) -> str:
    """Elapsed time in its largest unit."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return "just now"


def _tick(card: RunCard, is_ticked: bool, tick: Callable[[str], None]) -> ui.element:
    box = ui.element("input").classes("tick").on("change", lambda: tick(card.name))
    box.props.update({"type": "checkbox", "checked": is_ticked, "aria-label": f"compare {card.label}"})
    return box


def _by(card: RunCard) -> str:
    models = ", ".join(dict.fromkeys(_model(name) for name in card.report.models.values()))
    return f"{card.report.profile} with {models}" if models else card.report.profile


def _model(name: str) -> str:
    """A short name of a model: test models have paths and options in their names."""
    kind, _, rest = name.partition(":")
    return kind if "/" in rest or "=" in rest else name


def _badge(status: str, text: str = "") -> None:
    Label(text or status).classes(f"badge {TONES.get(status, 'none')}")


def _figure(value: str, label: str) -> None:
    with ui.element("div").classes("figure"):
        Label(value)
        Label(label).classes("soft small")


def _spent(usd: float, unpriced: int, calls: int) -> None:
    _figure(cost(usd, unpriced, calls), plural(calls, "call"))


def _papers(card: BenchCard) -> str:
    entries = card.results.entries
    counts = (
        plural(len({entry.paper for entry in entries}), "paper"),
        plural(len({entry.variant for entry in entries}), "variant"),
        plural(len({entry.model for entry in entries}), "model"),
    )
    return f"{plural(len(entries), 'entry')}: {', '.join(counts)}"


class Bin:
    """The deleted runs in one browser."""

    def __init__(self, web: Web) -> None:
        self._folder = web.runs_folder

    def draw(self) -> None:
        """Draw the runs, each with what can be done with it."""
        Label("Runs here are kept until you delete them for good.").classes("soft")
        self._wrong = alert()
        self._rows = ui.element("div").classes("runs")
        self._fill()

    def _fill(self) -> None:
        self._rows.clear()
        with self._rows:
            found = self._folder.deleted()
            if not found:
                layout.empty("The bin is empty.", "All runs", "/")
            for run in found:
                self._draw_row(run)

    def _draw_row(self, run: DeletedRun) -> None:
        async def restore() -> None:
            await asyncio.to_thread(self._folder.restore, run.name)
            self._fill()

        async def erase() -> None:
            await asyncio.to_thread(self._folder.erase, run.name)
            self._fill()

        with ui.element("article").classes("run deleted").mark(f"deleted-{run.name}"):
            with ui.element("div").classes("who"):
                Label(run.label).classes("name")
                Label(f"deleted {ago(time.time() - run.at)}").classes("soft small")
            with ui.element("div").classes("line"):
                button("Restore", do(restore, self._wrong), "main")
                sure = button("Yes, delete it for good", do(erase, self._wrong), "danger")
                sure.set_visibility(False)
                ask = button(
                    "Delete for good", lambda: (sure.set_visibility(True), ask.set_visibility(False)), "danger"
                )
