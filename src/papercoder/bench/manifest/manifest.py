"""The manifest of a bench: papers, variants, models, repeats and judges."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, field_validator, model_validator

from papercoder.artifacts import Artifact, JudgeName, StepName
from papercoder.models.catalog import TEST_MODELS
from papercoder.settings import Duration, ModelSpec, Role

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
        for what, names in (
            ("papers have the id", [paper.id for paper in self.papers]),
            ("variants have the name", [variant.name for variant in self.variants]),
            ("models have the name", [model.name for model in self.models]),
        ):
            if duplicate := _duplicate(names):
                raise ValueError(f"two {what} {duplicate!r} (upper and lower case are equal); names must be unique")
        return self


def model_name(spec: str) -> str:
    """The name of a model that was given none: its specification, or its kind for test models."""
    kind = spec.partition(":")[0]
    return kind if kind in TEST_MODELS else re.sub(r"[^A-Za-z0-9]+", "-", spec)[:60].strip("-")


def _duplicate(names: Iterable[str]) -> str | None:
    return next((name for name, count in Counter(map(str.lower, names)).items() if count > 1), None)
