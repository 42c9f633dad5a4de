"""The entries of a manifest: each has all that is needed to run it, here or elsewhere, and a digest of its inputs."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import product
from pathlib import Path

from pydantic import Field, JsonValue

from papercoder.agents.prompts import Prompts, names
from papercoder.artifacts import Artifact, JudgeName, StepName
from papercoder.bench.manifest.manifest import (
    SEPARATOR,
    Judge,
    Manifest,
    ModelAccess,
    ModelChoice,
    PaperEntry,
    ReproductionSpec,
    Resources,
    Variant,
)
from papercoder.errors import SettingsError
from papercoder.models.simulated.project import Simulation
from papercoder.runs.folder import digest
from papercoder.settings import ROLES, TEXT_ROLES, Profile, Role, Settings

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
