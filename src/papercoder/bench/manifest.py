"""The manifest of a bench: papers, variants, models, repeats and judges; and the entries that it stands for."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, field_validator, model_validator

from papercoder.agents.prompts import Prompts, names
from papercoder.artifacts import Artifact, JudgeName, StepName
from papercoder.errors import SettingsError
from papercoder.models.catalog import TEST_MODELS
from papercoder.models.simulated.project import Simulation
from papercoder.runs.folder import digest
from papercoder.settings import ROLES, TEXT_ROLES, Duration, ModelSpec, Profile, Role, Settings

SEPARATOR = "--"
"""Between the names in an entry's id; no name contains it."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([._-]?[A-Za-z0-9]+)*$", max_length=60)]
"""Safe as a folder name."""


class _Part(Artifact):
    """Strict: numbers are not accepted as text, and unknown keys are errors."""

    model_config = ConfigDict(strict=True)


class ReproductionSpec(_Part):
    """What to measure of a paper's claims, and how long that may take."""

    budget: Duration = 3600.0
    """How long all trials of an entry may take, over all processes: `45m`, `2h`."""

    diagnosis: Duration | None = None
    """How long to try other readings and suspected faults for claims that differ; None: no diagnosis."""

    claims: tuple[str, ...] = ()
    """Ids of the claims and orderings to decide; empty: all."""

    tables: tuple[str, ...] = ()
    """Anchors of the tables whose claims to decide; empty: all."""

    max_trials: int | None = Field(default=None, ge=1)
    seeds: int | None = Field(default=None, ge=1)
    """The most seeds of each kind of trial; None: all."""

    scale: float = Field(default=1.0, gt=0, le=1)
    """The share of the paper's scale at which trials run; below 1, claims are toy."""

    workers: int | None = Field(default=None, ge=1)
    """Trials of an entry that run side by side; None: its share of the machine or the cluster."""

    def updated(self, other: "ReproductionSpec") -> "ReproductionSpec":
        """With the keys that the other one gives."""
        return self.model_copy(update={name: getattr(other, name) for name in other.model_fields_set})


class PaperEntry(_Part):
    """A paper and the files that belong to it."""

    id: Name
    paper: str
    """A file or folder, or an arXiv id in quotes."""

    gold: Path | None = None
    """The folder of the authors' repository."""

    rubric: Path | None = None
    """In PaperBench's format."""

    addendum: Path | None = None
    """A text that clarifies the paper, read as its last section."""

    blacklist: Path | None = None
    """Addresses whose code a reproduction must not use, such as the authors' own. Documentation only: agents never see
    the authors' code, only judges do."""

    reproduction: ReproductionSpec | Literal[False] | None = None
    """Keys that replace those of the manifest's `reproduction`; false: none for this paper."""


class Variant(_Part):
    """Named settings; models are chosen separately."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    name: Name

    @property
    def overrides(self) -> dict[str, JsonValue]:
        """Setting -> value."""
        return self.__pydantic_extra__


class ModelAccess(_Part):
    """A model's server, limits and prices, instead of those in the user's settings."""

    base_url: str | None = None
    context_window: int | None = None
    max_tokens: int | None = None
    price_prompt: float | None = None
    price_cached: float | None = None
    price_completion: float | None = None


class ModelChoice(ModelAccess):
    """A model for all roles, or one for each role."""

    name: Name
    model: ModelSpec
    roles: dict[Role, ModelSpec] = Field(default_factory=dict)
    """Role -> model, for roles that do not use `model`."""


class Judge(ModelAccess):
    """The judges and their model."""

    model: ModelSpec
    judges: tuple[JudgeName, ...] = ("reference-free", "reference-based")
    """`reference-based` applies to papers with `gold`. Papers with a `rubric` are also graded by the rubric judge."""

    samples: int = Field(default=8, ge=1)
    """Per judge."""

    code_dev: bool = False
    """Grade only the rubric's Code Development leaves."""


class Resources(_Part):
    """What an execution step needs on a cluster."""

    cpus: float | None = Field(default=None, ge=0)
    gpus: float | None = Field(default=None, ge=0)
    """A fraction of one GPU, or a whole number."""

    memory: float | None = Field(default=None, gt=0)
    """GiB."""

    @field_validator("gpus")
    @classmethod
    def _whole_gpus(cls, gpus: float | None) -> float | None:
        if gpus is not None and gpus > 1 and not gpus.is_integer():
            raise ValueError("more than one GPU must be a whole number")
        return gpus


class Manifest(_Part):
    """A bench. Settings that it does not give come from papercoder.toml and the environment."""

    name: Name
    papers: tuple[PaperEntry, ...] = Field(min_length=1)
    variants: tuple[Variant, ...] = Field(default=(Variant(name="full"),), min_length=1)
    models: tuple[ModelChoice, ...] = Field(min_length=1)
    repeats: int = Field(default=1, ge=1)
    """Independent runs of each paper, variant and model."""

    judge: Judge | None = None
    """None: no judges."""

    reproduction: ReproductionSpec | None = None
    """Trials and diagnosis for every paper; None: only for papers and variants that ask for them."""

    papers_at_once: int = Field(default=4, ge=1)
    """Entries that run at the same time."""

    max_cost: float | None = Field(default=None, ge=0)
    """Dollars for all entries together, over all processes that work on the bench."""

    concurrency: int = Field(default=16, ge=1)
    """Calls at the same time. This and the two below are limits of all entries together."""

    requests_per_minute: int | None = Field(default=None, ge=1)
    tokens_per_minute: int | None = Field(default=None, ge=1)
    resources: dict[StepName, Resources] = Field(default_factory=dict)
    """Execution step -> what it needs; for `--on ray`."""

    store: str | None = Field(default=None, min_length=1)
    """Object store address or folder for paid answers; None: they stay in the run folders."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for what, given in (
            ("papers have the id", [paper.id for paper in self.papers]),
            ("variants have the name", [variant.name for variant in self.variants]),
            ("models have the name", [model.name for model in self.models]),
        ):
            if duplicate := next((name for name, count in Counter(map(str.lower, given)).items() if count > 1), None):
                raise ValueError(f"two {what} {duplicate!r} (upper and lower case are equal); names must be unique")
        return self


def model_name(spec: str) -> str:
    """The name of a model that was given none: its specification, or its kind for test models."""
    kind = spec.partition(":")[0]
    return kind if kind in TEST_MODELS else re.sub(r"[^A-Za-z0-9]+", "-", spec)[:60].strip("-")


_WITH_CLAIMS: frozenset[Profile] = frozenset({"full", "requirements", "review", "repair"})


class EvaluationSpec(Artifact):
    """How judges evaluate a repository."""

    judges: tuple[JudgeName, ...]
    samples: int
    gold: Path | None
    rubric: Path | None
    code_dev: bool
    settings: Settings
    """The entry's settings, with the judge's model, server and prices."""


class Entry(Artifact):
    """One paper, variant, model and repeat. Its paths are absolute and may be on a shared file system."""

    id: str
    """Also the name of its run folder."""

    paper: str
    """The paper's id."""

    source: str
    """The paper's path, arXiv id or address."""

    addendum: Path | None = None
    variant: str
    model: str
    repeat: int
    """From 1."""

    folder: Path
    """Its run folder."""

    settings: Settings
    """Complete: nothing is read from files or the environment where the entry runs."""

    evaluation: EvaluationSpec | None = None
    reproduction: ReproductionSpec | None = None
    """None: no trials are run."""

    resources: dict[StepName, Resources] = Field(default_factory=dict)
    store: str | None = None


def entries(manifest: Manifest, folder: Path, **flags: object) -> tuple[Entry, ...]:
    """All entries of a manifest, each with a folder below this one. Flags that are not None override its settings.

    Raises:
        SettingsError: a setting of a variant or a model is invalid.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    return tuple(_entries(manifest, folder.resolve(), given))


def _entries(manifest: Manifest, folder: Path, flags: dict[str, object]) -> Iterator[Entry]:
    repeats = range(1, 1 + manifest.repeats)
    for paper, variant, model, repeat in product(manifest.papers, manifest.variants, manifest.models, repeats):
        name = SEPARATOR.join((paper.id, variant.name, model.name, str(repeat)))
        settings = _with_gpus(entry_settings(variant, model, manifest.judge, repeat, flags), manifest.resources)
        yield Entry(
            id=name,
            paper=paper.id,
            source=paper.paper,
            addendum=paper.addendum,
            variant=variant.name,
            model=model.name,
            repeat=repeat,
            folder=folder / name,
            # The bench runs the trials itself, so that entries share the machine or the cluster.
            settings=settings.model_copy(
                update={"reproduce": False, "blacklist": (*settings.blacklist, *_blacklisted(paper))}
            ),
            evaluation=manifest.judge and _evaluation(manifest.judge, paper, variant, flags),
            reproduction=_reproduction(manifest, paper, settings),
            resources=manifest.resources,
            store=manifest.store,
        )


def _blacklisted(paper: PaperEntry) -> tuple[str, ...]:
    """What must not be a reference: the lines of the paper's blacklist, which is `none` for some papers of PaperBench.

    Raises:
        SettingsError: the file cannot be read.
    """
    if paper.blacklist is None:
        return ()
    try:
        lines = paper.blacklist.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{paper.blacklist} cannot be read as text ({error}).") from error
    return tuple(line.strip() for line in lines if line.strip() not in {"", "none"} and not line.startswith("#"))


def reads_claims(settings: Settings) -> bool:
    """Whether a run with these settings reads the paper's claims, which trials decide."""
    return settings.profile in _WITH_CLAIMS


def _reproduction(manifest: Manifest, paper: PaperEntry, settings: Settings) -> ReproductionSpec | None:
    """What the paper asks for, else the manifest, else the variant's setting `reproduce`; None without claims."""
    if paper.reproduction is False or not reads_claims(settings):
        return None
    default = manifest.reproduction
    if default is None and settings.reproduce:
        default = ReproductionSpec(budget=settings.budget, diagnosis=settings.budget)
    return (default or ReproductionSpec()).updated(paper.reproduction) if paper.reproduction else default


def _with_gpus(settings: Settings, resources: Mapping[StepName, Resources]) -> Settings:
    """Allow GPUs if a step needs them and the settings do not mention GPUs."""
    needed = any(step.gpus for step in resources.values())
    return settings.model_copy(update={"gpu": True}) if needed and "gpu" not in settings.model_fields_set else settings


def entry_settings(
    variant: Variant, model: ModelChoice, judge: Judge | None, repeat: int = 1, flags: dict[str, object] | None = None
) -> Settings:
    """The settings of an entry. The models of all roles come from the manifest, never from the user's settings.

    Raises:
        SettingsError: a value is invalid.
    """
    roles = [role for role in ROLES if role in TEXT_ROLES or role in model.roles]
    models = {role: model_for_repeat(model.roles.get(role, model.model), repeat) for role in roles}
    if judge:
        models["judge"] = judge.model
    return _settings(model, variant, flags or {}, model_for_repeat(model.model, repeat), models)


def judge_settings(judge: Judge, variant: Variant, flags: dict[str, object] | None = None) -> Settings:
    """The settings of an entry's judges, with the judge's own server and prices.

    Raises:
        SettingsError: a value is invalid.
    """
    return _settings(judge, variant, flags or {}, judge.model, dict.fromkeys(TEXT_ROLES, judge.model))


def _settings(
    access: ModelAccess, variant: Variant, flags: dict[str, object], model: str, models: dict[Role, str]
) -> Settings:
    own = access.model_dump(include=set(ModelAccess.model_fields), exclude_none=True)
    settings = Settings(**{**own, **variant.overrides, **flags}, model=model, models=models)
    settings = settings.model_copy(update={"models": models})  # without a role of the user's settings file
    return settings.model_copy(update={"prompts": settings.prompts.absolute()}) if settings.prompts else settings


def model_for_repeat(spec: str, repeat: int) -> str:
    """The model of a repeat: the simulated model with the next seed, since it has no other source of chance.

    Raises:
        SettingsError: an option of the simulated model is invalid.
    """
    kind, _, options = spec.partition(":")
    if kind != "simulated" or repeat == 1:
        return spec
    others = [option for option in options.split(",") if option.partition("=")[0].strip() not in {"", "seed"}]
    seed = Simulation.parse(options).seed + repeat - 1
    return f"simulated:{','.join([*others, f'seed={seed}'])}"


def _evaluation(judge: Judge, paper: PaperEntry, variant: Variant, flags: dict[str, object]) -> EvaluationSpec:
    """The judges that a paper's files allow: reference-based needs the authors' code."""
    return EvaluationSpec(
        judges=tuple(name for name in judge.judges if paper.gold or name != "reference-based"),
        samples=judge.samples,
        gold=paper.gold,
        rubric=paper.rubric,
        code_dev=judge.code_dev,
        settings=judge_settings(judge, variant, flags),
    )


_IGNORED = frozenset(
    {"max_cost", "concurrency", "requests_per_minute", "tokens_per_minute", "idle_timeout", "call_retries"}
)
"""Limits do not change what an entry produces."""

_TEX = frozenset({".tex", ".bib", ".bbl"})


def entry_digest(entry: Entry) -> str:
    """Equal for equal papers, settings, prompts, judges and reproductions; limits and time-outs do not count."""
    spec = entry.evaluation
    return digest(
        [
            _contents(Path(entry.source)) or entry.source,
            _contents(entry.addendum),
            _values_of(entry.settings),
            spec and [spec.model_dump(mode="json", exclude={"settings"}), _values_of(spec.settings)],
            _contents(spec.rubric) if spec else [],
            _sizes(spec.gold) if spec else [],
            entry.reproduction.model_dump(mode="json") if entry.reproduction else None,
        ]
    )


def _values_of(settings: Settings) -> list[JsonValue]:
    prompts = Prompts(settings.prompts)
    values: JsonValue = settings.model_dump(mode="json", exclude=set(_IGNORED))
    return [values, [prompts.text(name) for name in names()]]


def _contents(path: Path | None) -> list[tuple[str, str]]:
    """Name and digest of each input file; empty if there is none."""
    if path is None or not path.exists():
        return []
    return [(name, sha256(file.read_bytes()).hexdigest()) for name, file in sorted(_input_files(path))]


def _sizes(path: Path | None) -> list[tuple[str, int]]:
    """Name and size of each file below a folder, which may be too large to hash."""
    return [(name, file.stat().st_size) for name, file in sorted(_files_below(path))] if path else []


def _input_files(path: Path) -> Iterator[tuple[str, Path]]:
    """A file, for LaTeX also its neighbours; or all files of a folder."""
    if path.is_dir():
        yield from _files_below(path)
    elif path.suffix == ".tex":
        yield from ((file.name, file) for file in path.parent.iterdir() if file.suffix in _TEX and file.is_file())
    else:
        yield path.name, path


def _files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """All files except hidden ones."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            yield name.as_posix(), path
