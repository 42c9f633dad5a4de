"""What a manifest comes to: trials, each of which holds all that is needed to carry it out, here or elsewhere."""

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

from pydantic import Field

from papercoder.artifacts import Artifact, JudgeName, StepName
from papercoder.bench.manifest.manifest import (
    SEPARATOR,
    Judge,
    Manifest,
    ModelChoice,
    PaperEntry,
    Reached,
    Resources,
    Variant,
)
from papercoder.models.simulated.spec import Simulation
from papercoder.settings import ROLES, Role, Settings


class Judging(Artifact):
    """What judges are to say of a repository."""

    judges: tuple[JudgeName, ...]
    samples: int
    gold: Path | None
    rubric: Path | None
    code_dev: bool
    settings: Settings
    """As the trial's, but that the judge is reached and paid for in its own way."""


class Trial(Artifact):
    """One paper, one variant, one model, one repeat. Its paths are absolute, and may lie on a shared folder."""

    id: str
    """Also the name of its run folder."""

    paper: str
    """The paper's id."""

    source: str
    """Where the paper is read from: a path, an arXiv id or an address."""

    addendum: Path | None = None
    variant: str
    model: str
    repeat: int
    """Counted from 1."""

    folder: Path
    """Its run folder."""

    settings: Settings
    """With all its values; where it is carried out, nothing is read from file or environment."""

    judging: Judging | None = None
    resources: dict[StepName, Resources] = Field(default_factory=dict)
    store: str | None = None


def trials(manifest: Manifest, folder: Path, **flags: object) -> tuple[Trial, ...]:
    """All trials of a manifest, each in its folder below this one; flags that are not None win over its settings.

    Raises:
        SettingsError: the settings of a variant or a model are wrong.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    return tuple(_trials(manifest, folder.resolve(), given))


def _trials(manifest: Manifest, folder: Path, flags: dict[str, object]) -> Iterator[Trial]:
    repeats = range(1, 1 + manifest.repeats)
    for paper, variant, model, repeat in product(manifest.papers, manifest.variants, manifest.models, repeats):
        name = SEPARATOR.join((paper.id, variant.name, model.name, str(repeat)))
        yield Trial(
            id=name,
            paper=paper.id,
            source=paper.paper,
            addendum=paper.addendum,
            variant=variant.name,
            model=model.name,
            repeat=repeat,
            folder=folder / name,
            settings=_with_gpus(settings_for(variant, model, manifest.judge, repeat, flags), manifest.resources),
            judging=manifest.judge and _judging(manifest.judge, paper, variant, flags),
            resources=manifest.resources,
            store=manifest.store,
        )


def _with_gpus(settings: Settings, resources: Mapping[StepName, Resources]) -> Settings:
    """Where a step takes GPUs its code may use them, unless somebody said otherwise."""
    unsaid = "gpu" not in settings.model_fields_set
    takes = any(needs.gpus for needs in resources.values())
    return settings.model_copy(update={"gpu": True}) if unsaid and takes else settings


def settings_for(
    variant: Variant, model: ModelChoice, judge: Judge | None, repeat: int = 1, flags: dict[str, object] | None = None
) -> Settings:
    """The settings of a trial; every role has its model from the manifest, whatever the user's own settings say.

    Raises:
        SettingsError: a value is wrong.
    """
    return _settings(model, variant, flags or {}, of_repeat(model.model, repeat), _models(model, judge, repeat))


def settings_of(judge: Judge, variant: Variant, flags: dict[str, object] | None = None) -> Settings:
    """The settings of who judges a trial: another server and other prices than those of the model that is judged.

    Raises:
        SettingsError: a value is wrong.
    """
    return _settings(judge, variant, flags or {}, judge.model, dict.fromkeys(ROLES, judge.model))


def _settings(
    reached: Reached, variant: Variant, flags: dict[str, object], model: str, models: dict[Role, str]
) -> Settings:
    own = reached.model_dump(include=set(Reached.model_fields), exclude_none=True)
    chosen = Settings(**{**own, **variant.overrides, **flags}, model=model, models=models)
    return chosen.model_copy(update={"prompts": chosen.prompts.absolute()}) if chosen.prompts else chosen


def _models(model: ModelChoice, judge: Judge | None, repeat: int) -> dict[Role, str]:
    makers = {role: of_repeat(model.roles.get(role, model.model), repeat) for role in ROLES}
    return {**makers, "judge": judge.model} if judge else makers


def of_repeat(spec: str, repeat: int) -> str:
    """The simulated model draws by its seed alone, so each repeat has the next one; all others as they are.

    Raises:
        SettingsError: the simulation is told what it does not know.
    """
    kind, _, knobs = spec.partition(":")
    if kind != "simulated" or repeat == 1:
        return spec
    others = [knob for knob in knobs.split(",") if knob.partition("=")[0].strip() not in {"", "seed"}]
    seed = Simulation.parse(knobs).seed + repeat - 1
    return f"simulated:{','.join([*others, f'seed={seed}'])}"


def _judging(judge: Judge, paper: PaperEntry, variant: Variant, flags: dict[str, object]) -> Judging:
    """What can be judged of a paper: against the authors' code and by a rubric only where they are there."""
    return Judging(
        judges=tuple(name for name in judge.judges if paper.gold or name != "reference-based"),
        samples=judge.samples,
        gold=paper.gold,
        rubric=paper.rubric,
        code_dev=judge.code_dev,
        settings=settings_of(judge, variant, flags),
    )
