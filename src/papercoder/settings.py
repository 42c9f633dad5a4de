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

MODEL_SPEC = r"[a-z][a-z0-9/-]*:.+"
"""`provider:name`; the provider may contain a slash, as in `gateway/openai`."""

ModelSpec = Annotated[str, StringConstraints(pattern=rf"^{MODEL_SPEC}$")]
BaseUrl = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9/-]*=)?https?://[^@\s]+$")]
Thinking = Literal["off", "low", "medium", "high"]
"""How much a model thinks before it answers."""

LEVELS: tuple[Thinking, ...] = get_args(Thinking)

SELF_HOSTED = frozenset({"litellm", "lmstudio", "ollama", "openai-compatible", "vllm"})
"""Providers whose servers users run themselves, at an address of their choice."""

ROLES: tuple[Role, ...] = get_args(Role)
RUN_ROLES: tuple[Role, ...] = tuple(role for role in ROLES if role != "judge")
"""The roles that a run needs; a judge comes after it."""

FILE_NAME = "papercoder.toml"
_EXAMPLE = "openai:gpt-6-luna"


class Settings(BaseSettings):
    """What users can configure; API keys are not part of it, they stay in the environment."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="PAPERCODER_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        use_attribute_docstrings=True,
    )

    model: ModelSpec = "openai:gpt-6-luna"
    """`provider:name`, for every role that has no model of its own."""

    models: dict[Role, ModelSpec] = Field(default_factory=dict)
    """Role -> `provider:name`."""

    thinking: Thinking | None = None
    """How much models think before they answer; None: the model's default."""

    role_thinking: dict[Role, Thinking] = Field(default_factory=dict)
    """Role -> how much its model thinks."""

    base_url: BaseUrl | None = None
    """`URL`: where the self-hosted provider is; `PROVIDER=URL`: where this one is, which then receives its API key."""

    max_cost: float | None = Field(default=None, ge=0)
    """Dollars that a run may cost at most; None: no cap."""

    concurrency: int = Field(default=16, ge=1)
    """Calls at the same time."""

    requests_per_minute: int | None = Field(default=None, ge=1)
    """None: no limit."""

    tokens_per_minute: int | None = Field(default=None, ge=1)
    """Prompt and completion together; None: no limit."""

    idle_timeout: float = Field(default=600.0, gt=0)
    """Seconds that a model may be silent: without a first token, or without another one."""

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
        if "base_url" in flags and self._base_url_is_unused:
            raise SettingsError(
                f"--base-url: none of the models is self-hosted ({', '.join(sorted(self.providers))}). To send a "
                f"provider's requests and its API key to another address, write --base-url PROVIDER={self.base_url}."
            )

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
    def thinking_levels(self) -> dict[Role, Thinking]:
        """Role -> how much its model thinks; the model's default for roles that are not in it."""
        general = dict.fromkeys(ROLES, self.thinking) if self.thinking else {}
        return {**general, **self.role_thinking}

    def base_url_for(self, provider: str) -> str | None:
        """The address that the user chose for a provider; None: its usual one.

        An address without a provider's name applies to self-hosted providers only, so that no API key is sent to an
        address that was meant for another provider.
        """
        named, equals, url = (self.base_url or "").partition("=")
        if equals and ":" not in named:
            return url if named == provider else None
        return self.base_url if provider in SELF_HOSTED else None

    @property
    def providers(self) -> frozenset[str]:
        """The providers of all models."""
        return frozenset(spec.partition(":")[0] for spec in (self.model, *self.models.values()))

    @property
    def _base_url_is_unused(self) -> bool:
        return self.base_url is not None and not any(map(self.base_url_for, self.providers))

    @property
    def idle(self) -> tuple[str, ...]:
        """Rounds that somebody asked for and the profile has not, a sentence each."""
        asked = {name: getattr(self, name) for name in sorted(_left_out(self.profile) & self.model_fields_set)}
        told = f"is not used, since the profile {self.profile} has no such rounds"
        unused = tuple(f"{name} = {most} {told}" for name, most in asked.items() if most)
        if self._base_url_is_unused:
            return (*unused, f"base_url = {self.base_url} is not used, since none of the models is self-hosted")
        return unused


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


_PAYING = frozenset(
    {
        "max_cost",
        "max_tokens",
        "price_cached",
        "price_completion",
        "price_prompt",
        "role_thinking",
        "thinking",
    }
)
"""Answers depend on `max_tokens` and thinking, so resuming with other values pays again; a cap needs prices."""


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
    return next((path for path in (Path(FILE_NAME), config_folder() / "config.toml") if path.is_file()), None)


def config_folder() -> Path:
    """Where the user's own settings and logins are, for all working directories."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "papercoder"


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
            models[_role("--model", before)] = _spec(after)
    return general, models


def parse_thinking(values: Iterable[str]) -> tuple[Thinking | None, dict[Role, Thinking]]:
    """Read `--thinking` flags: `level` for all roles, `role=level` for one.

    Returns:
        The level for all roles, None where no flag names it, and those of single roles.

    Raises:
        SettingsError: a flag names no level, or a role that does not exist.
    """
    general: Thinking | None = None
    levels: dict[Role, Thinking] = {}
    for value in values:
        before, equals, after = value.partition("=")
        if equals:
            levels[_role("--thinking", before)] = _level(after)
        else:
            general = _level(value)
    return general, levels


def _role(flag: str, name: str) -> Role:
    for role in ROLES:
        if role == name.strip():
            return role
    raise SettingsError(f"{flag}: {name.strip()!r} is not a role; the roles are {', '.join(ROLES)}.")


def _spec(text: str) -> str:
    if not re.fullmatch(MODEL_SPEC, text.strip()):
        raise SettingsError(f"--model: {text.strip()!r} is not a model; write PROVIDER:NAME, as in {_EXAMPLE}.")
    return text.strip()


def _level(text: str) -> Thinking:
    for level in LEVELS:
        if level == text.strip():
            return level
    raise SettingsError(f"--thinking: {text.strip()!r} is not a level; the levels are {', '.join(LEVELS)}.")


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
    if path[-1] == "[key]":
        return f"{path[1]!r} is not a role; the roles are {', '.join(ROLES)}"
    if path[0] in {"model", "models"}:
        return f"write a model as PROVIDER:NAME, as in {_EXAMPLE}"
    if path[0] in {"thinking", "role_thinking"}:
        return f"the levels are {', '.join(LEVELS)}"
    if path[0] == "base_url":
        return "write an address as http://HOST/v1 or PROVIDER=https://HOST/v1, without a user or a password"
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
    return f"{variable}: it is not JSON; write for example PAPERCODER_MODELS__CODING={_EXAMPLE}."
