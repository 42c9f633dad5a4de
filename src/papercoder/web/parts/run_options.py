"""The options of a new run on the page, and what is wrong with them before anything is paid."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from papercoder.artifacts import Paper
from papercoder.errors import PaperCoderError, SettingsError
from papercoder.models.catalog import (
    PROVIDERS,
    TEST_MODELS,
    WITHOUT_PROVIDER,
    Provider,
    closest,
    current_models,
    look_up,
    nearest_provider,
    provider_of,
)
from papercoder.models.resolve import price_of_spec, provider_statuses, resolve, vision_problem
from papercoder.operations.estimate import estimate, first_call_cost
from papercoder.operations.references import is_address, require_allowed
from papercoder.paper.fidelity import Estimate
from papercoder.settings import (
    LOCAL_MODELS,
    MODEL_SPEC,
    RUN_ROLES,
    TEXT_ROLES,
    WITHOUT_REQUIREMENTS,
    Profile,
    Role,
    Settings,
    parse_duration,
)

FRONT: dict[Profile, tuple[str, str]] = {
    "full": (
        "Full pipeline",
        "Requirements with their quotes, code, review, tests, execution in a sandbox and repair.",
    ),
    "papercoder": (
        "As published",
        "Plan, analysis and code as in the PaperCoder paper. Cheaper; nothing is reviewed or executed.",
    ),
}
"""Profiles that most people choose between -> title and description."""

PROFILES: dict[str, str] = {
    "full": "full: plan, code, review, execute, repair",
    "papercoder": "papercoder: as published",
    "paper": "paper: only the paper",
    "plan": "plan: with an overall plan",
    "architecture": "architecture: with the files",
    "logic": "logic: with their order",
    "config": "config: with the configuration",
    "analysis": "analysis: with an analysis of each file",
    "requirements": "requirements: with requirements",
    "review": "review: with review",
    "repair": "repair: with execution and repair",
}
"""Profile -> label."""

CODING = {"parallel": "parallel: all at once, then reconciled", "layered": "layered: each after its imports"}
SANDBOXES = {"auto": "auto: the first that works", "bubblewrap": "bubblewrap", "docker": "docker", "none": "none"}
TEST_SUGGESTIONS = {"simulated:files=4": "test model, no key, no cost"}


@dataclass(frozen=True)
class Note:
    """What is known about a value before the start."""

    problem: str = ""
    """Why the run cannot start with it; empty if it can."""

    hint: str = ""
    suggestion: str = ""
    """A better value."""


@dataclass
class RunOptions:
    """What the user chose."""

    model: str
    profile: Profile = "full"
    max_cost: float | None = None
    models: dict[Role, str] = field(default_factory=dict)
    """Role -> model; empty: the same as for all."""

    thinking: str = ""
    reproduce: bool = False
    budget: str = "1h"
    sandbox: str = "auto"
    gpu: bool = False
    coding: str = "parallel"
    data: str = ""
    """`NAME=PATH`, one a line."""

    references: str = ""
    """Addresses of git repositories, one a line; folders only if the settings file names them."""

    blacklist: str = ""
    """What must not be a reference, one a line."""

    def settings(self, base: Settings) -> Settings:
        """The settings of the run; what was not chosen comes from `base`.

        Raises:
            SettingsError: a value is invalid, or names a folder or a program that the settings file does not name.
        """
        model = self.model.strip()
        chosen = {role: spec.strip() for role, spec in self.models.items() if spec.strip()}
        settings = Settings(
            model=model,
            models={role: model for role in RUN_ROLES if role in base.models} | chosen,
            profile=self.profile,
            coding=None if self.profile in WITHOUT_REQUIREMENTS else self.coding,
            max_cost=self.max_cost,
            thinking=self.thinking or None,
            reproduce=self.reproduce,
            budget=self.budget if self.reproduce else None,
            sandbox=self.sandbox,
            gpu=self.gpu,
            references=_lines(self.references),
            blacklist=_lines(self.blacklist),
        )
        self.require_references(base)
        for role in RUN_ROLES:
            if problem := _local_problem(settings.model_for(role), base):
                raise SettingsError(problem)
        on = {role: spec for role, spec in settings.models.items() if role in TEXT_ROLES or role in chosen}
        return settings.model_copy(update={"models": on})

    def require_references(self, base: Settings) -> None:
        """Require that each reference is an address that the blacklist does not name, or is in the settings file.

        Raises:
            SettingsError: one is not.
        """
        for each in _lines(self.references):
            if each not in base.references and not (is_address(each) and each.lower().startswith("https://")):
                raise SettingsError(
                    f"“{each}”: write the https address of a git repository. Name folders in your settings file first."
                )
            require_allowed(each, _lines(self.blacklist))

    def data_paths(self) -> dict[str, Path]:
        """Name of a data set -> its path.

        Raises:
            SettingsError: a line has another form, or nothing is at its path.
        """
        paths = {}
        for line in filter(None, map(str.strip, self.data.splitlines())):
            name, equals, path = (part.strip() for part in line.partition("="))
            if not equals or not name or not path:
                raise SettingsError(f"“{line}”: write NAME=PATH, such as digits=/data/digits.")
            if not Path(path).exists():
                raise SettingsError(f"There is nothing at the path of {name} on this machine.")
            paths[name] = Path(path)
        return paths


def _lines(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.splitlines())))


def _local_problem(spec: str, base: Settings) -> str:
    kind = spec.partition(":")[0]
    if kind in LOCAL_MODELS and spec not in {base.model, *base.models.values()}:
        return f"{kind} models use folders or programs of this machine. Name it in your settings file first."
    return ""


def model_note(spec: str, base: Settings) -> Note:
    """What is known about a typed model: a missing key, a misspelt name, its price. Nothing is sent."""
    kind, _, name = spec.partition(":")
    if not re.fullmatch(MODEL_SPEC, spec):
        return Note("Write provider:name, such as anthropic:claude-sonnet-5-5.", suggestion=_meant(spec))
    if problem := _local_problem(spec, base):
        return Note(problem)
    if kind in WITHOUT_PROVIDER:
        try:
            resolve(spec, base)
        except PaperCoderError as error:
            return Note(str(error))
        return Note(hint="A test model: no key, no cost." if kind in TEST_MODELS else "A program of this machine")
    try:
        provider = provider_of(spec)
    except SettingsError:
        nearest = nearest_provider(kind)
        return Note(f"There is no provider “{kind}”.", suggestion=f"{nearest}:{name}" if nearest else "")
    if missing := provider.missing(base):
        return Note(_missing_text(provider, missing))
    return _priced(provider, name)


def _meant(typed: str) -> str:
    """The model that someone who left out the provider may have meant; empty if none is alike."""
    plainest = sorted(PROVIDERS, key=lambda each: ("/" in each.name, bool(each.also), len(each.key_variables) != 1))
    examples = {each.example: each for each in reversed(plainest) if each.example != "MODEL"}
    if provider := next((each for each in PROVIDERS if each.name == typed.strip(":").lower()), None):
        return f"{provider.name}:{provider.example}"
    nearest = closest(typed, examples) if typed else None
    return f"{examples[nearest].name}:{nearest}" if nearest else ""


def _missing_text(provider: Provider, missing: str) -> str:
    if missing.startswith("set "):
        return f"No key: {missing} where the page was started, then start it again."
    if "base-url" in missing:
        return f"{provider.name} needs the address of its server. Set it in your settings file."
    return f"Not ready: {missing}."


def _priced(provider: Provider, name: str) -> Note:
    """The price of a model, or the nearest name if the price list does not have it."""
    ready = "ready" if provider.self_hosted or provider.subscription else "key set"
    if provider.self_hosted:
        return Note(hint=f"{provider.name} is {ready}")
    listed = look_up(provider.name, name)
    if listed.price is None:
        nearest = closest(name, [model.name for model in current_models(provider.name)])
        text = "This model is not in the price list, so a cost limit cannot be enforced."
        return Note(hint=text, suggestion=f"{provider.name}:{nearest}" if nearest and nearest != name else "")
    price = listed.price
    return Note(
        hint=f"{provider.name}: {ready} · ${price.prompt:g} in, ${price.completion:g} out per million tokens"
        + ("; the provider has announced its end" if listed.retired else "")
    )


def model_suggestions(typed: str, base: Settings) -> dict[str, str]:
    """Models to choose from -> their status: the configured providers first; all of a provider once it is typed."""
    kind, colon, _ = typed.partition(":")
    if colon and any(each.name == kind for each in PROVIDERS):
        return {f"{kind}:{model.name}": "" for model in current_models(kind)}
    statuses = sorted(provider_statuses(base), key=lambda each: bool(each.missing))
    known = {f"{each.provider}:{each.example}": each.missing or "ready" for each in statuses if each.example != "MODEL"}
    return {base.model: known.get(base.model, "from your settings"), **TEST_SUGGESTIONS, **known}


def problems(options: RunOptions, base: Settings, paper: Paper) -> Mapping[str, Note]:
    """Field -> what is known about its value; fields without a note are fine."""
    notes = {"model": model_note(options.model.strip(), base)}
    notes |= {role: model_note(spec.strip(), base) for role, spec in options.models.items() if spec.strip()}
    if problem := vision_problem(options.models.get("vision", "").strip()):
        notes["vision"] = Note(problem[0].upper() + problem[1:])
    checks: dict[str, Callable[[], object]] = {
        "budget": lambda: parse_duration(options.budget) if options.reproduce else None,
        "data": options.data_paths,
        "references": lambda: options.require_references(base),
    }
    for name, check in checks.items():
        try:
            check()
        except (ValueError, SettingsError) as error:
            notes[name] = Note(str(error))
    if options.references and options.profile in WITHOUT_REQUIREMENTS and "references" not in notes:
        notes["references"] = Note(hint="This profile has no requirements, so it does not read references.")
    try:
        notes["max_cost"] = _limit_note(options, base, paper)
    except SettingsError as error:
        if not any(note.problem for note in notes.values()):
            notes["model"] = Note(str(error))
    return notes


def _limit_note(options: RunOptions, base: Settings, paper: Paper) -> Note:
    settings = options.settings(base)
    name = settings.model_for("planning")
    price, limit = price_of_spec(name, settings), options.max_cost
    if limit is None:
        return Note(hint="No limit")
    if price is None:
        return Note(hint="Cannot be enforced: the price is unknown")
    first = first_call_cost(paper, price, settings.max_tokens)
    if first > limit:
        return Note(f"The first call alone may cost ${first:.2f}. Give a higher limit.")
    expected = cost_estimate(options, base, paper).cost_usd or 0.0
    return Note(hint=f"The run stops there; about ${expected:.2f} is expected" if expected > limit else "")


def cost_estimate(options: RunOptions, base: Settings, paper: Paper) -> Estimate:
    """What the run will take.

    Raises:
        SettingsError: a value is invalid.
    """
    settings = options.settings(base)
    name = settings.model_for("coding")
    is_published = options.profile in {"papercoder", "analysis"}
    price, figures = price_of_spec(name, settings), settings.has("vision")
    return estimate(
        paper,
        name,
        price,
        settings.refine,
        as_published=is_published,
        coding=settings.coding,
        figures=figures,
    )


def describe(estimate: Estimate) -> str:
    """The calls and tokens of a run in a sentence."""
    tokens = f"{estimate.prompt_tokens:,} prompt and {estimate.completion_tokens:,} completion tokens"
    if estimate.cost_usd is None:
        return (
            f"{estimate.calls} calls, {tokens}; the price of {estimate.model} is unknown, "
            "so a cost limit cannot be enforced."
        )
    return f"{estimate.calls} calls, {tokens}, with {estimate.model}."
