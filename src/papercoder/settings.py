"""The user's settings, from settings files, PAPERCODER_* variables and flags; later sources take precedence.

The file `papercoder.toml` in the working directory may come with someone else's project, so it cannot set what acts
outside the project: where API keys go, what isolates code, which programs run, and what models cost.
"""

import os
import re
import tomllib
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import pydantic_settings
from pydantic import BeforeValidator, Field, JsonValue, StringConstraints, ValidationError, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from papercoder.errors import RunFolderError, SettingsError
from papercoder.files.regular import read_bytes

Role = Literal["planning", "analysis", "coding", "review", "repair", "vision", "judge"]
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
Coding = Literal["parallel", "layered"]
"""`parallel`: all files are written at once, then reconciled; `layered`: each after those that it imports."""

_ALL_ROUNDS = frozenset({"refine", "review_rounds", "repair_rounds"})
_ROUNDS: dict[Profile, frozenset[str]] = {
    "full": _ALL_ROUNDS,
    "repair": _ALL_ROUNDS,
    "review": frozenset({"refine", "review_rounds"}),
    "requirements": frozenset({"refine"}),
}
"""Profile -> the rounds in its pipeline; other profiles have none, and write files in layers."""

WITHOUT_REQUIREMENTS: frozenset[Profile] = frozenset(
    {"papercoder", "paper", "plan", "architecture", "logic", "config", "analysis"}
)
"""Profiles that find no requirements, and so read no references."""

MODEL_SPEC = r"[a-z][a-z0-9/-]*:.+"
"""`provider:name`; the provider may contain a slash, as in `gateway/openai`."""

ModelSpec = Annotated[str, StringConstraints(pattern=rf"^{MODEL_SPEC}$")]
BaseUrl = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9/-]*=)?https?://[^@\s]+$")]
Thinking = Literal["off", "low", "medium", "high"]
"""How much a model thinks before it answers."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parse_duration(text: str | float) -> float:
    """Seconds in a text such as `90s`, `45m`, `1h30m`, `2h` or `1d`; a number alone is seconds.

    Raises:
        ValueError: it is not a duration, or not positive.
    """
    words = str(text).replace(" ", "").lower()
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", words)
    if parts and "".join(map("".join, parts)) == words:
        seconds = sum(float(amount) * _UNITS[unit] for amount, unit in parts)
    elif re.fullmatch(r"\d+(\.\d+)?", words):
        seconds = float(words)
    else:
        raise ValueError(f"{text!r} is not a duration; write it as 90s, 45m, 2h or 1h30m")
    if seconds <= 0:
        raise ValueError("it must be longer than nothing")
    return seconds


Duration = Annotated[float, BeforeValidator(parse_duration)]
"""Seconds; as text `45m`, `2h`, `1h30m`."""

LEVELS: tuple[Thinking, ...] = get_args(Thinking)

SELF_HOSTED = frozenset({"litellm", "lmstudio", "ollama", "openai-compatible", "vllm"})
"""Providers whose servers users run themselves, at an address of their choice."""

LOCAL_MODELS = frozenset({"command", "recorded", "relay"})
"""Kinds of models that open folders or run programs on this machine."""

ROLES: tuple[Role, ...] = get_args(Role)
RUN_ROLES: tuple[Role, ...] = tuple(role for role in ROLES if role != "judge")
"""The roles in a run; judges evaluate its result."""

TEXT_ROLES: tuple[Role, ...] = tuple(role for role in ROLES if role != "vision")
"""The roles that have the model for all roles where they have none of their own. `vision` needs a model that reads
images, so it has a model only if one is chosen for it."""

FILE_NAME = "papercoder.toml"
_EXAMPLE = "openai:gpt-6-luna"


class Settings(BaseSettings):
    """The settings of a run. API keys are not settings; providers read them from environment variables."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="PAPERCODER_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        use_attribute_docstrings=True,
    )

    model: ModelSpec = "openai:gpt-6-luna"
    """`provider:name`, for every role without a model of its own; `vision` is off without one."""

    models: dict[Role, ModelSpec] = Field(default_factory=dict)
    """Role -> `provider:name`."""

    thinking: Thinking | None = None
    """How much models think before they answer; None: the default of the model."""

    role_thinking: dict[Role, Thinking] = Field(default_factory=dict)
    """Role -> how much its model thinks."""

    base_url: BaseUrl | None = None
    """`URL`: where the self-hosted provider is; `PROVIDER=URL`: where this one is, which then receives its API key."""

    max_cost: float | None = Field(default=None, ge=0)
    """The most that a run may cost, in dollars; None: no limit."""

    concurrency: int = Field(default=16, ge=1)
    """The most calls at the same time."""

    requests_per_minute: int | None = Field(default=None, ge=1)
    """None: no limit."""

    tokens_per_minute: int | None = Field(default=None, ge=1)
    """Prompt and completion tokens together; None: no limit."""

    idle_timeout: float = Field(default=600.0, gt=0)
    """The most seconds that a call may wait for its first or next token."""

    call_retries: int = Field(default=6, ge=0)
    """How often a call is made again after a temporary failure."""

    answer_retries: int = Field(default=2, ge=0)
    """How often an answer is requested again if it is invalid."""

    max_tokens: int = Field(default=16_000, ge=1)
    """The most completion tokens of one answer, including thinking; longer answers are continued."""

    context_window: int | None = Field(default=None, ge=1)
    """The most tokens of prompt and completion together; None: the known value of the model."""

    price_prompt: float | None = Field(default=None, ge=0)
    """Dollars for a million prompt tokens; None: the known price of the model."""

    price_cached: float | None = Field(default=None, ge=0)
    """Dollars for a million prompt tokens from the provider's cache; None: the same as `price_prompt`."""

    price_completion: float | None = Field(default=None, ge=0)
    """Dollars for a million completion tokens; None: the known price of the model."""

    refine: int = Field(default=1, ge=0)
    """Rounds of verification and revision for each planning artifact."""

    coding: Coding = "parallel"
    """`parallel`: all files are written at once, from their interfaces; `layered`: each after those that it imports."""

    review_rounds: int = Field(default=2, ge=0)
    """Rounds of review and revision of the code."""

    repair_rounds: int = Field(default=4, ge=0)
    """Rounds of repair after failed executions."""

    sandbox: Literal["auto", "bubblewrap", "docker", "subprocess", "none"] = "auto"
    """The sandbox for generated code; `subprocess` does not isolate it, `none` executes nothing."""

    reproduce: bool = False
    """Run trials within the budget after the smoke run, and compare the claims."""

    budget: Duration = 3600.0
    """How long a reproduction may take: `45m`, `2h`."""

    tables: tuple[str, ...] = ()
    """The tables whose claims a reproduction decides: `["1", "3"]`; empty: all."""

    tolerance: float = Field(default=0.05, ge=0)
    """The share of a reported value by which a measured one may differ, if the paper prints no standard deviation."""

    gpu: bool = False
    """Let generated code use this machine's GPUs, which also exposes their driver to it."""

    profile: Profile = "full"
    """The pipeline: `full`, `papercoder` as published, or the name of a stage at which the pipeline stops."""

    prompts: Path | None = None
    """A folder with prompts that replace the shipped ones of the same name."""

    references: tuple[str, ...] = ()
    """Code of other works for planning and analysis: folders, and https addresses of git repositories."""

    blacklist: tuple[str, ...] = ()
    """What must not be a reference: addresses, `owner/name`, or names of repositories."""

    def __init__(self, **given: Any) -> None:
        """Read the settings file and the environment; arguments take precedence, None counts as not given.

        Raises:
            SettingsError: a value is invalid; names the flag, the variable or the file that has it.
        """
        flags = {name: value for name, value in given.items() if value is not None}
        try:
            super().__init__(**flags)
        except ValidationError as error:
            raise SettingsError(_describe(error, flags)) from None
        except pydantic_settings.SettingsError as error:
            raise SettingsError(_unreadable_variable(error)) from None
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
        """Flags, then variables, then the file of the working directory, then that of the user."""
        own = _own_settings()
        project = _no_looser(_project_settings(), own)
        files = (InitSettingsSource(settings_cls, given) for given in (project, own))
        return init_settings, env_settings, *files

    @model_validator(mode="after")
    def _require_complete_prices(self) -> Self:
        if (self.price_prompt is None) != (self.price_completion is None):
            raise ValueError("price_prompt and price_completion must be given together")
        if self.price_cached is not None and self.price_prompt is None:
            raise ValueError("price_cached needs price_prompt and price_completion")
        return self

    def model_for(self, role: Role) -> str:
        """The model for this role, which `has` one."""
        return self.models.get(role, self.model)

    def has(self, role: Role) -> bool:
        """Whether the role has a model; `vision` has one only if it is chosen."""
        return role in TEXT_ROLES or role in self.models

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
    def unused(self) -> tuple[str, ...]:
        """A message for each setting that has no effect."""
        given = {name: getattr(self, name) for name in sorted(_missing_rounds(self.profile) & self.model_fields_set)}
        reason = f"has no effect, because the profile {self.profile} has no such rounds"
        unused = tuple(f"{name} = {number} {reason}" for name, number in given.items() if number)
        if "coding" in self.model_fields_set and self.coding == "parallel" and self.profile not in _ROUNDS:
            unused += (f"coding = parallel has no effect, because the profile {self.profile} writes files in layers",)
        if self.profile == "paper" and self.has("vision"):
            unused += ("the model for vision has no effect, because the profile paper has no planning",)
        if self.references and self.profile in WITHOUT_REQUIREMENTS:
            unused = (*unused, f"references {reason.replace('rounds', 'requirements')}")
        if self._base_url_is_unused:
            return (*unused, f"base_url = {self.base_url} has no effect, because none of the models is self-hosted")
        return unused


def _missing_rounds(profile: Profile) -> frozenset[str]:
    return _ALL_ROUNDS - _ROUNDS.get(profile, frozenset())


_RESULT_SETTINGS = frozenset(
    {
        "base_url",
        "blacklist",
        "budget",
        "coding",
        "context_window",
        "gpu",
        "profile",
        "prompts",
        "references",
        "refine",
        "repair_rounds",
        "reproduce",
        "review_rounds",
        "sandbox",
        "tables",
        "tolerance",
    }
)
"""Settings that affect the result."""

_COST_SETTINGS = frozenset(
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
"""Settings that affect the cost: a cost limit needs prices, and other values of the rest require new answers."""


def recorded_settings(settings: Settings) -> dict[str, JsonValue]:
    """The settings to record with a run, besides its models: those of its result, and changed ones of its cost."""
    names = set(_RESULT_SETTINGS - _missing_rounds(settings.profile))
    if settings.profile not in _ROUNDS:
        names.remove("coding")
    result: dict[str, JsonValue] = settings.model_dump(mode="json", include=names, exclude_none=True)
    cost: dict[str, JsonValue] = settings.model_dump(mode="json", include=set(_COST_SETTINGS), exclude_defaults=True)
    # The run may be resumed in another working directory.
    references = [str(Path(each).absolute()) if Path(each).is_dir() else each for each in settings.references]
    result["references"] = list[JsonValue](references)
    if settings.prompts:
        result["prompts"] = str(settings.prompts.absolute())
    return {name: value for name, value in result.items() if value != []} | cost


def own_file() -> Path:
    """The user's own settings file, for all working directories."""
    return config_folder() / "config.toml"


def _own_settings() -> dict[str, Any]:
    """The content of the user's own file."""
    path = own_file()
    try:
        return _parsed(path.read_bytes() if path.is_file() else b"", path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}).") from error


def _project_settings() -> dict[str, Any]:
    """The content of the file in the working directory.

    Raises:
        SettingsError: it is no TOML file, or sets what only the user may set.
    """
    try:
        project = _parsed(read_bytes(Path(), FILE_NAME) or b"", Path(FILE_NAME))
    except RunFolderError as error:
        raise SettingsError(str(error)) from error
    models = project.get("models")
    specs = [project.get("model"), *(models.values() if isinstance(models, dict) else ())]
    name = next((name for name in _OWN_SETTINGS if name in project), None)
    if any(str(spec).partition(":")[0] in LOCAL_MODELS for spec in specs):
        name = "a model that opens a folder or runs a program"
    elif project.get("sandbox") == "subprocess":
        name = "sandbox = subprocess"
    if name:
        raise SettingsError(
            f"{FILE_NAME} in the working directory sets {name}, which only you may set, because the file may come with "
            f"someone else's project. Move it to {own_file()}, or use a flag or a PAPERCODER_ variable."
        )
    return project


def _no_looser(project: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The settings of a project, which raise no cost limit of the user's own and shorten no blacklist."""
    limit, given = own.get("max_cost"), project.get("max_cost")
    blacklists = [each for each in (own.get("blacklist"), project.get("blacklist")) if isinstance(each, list)]
    if given is not None and isinstance(limit, int | float) and not (isinstance(given, int | float) and given <= limit):
        project = {**project, "max_cost": limit}
    return {**project, "blacklist": list(chain(*blacklists))} if len(blacklists) == 2 else project


def _parsed(content: bytes, path: Path) -> dict[str, Any]:
    """The settings in a file, each by its exact name: pydantic would also accept `SANDBOX`."""
    try:
        parsed = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} is not a TOML file: {error}.") from None
    if unknown := next((name for name in parsed if name not in Settings.model_fields), None):
        raise SettingsError(_unknown(f"{path}, {unknown}", unknown))
    return parsed


_OWN_SETTINGS = ("base_url", "gpu", "price_cached", "price_completion", "price_prompt", "prompts", "references")
"""Settings that act outside a project."""


def config_folder() -> Path:
    """Where the user's own settings and logins are, for all working directories."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "papercoder"


def state_folder() -> Path:
    """Where the key is with which this user signs runs."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "papercoder"


def cache_folder() -> Path:
    """Where downloads, environments and diagrams are kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "papercoder"


def parse_models(values: Iterable[str]) -> tuple[str | None, dict[Role, str]]:
    """Parse `--model` flags: `provider:name` for all roles, `role=provider:name` for one.

    Returns:
        The model for all roles, if any, and the models of single roles.

    Raises:
        SettingsError: a flag has no model, or an unknown role.
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
    """Parse `--thinking` flags: `level` for all roles, `role=level` for one.

    Returns:
        The level for all roles, if any, and the levels of single roles.

    Raises:
        SettingsError: a flag has no level, or an unknown role.
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


def _describe(error: ValidationError, flags: dict[str, Any]) -> str:
    """One sentence about the first error, without the value, which might be a secret."""
    first = error.errors(include_url=False, include_input=False)[0]
    path = [str(part) for part in first["loc"]]
    if not path:
        return f"Settings: {first['msg'].removeprefix('Value error, ')}."
    if first["type"] == "extra_forbidden":
        return _unknown(_origin(path, flags), path[-1])
    return f"{_origin(path, flags)}: {_expected(path, first['msg'])}."


def _unknown(origin: str, name: str) -> str:
    if "key" in name.lower():
        return f"{origin}: API keys are not settings; set an environment variable such as OPENAI_API_KEY."
    return f"{origin}: there is no such setting; the settings are {', '.join(Settings.model_fields)}."


def _expected(path: list[str], message: str) -> str:
    if path[-1] == "[key]":
        return f"{path[1]!r} is not a role; the roles are {', '.join(ROLES)}"
    if path[0] in {"model", "models"}:
        return f"write a model as PROVIDER:NAME, as in {_EXAMPLE}"
    if path[0] in {"thinking", "role_thinking"}:
        return f"the levels are {', '.join(LEVELS)}"
    if path[0] == "base_url":
        return "write an address as http://HOST/v1 or PROVIDER=https://HOST/v1, without a user or a password"
    message = message.removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _origin(path: list[str], flags: dict[str, Any]) -> str:
    """The flag, the variable or the file and key that the value comes from, in their order of precedence."""
    name = path[0]
    dotted = ".".join(part for part in path if part != "[key]")
    if name in flags:
        return f"--{name.replace('_', '-')}"
    prefix = f"PAPERCODER_{name}".upper()
    for variable in os.environ:
        if variable.upper() == prefix or variable.upper().startswith(f"{prefix}__"):
            return variable
    return f"{FILE_NAME if name in _project_settings() else own_file()}, {dotted}"


def _unreadable_variable(error: pydantic_settings.SettingsError) -> str:
    name = re.search(r'field "(\w+)"', str(error))
    variable = f"PAPERCODER_{name[1].upper()}" if name else "A PAPERCODER_ variable"
    return f"{variable} is not JSON; for a single model, use PAPERCODER_MODELS__CODING={_EXAMPLE}."
