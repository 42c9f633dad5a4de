"""The options of a run as a form, with what is wrong beside each field before the start; and the example's card."""

import asyncio
from collections.abc import Mapping
from typing import get_args

from markupsafe import Markup
from nicegui import events, ui

from papercoder.artifacts import Paper
from papercoder.errors import PaperCoderError
from papercoder.operations.generate import example
from papercoder.operations.preview import AffectedArtifact, preview_settings
from papercoder.report.formatting import money, plural
from papercoder.runs.folder import load
from papercoder.settings import LEVELS, RUN_ROLES, TEXT_ROLES, Profile, Role, Settings
from papercoder.text.characters import printable
from papercoder.web.parts.run_options import (
    CODING,
    FRONT,
    PROFILES,
    SANDBOXES,
    Note,
    RunOptions,
    cost_estimate,
    describe,
    model_suggestions,
    problems,
)
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, alert, button, field, for_page, number, select
from papercoder.web.server.state import Web

_ROLES: dict[Role, str] = {
    "planning": "Model for planning",
    "analysis": "Model for analysis",
    "coding": "Model for code",
    "review": "Model for review",
    "repair": "Model for repair",
    "vision": "Model for figures",
}


class RunForm:
    """The form in one browser."""

    def __init__(self, web: Web, paper: Paper, source: str) -> None:
        self.web, self.paper, self.source = web, paper, source
        base = web.settings
        self.options = RunOptions(
            model=base.model,
            profile=base.profile,
            coding=base.coding,
            max_cost=base.max_cost,
            models={role: spec for role, spec in base.models.items() if role in RUN_ROLES},
            thinking=base.thinking or "",
            reproduce=base.reproduce,
            sandbox=base.sandbox,
            gpu=base.gpu,
            references="\n".join(base.references),
            blacklist="\n".join(base.blacklist),
        )
        self._fields: dict[str, ui.element] = {}
        """Name of an option -> its field."""

        self._suggestions: dict[str, ui.element] = {}
        self._remade: tuple[AffectedArtifact, ...] = ()
        """What would be made again, if the name is that of a run of this paper."""

        self._latest = 0

    def draw(self) -> None:
        """Draw the options, the cost and the start button."""
        options = self.options
        self._draw_profiles()
        with ui.element("div").classes("terms"):
            self._model("model", "Model, provider:name", options.model)
            self._fields["thinking"] = select(
                "Thinking", {"": "model’s default", **{level: level for level in LEVELS}}, options.thinking
            ).on_value_change(self._changed)
            self._fields["max_cost"] = number("Cost limit ($)", options.max_cost).on_value_change(self._changed)
            self._fields["name"] = field(
                "Name", self.web.runs_folder.new(self.paper.title.partition(":")[0].lower()[:40])
            ).on_value_change(self._changed)
        with ui.element("div").classes("terms trials"):
            self._fields["reproduce"] = ui.checkbox(
                "Run the experiments and compare with the paper’s numbers", value=options.reproduce
            ).on_value_change(self._changed)
            self._fields["budget"] = field("Time for experiments", options.budget).on_value_change(self._changed)
        self._draw_advanced()
        self.price = ui.element("div").classes("price").mark("price")
        with ui.element("div").classes("line"):
            start = button("Start the run", self.start, "main").mark("start")
            layout.key(start, "s", "start the run")
            self.error = alert()
        self.again = ui.element("div").classes("remade-warning").mark("remade")
        ui.timer(0, self.refresh, once=True)

    def _draw_profiles(self) -> None:
        with ui.element("fieldset").classes("profiles"):
            with ui.element("legend").classes("sr"):
                Label("Profile")
            for name, (title, text) in FRONT.items():
                self._profile_card(name, title, text)

    def _profile_card(self, name: Profile, title: str, text: str) -> None:
        def choose() -> None:
            self.options.profile = name
            other = self._fields["profile"]
            if isinstance(other, ui.select):
                other.set_value(name)

        with ui.element("label").classes("profile"):
            radio = ui.element("input").on("change", choose).mark(f"profile-{name}")
            radio.props.update(
                {"type": "radio", "name": "profile", "value": name, "checked": self.options.profile == name}
            )
            with ui.element("span"):
                Label(title).classes("profile-title")
                Label(text).classes("soft small")

    def _draw_advanced(self) -> None:
        options = self.options
        with ui.element("details").classes("advanced"):
            with ui.element("summary"):
                Label(
                    "Advanced: models for single steps, other profiles, order of coding, sandbox, GPU, data, references"
                )
            with ui.element("div").classes("terms"):
                self._fields["profile"] = select("Profile", PROFILES, options.profile).on_value_change(self._changed)
                self._fields["order"] = select("Files are written", CODING, options.coding).on_value_change(
                    self._changed
                )
                boxes = {**SANDBOXES, options.sandbox: SANDBOXES.get(options.sandbox, options.sandbox)}
                self._fields["sandbox"] = select("Sandbox", boxes, options.sandbox).on_value_change(self._changed)
                self._fields["gpu"] = ui.checkbox("Code may use the GPU", value=options.gpu).on_value_change(
                    self._changed
                )
            with ui.element("div").classes("terms roles"):
                for role, label in _ROLES.items():
                    otherwise = "else as above" if role in TEXT_ROLES else "else they are not read"
                    self._model(role, f"{label} ({otherwise})", options.models.get(role, ""))
            with ui.element("div").classes("terms texts"):
                for name, label, value in (
                    ("data", "Data that you have, NAME=PATH, one a line", options.data),
                    (
                        "references",
                        "Code to learn from, a git address a line",
                        options.references,
                    ),
                    ("blacklist", "Never a reference, a name or address a line", options.blacklist),
                ):
                    text = ui.textarea(label, value=value).props("outlined dense autogrow").classes("field")
                    self._fields[name] = text.on_value_change(self._changed)

    def _model(self, name: str, label: str, value: str) -> None:
        """A field for a model with suggestions, its status below, and a button for a better name."""
        with ui.element("div").classes("model-field"):
            typed = field(label, value)
            typed.props["list"] = f"models-{name}"
            choices = ui.html(self._choices(name, value), sanitize=False)

            def changed() -> None:
                choices.set_content(self._choices(name, typed.value or ""))
                self._changed()

            typed.on_value_change(changed)
            self._fields[name] = typed
            self._suggestions[name] = ui.element("div").classes("suggestion")

    def _choices(self, name: str, typed: str) -> Markup:
        found = model_suggestions(typed.strip(), self.web.settings)
        options = Markup().join(
            Markup('<option value="{}" label="{}"></option>').format(spec, status) for spec, status in found.items()
        )
        return Markup('<datalist id="models-{}">{}</datalist>').format(name, options)

    def _changed(self, _: events.ValueChangeEventArguments[object] | None = None) -> None:
        """Check again a moment after the last change."""
        self._latest += 1
        number_of_this = self._latest

        async def check() -> None:
            if number_of_this == self._latest:
                await self.refresh()

        ui.timer(0.3, check, once=True)

    def _read(self) -> RunOptions:
        """The options as they are in the fields."""
        values = {name: getattr(element, "value", None) for name, element in self._fields.items()}
        profile = next(each for each in get_args(Profile) if each == values["profile"])
        limit = values["max_cost"]
        self.options = RunOptions(
            model=str(values["model"] or "").strip(),
            profile=profile,
            coding=str(values["order"] or "parallel"),
            max_cost=float(limit) if isinstance(limit, int | float) else None,
            models={role: str(values[role] or "") for role in _ROLES},
            thinking=str(values["thinking"] or ""),
            reproduce=bool(values["reproduce"]),
            budget=str(values["budget"] or ""),
            sandbox=str(values["sandbox"] or "auto"),
            gpu=bool(values["gpu"]),
            data=str(values["data"] or ""),
            references=str(values["references"] or ""),
            blacklist=str(values["blacklist"] or ""),
        )
        return self.options

    async def refresh(self) -> None:
        """Show what is wrong beside each field, and the cost."""
        options, number_of_this = self._read(), self._latest
        notes = dict(await asyncio.to_thread(problems, options, self.web.settings, self.paper))
        if name_note := await self._name_note(options, is_valid=not any(note.problem for note in notes.values())):
            notes["name"] = name_note
        found: str | None = None
        try:
            estimated = await asyncio.to_thread(cost_estimate, options, self.web.settings, self.paper)
        except PaperCoderError as error:
            found = "" if any(note.problem for note in notes.values()) else str(error)
        if number_of_this != self._latest:
            return
        self._show_notes(notes)
        self.price.clear()
        with self.price:
            if found is not None:
                Label(for_page(found)).classes("soft")
                return
            dollars = estimated.cost_usd
            Label("Price unknown" if dollars is None else "Free" if dollars == 0 else f"About ${dollars:,.2f}").classes(
                "dollars"
            )
            Label(describe(estimated)).classes("soft")
            Label(f"Rough estimate: {estimated.note}.").classes("soft small")

    def _show_notes(self, notes: Mapping[str, Note]) -> None:
        for name, element in self._fields.items():
            note = notes.get(name, Note())
            element.props["error"] = bool(note.problem)
            element.props["error-message"] = printable(for_page(note.problem))
            element.props["hint"] = printable(for_page(note.hint))
            if name in self._suggestions:
                self._show_suggestion(name, note.suggestion)
        budget = self._fields["budget"]
        budget.props.set_bool("disable", not self.options.reproduce)
        ui.run_javascript(f"checkProfile({self.options.profile!r})")

    def _show_suggestion(self, name: str, suggestion: str) -> None:
        box, typed = self._suggestions[name], self._fields[name]
        box.clear()
        if suggestion and isinstance(typed, ui.input):
            with box:
                Label("Did you mean")
                button(suggestion, lambda: typed.set_value(suggestion)).classes("small").mark(f"use-{name}")

    async def _name_note(self, options: RunOptions, *, is_valid: bool) -> Note | None:
        """What a name means that a run has already."""
        name = str(getattr(self._fields["name"], "value", "") or "").strip()
        self._remade = ()
        if not name:
            return Note("Give the run a name.")
        if not self.web.runs_folder.is_run(name):
            return None
        folder = self.web.runs_folder.run(name)
        try:
            before = await asyncio.to_thread(load, folder, "paper.json", Paper)
        except PaperCoderError:
            return Note("There is a run with this name. Choose another name.")
        if before.title != self.paper.title:
            return Note(f"{name} is a run of another paper. Choose another name.")
        if is_valid:
            settings = options.settings(self.web.settings)
            self._remade = await asyncio.to_thread(lambda: asyncio.run(preview_settings(folder, settings)))
        return Note(hint=f"Resumes {name}, " + _remade_text(self._remade))

    async def start(self) -> None:
        """Start the run, or say what it would make again."""
        self.error.set_text("")
        self.again.clear()
        await self.refresh()
        if wrong := self._problem_fields():
            self.error.set_text(f"Correct {', '.join(wrong)} first.")
            return
        if not self._remade:
            await self._start()
            return
        with self.again, ui.element("div").classes("remark"):
            Label(f"Starting {_remade_text(self._remade)}: {', '.join(each.artifact for each in self._remade[:6])}…")
            button("Make them again", self._start, "main").mark("make-again")
            button("Cancel", self.again.clear)

    def _problem_fields(self) -> list[str]:
        labels = {"model": "the model", "max_cost": "the cost limit", "name": "the name", "budget": "the time"}
        wrong = [name for name, element in self._fields.items() if element.props.get("error")]
        return [labels.get(name, f"the {_ROLES[name].lower()}" if name in _ROLES else name) for name in wrong]

    async def _start(self) -> None:
        name = str(getattr(self._fields["name"], "value", "")).strip()
        try:
            settings = self.options.settings(self.web.settings)
            data = self.options.data_paths()
            if not self.web.runs_folder.is_run(name):
                name = self.web.runs_folder.new(name)
            await self.web.active_runs.start(name, self.source, settings, data=data)
        except PaperCoderError as error:
            self.error.set_text(str(error))
            return
        ui.navigate.to(f"/run/{name}")


def _remade_text(remade: tuple[AffectedArtifact, ...]) -> str:
    if not remade:
        return "and makes nothing again that was paid for"
    calls = round(sum(each.cost.calls for each in remade))
    known = [each.cost.cost_usd for each in remade if each.cost.cost_usd is not None]
    cost = f", {money(sum(known))} the last time" if len(known) == len(remade) else ""
    return f"makes {plural(len(remade), 'artifact')} again that were paid for ({plural(calls, 'call')}{cost})"


def draw(web: Web) -> None:
    """Draw the card; nothing if the example is not installed."""
    bundled = example()
    if bundled is None:
        return

    async def run() -> None:
        wrong.set_text("")
        try:
            await start_run(web, "kiln", str(bundled.paper), bundled.settings())
        except PaperCoderError as error:
            wrong.set_text(str(error))

    with ui.element("div").classes("card example"):
        Label(
            "Try the bundled example first: a short paper with recorded answers. No key, no cost, and its code really "
            "runs. It takes a few minutes."
        )
        layout.key(button("Run the example", run).mark("example"), "e", "run the example")
        wrong = alert()


async def start_run(web: Web, wanted: str, source: str, settings: Settings) -> None:
    """Start a run under a free name, and open its page.

    Raises:
        PaperCoderError: it cannot start.
    """
    name = web.runs_folder.new(wanted)
    await web.active_runs.start(name, source, settings)
    ui.navigate.to(f"/run/{name}")
