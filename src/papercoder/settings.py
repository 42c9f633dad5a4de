"""What the user may set: papercoder.toml, then PAPERCODER_* variables, then flags; what comes later wins."""

import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import pydantic_settings
from pydantic import Field, JsonValue, StringConstraints, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from papercoder.errors import SettingsError

Role = Literal["planning", "analysis", "coding", "review", "repair", "judge"]
Profile = Literal[
    "full",
    "papercoder",
    "paper",
    "plan",
    "architecture",
    "logic",
    "config",
    "analysis",
    "requirements",
    "review",
    "repair",
]
_PLANNED, _REVIEWED = frozenset({"refine"}), frozenset({"refine", "review_rounds"})
_ROUNDS = frozenset({*_REVIEWED, "repair_rounds"})
_HAS: dict[Profile, frozenset[str]] = {
    "full": _ROUNDS,
    "repair": _ROUNDS,
    "review": _REVIEWED,
    "requirements": _PLANNED,
}
"""Profile -> the rounds that its line has; the others have none."""

ModelSpec = Annotated[str, StringConstraints(pattern=r"^[a-z-]+:.+$")]

ROLES: tuple[Role, ...] = get_args(Role)
RUN_ROLES: tuple[Role, ...] = tuple(role for role in ROLES if role != "judge")
"""The roles that a run needs; a judge comes after it."""

FILE_NAME = "papercoder.toml"


class Settings(BaseSettings):
    """All that a run can be told; keys of providers are not among it, they stay in the environment."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="PAPERCODER_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        use_attribute_docstrings=True,
    )

    model: ModelSpec = "openai:gpt-5-mini"
    """`provider:name`, for every role that has no model of its own."""

    models: dict[Role, ModelSpec] = Field(default_factory=dict)
    """Role -> `provider:name`."""

    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^@\s]+$")] | None = None
    """Where the provider's API is, where that is not the provider's usual place."""

    max_cost: float | None = Field(default=None, ge=0)
    """Dollars that a run may cost at most; None: no cap."""

    concurrency: int = Field(default=16, ge=1)
    """Calls at the same time."""

    requests_per_minute: int | None = Field(default=None, ge=1)
    """None: no limit."""

    tokens_per_minute: int | None = Field(default=None, ge=1)
    """Prompt and completion together; None: no limit."""

    call_timeout: float = Field(default=600.0, gt=0)
    """Seconds that one try of a call may take."""

    call_retries: int = Field(default=6, ge=0)
    """Further tries of a call that failed in passing."""

    answer_retries: int = Field(default=2, ge=0)
    """Times that an answer which does not fit is sent back to the model."""

    max_tokens: int = Field(default=16_000, ge=1)
    """Completion tokens of one answer, thinking included; a longer answer is continued."""

    context_window: int | None = Field(default=None, ge=1)
    """Tokens that prompt and completion may have together; None: what is known of the model."""

    price_prompt: float | None = Field(default=None, ge=0)
    """Dollars for a million prompt tokens; None: what is known of the model."""

    price_cached: float | None = Field(default=None, ge=0)
    """Dollars for a million prompt tokens read from the provider's cache; None: as `price_prompt`."""

    price_completion: float | None = Field(default=None, ge=0)
    """Dollars for a million completion tokens; None: what is known of the model."""

    refine: int = Field(default=1, ge=0)
    """Rounds of verify-and-revise for the artifacts of planning."""

    review_rounds: int = Field(default=2, ge=0)
    """Rounds of reviewing and revising the code."""

    repair_rounds: int = Field(default=4, ge=0)
    """Rounds of repairing what failed when it was run."""

    sandbox: Literal["auto", "bubblewrap", "docker", "subprocess", "none"] = "auto"
    """Where generated code runs; `subprocess` does not isolate it, `none` runs nothing."""

    reproduce: bool = False
    """Run the full reproduction too, after the smoke run."""

    gpu: bool = False
    """Let the generated code use this machine's GPUs, and with them their driver."""

    profile: Profile = "full"
    """`papercoder`: only what the paper of that name describes; the name of a step: the line up to there."""

    prompts: Path | None = None
    """A folder with prompts that replace those of the same name."""

    def __init__(self, **given: Any) -> None:
        """Read the settings file and the environment; what is given wins, None counts as not given.

        Raises:
            SettingsError: a value is wrong; says whether a flag, a variable or the file has it.
        """
        flags = {name: value for name, value in given.items() if value is not None}
        try:
            super().__init__(**flags)
        except ValidationError as error:
            raise SettingsError(_complaint(error, flags)) from None
        except pydantic_settings.SettingsError as error:
            raise SettingsError(_unreadable_variable(error)) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{settings_file()} is not a TOML file: {error}.") from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flag, then variable, then file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=settings_file())

    @model_validator(mode="after")
    def _priced_in_full(self) -> Self:
        if (self.price_prompt is None) != (self.price_completion is None):
            raise ValueError("price_prompt and price_completion must be given together")
        if self.price_cached is not None and self.price_prompt is None:
            raise ValueError("price_cached needs price_prompt and price_completion")
        return self

    def model_for(self, role: Role) -> str:
        """The model that plays this role."""
        return self.models.get(role, self.model)

    @property
    def idle(self) -> tuple[str, ...]:
        """Rounds that somebody asked for and the profile has not, a sentence each."""
        asked = {name: getattr(self, name) for name in sorted(_left_out(self.profile) & self.model_fields_set)}
        told = f"is not used, since the profile {self.profile} has no such rounds"
        return tuple(f"{name} = {most} {told}" for name, most in asked.items() if most)


def _left_out(profile: Profile) -> frozenset[str]:
    return _ROUNDS - _HAS.get(profile, frozenset())


_SHAPING = frozenset(
    {
        "base_url",
        "context_window",
        "gpu",
        "profile",
        "prompts",
        "refine",
        "repair_rounds",
        "reproduce",
        "review_rounds",
        "sandbox",
    }
)


_PAYING = frozenset({"max_cost", "max_tokens", "price_cached", "price_completion", "price_prompt"})
"""An answer with other `max_tokens` is another answer to buy, and a cap cannot bind without prices."""


def remembered(settings: Settings) -> dict[str, JsonValue]:
    """What is kept of a run beside its models: the settings that shape it, and those of money that were changed."""
    shapes = set(_SHAPING - _left_out(settings.profile))
    shaping: dict[str, JsonValue] = settings.model_dump(mode="json", include=shapes, exclude_none=True)
    paying: dict[str, JsonValue] = settings.model_dump(mode="json", include=set(_PAYING), exclude_defaults=True)
    if settings.prompts:
        shaping["prompts"] = str(settings.prompts.absolute())  # the next process may work in another folder
    return shaping | paying


def settings_file() -> Path | None:
    """`papercoder.toml` in the working directory, else `papercoder/config.toml` in the user's configuration folder."""
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return next((path for path in (Path(FILE_NAME), home / "papercoder" / "config.toml") if path.is_file()), None)


def parse_models(values: Iterable[str]) -> tuple[str | None, dict[Role, str]]:
    """Read `--model` flags: `provider:name` for all roles, `role=provider:name` for one.

    Returns:
        The model for all roles, None where no flag names it, and those of single roles.

    Raises:
        SettingsError: a flag names no model, or a role that does not exist.
    """
    general: str | None = None
    models: dict[Role, str] = {}
    for value in values:
        before, equals, after = value.partition("=")
        if not equals or ":" in before:
            general = _spec(value)
        else:
            models[_role(before)] = _spec(after)
    return general, models


def _role(name: str) -> Role:
    for role in ROLES:
        if role == name.strip():
            return role
    raise SettingsError(f"--model: {name.strip()!r} is no role; the roles are {', '.join(ROLES)}.")


def _spec(text: str) -> str:
    if not re.match(r"[a-z-]+:.", text.strip()):
        raise SettingsError(f"--model: {text.strip()!r} is no model; write provider:name, as in openai:gpt-5-mini.")
    return text.strip()


def _complaint(error: ValidationError, flags: dict[str, Any]) -> str:
    """One sentence for the first thing that is wrong; never the value, which might be a secret."""
    first = error.errors(include_url=False, include_input=False)[0]
    path = [str(part) for part in first["loc"]]
    if not path:
        return f"Settings: {first['msg'].removeprefix('Value error, ')}."
    if first["type"] == "extra_forbidden":
        return _unknown(path, flags)
    return f"{_place(path, flags)}: {_wanted(path, first['msg'])}."


def _unknown(path: list[str], flags: dict[str, Any]) -> str:
    if "key" in path[-1].lower():
        return f"{_place(path, flags)}: keys are not kept in settings; export them, as in OPENAI_API_KEY."
    return f"{_place(path, flags)}: there is no such setting; the settings are {', '.join(Settings.model_fields)}."


def _wanted(path: list[str], message: str) -> str:
    if path[0] == "models" and path[-1] == "[key]":
        return f"{path[1]!r} is no role; the roles are {', '.join(ROLES)}"
    if path[0] in {"model", "models"}:
        return "a model is written provider:name, as in openai:gpt-5-mini"
    if path[0] == "base_url":
        return "an address is written http://HOST/v1 or https://HOST/v1, without a user or a password"
    return message[0].lower() + message[1:]


def _place(path: list[str], flags: dict[str, Any]) -> str:
    """The flag, the variable or the line of the file that has the value, in the order in which they win."""
    name = path[0]
    dotted = ".".join(part for part in path if part != "[key]")
    if name in flags:
        return f"--{name.replace('_', '-')}"
    prefix = f"PAPERCODER_{name}".upper()
    for variable in os.environ:
        if variable.upper() == prefix or variable.upper().startswith(f"{prefix}__"):
            return variable
    return f"{settings_file()}, {dotted}"


def _unreadable_variable(error: pydantic_settings.SettingsError) -> str:
    name = re.search(r'field "(\w+)"', str(error))
    variable = f"PAPERCODER_{name[1].upper()}" if name else "A PAPERCODER_ variable"
    return f"{variable}: it is not JSON; write for example PAPERCODER_MODELS__CODING=openai:gpt-5."
