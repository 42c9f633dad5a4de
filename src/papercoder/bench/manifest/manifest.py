"""The manifest: which papers, in which variants, with which models, how often; and who judges what comes out."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Self

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, field_validator, model_validator

from papercoder.artifacts import Artifact, JudgeName, StepName
from papercoder.models.catalog import TEST_MODELS
from papercoder.settings import ModelSpec, Role

SEPARATOR = "--"
"""Between the names in the id of a trial; no name has it."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([._-]?[A-Za-z0-9]+)*$", max_length=60)]
"""Safe as the name of a folder, and readable."""


class _Part(Artifact):
    """What is written by hand is taken at its word: a number is no text, and a misspelt name is a mistake."""

    model_config = ConfigDict(strict=True)


class PaperEntry(_Part):
    """A paper, and what is known of it beside."""

    id: Name
    paper: str
    """A file or folder, or an arXiv id in quotes."""

    gold: Path | None = None
    """The folder of the authors' repository."""

    rubric: Path | None = None
    """A rubric in the form of PaperBench."""

    addendum: Path | None = None
    """A text that clarifies the paper; it is read with the paper, as its last section."""

    blacklist: Path | None = None
    """Addresses that nobody may take code from who reproduces the paper: its authors' own. For whoever reads the
    results; the authors' code is shown to judges alone, and never to those who make the repository."""


class Variant(_Part):
    """A way to go: settings beside the models, by their names."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    name: Name

    @property
    def overrides(self) -> dict[str, JsonValue]:
        """Setting -> value."""
        return self.__pydantic_extra__


class Reached(_Part):
    """How a model is reached, what it holds and what it costs, where the user's settings are not to say so."""

    base_url: str | None = None
    context_window: int | None = None
    max_tokens: int | None = None
    price_prompt: float | None = None
    price_cached: float | None = None
    price_completion: float | None = None


class ModelChoice(Reached):
    """A model for all roles, or one for each."""

    name: Name
    model: ModelSpec
    roles: dict[Role, ModelSpec] = Field(default_factory=dict)
    """Role -> model, where it is another than `model`."""


class Judge(Reached):
    """Who judges, and how."""

    model: ModelSpec
    judges: tuple[JudgeName, ...] = ("reference-free", "reference-based")
    """`reference-based` judges the papers with `gold`. The rubric judge judges those with a `rubric`."""

    samples: int = Field(default=8, ge=1)
    """Of each judge."""

    code_dev: bool = False
    """Judge only the leaves of Code Development."""


class Resources(_Part):
    """What a step takes on a cluster."""

    cpus: float | None = Field(default=None, ge=0)
    gpus: float | None = Field(default=None, ge=0)
    """A share of one, or whole ones."""

    memory: float | None = Field(default=None, gt=0)
    """GiB."""

    @field_validator("gpus")
    @classmethod
    def _lent_whole(cls, gpus: float | None) -> float | None:
        if gpus is not None and gpus > 1 and not gpus.is_integer():
            raise ValueError("above 1, Ray lends whole GPUs alone")
        return gpus


class Manifest(_Part):
    """All that a bench is to do. What it leaves out of the settings, papercoder.toml and the environment say."""

    name: Name
    papers: tuple[PaperEntry, ...] = Field(min_length=1)
    variants: tuple[Variant, ...] = Field(default=(Variant(name="full"),), min_length=1)
    models: tuple[ModelChoice, ...] = Field(min_length=1)
    repeats: int = Field(default=1, ge=1)
    """Runs of each; every one is a run of its own and asks the models anew."""

    judge: Judge | None = None
    """None: nothing is judged."""

    papers_at_once: int = Field(default=4, ge=1)
    """Trials that go on at the same time."""

    max_cost: float | None = Field(default=None, ge=0)
    """Dollars for everything together, over all processes that work on it."""

    concurrency: int = Field(default=16, ge=1)
    """Calls at the same time, of all trials together; so the two below."""

    requests_per_minute: int | None = Field(default=None, ge=1)
    tokens_per_minute: int | None = Field(default=None, ge=1)
    resources: dict[StepName, Resources] = Field(default_factory=dict)
    """ExecutionStep -> what it takes; for `--on ray`."""

    store: str | None = Field(default=None, min_length=1)
    """Address of an object store that keeps what was paid for, or a folder; None: the run folders keep it."""

    @model_validator(mode="after")
    def _tells_apart(self) -> Self:
        for what, names in (
            ("papers have the id", [paper.id for paper in self.papers]),
            ("variants have the name", [variant.name for variant in self.variants]),
            ("models have the name", [model.name for model in self.models]),
        ):
            if twice := _twice(names):
                raise ValueError(f"two {what} {twice!r} (case does not count); a folder is named for it")
        return self


def model_name(spec: str) -> str:
    """How a model is called that was given no name: by its specification; a double, by its kind."""
    kind = spec.partition(":")[0]
    return kind if kind in TEST_MODELS else re.sub(r"[^A-Za-z0-9]+", "-", spec)[:60].strip("-")


def _twice(names: Iterable[str]) -> str | None:
    return next((name for name, count in Counter(map(str.lower, names)).items() if count > 1), None)
