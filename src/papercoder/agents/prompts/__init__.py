"""The prompts: a Markdown file for each agent, rendered by Jinja with strict variables; a folder can override them."""

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from jinja2 import BaseLoader, Environment, StrictUndefined, Template, TemplateError, TemplateSyntaxError

from papercoder.errors import SettingsError
from papercoder.text.fences import Fenced, fence

_ENDING = ".md"


@cache
def names() -> tuple[str, ...]:
    """The names of all prompts."""
    shipped = files("papercoder.agents.prompts").iterdir()
    return tuple(sorted(file.name.removesuffix(_ENDING) for file in shipped if file.name.endswith(_ENDING)))


@dataclass(frozen=True)
class Prompts:
    """The shipped prompts; files of the same name in `overrides` replace them."""

    overrides: Path | None = None

    def __post_init__(self) -> None:
        if self.overrides is None:
            return
        if not self.overrides.is_dir():
            raise SettingsError(
                f"--prompts: {self.overrides} is not a folder. `papercoder prompts --export DIR` creates one."
            )
        unknown = {file.stem for file in self.overrides.glob(f"*{_ENDING}")} - set(names())
        if unknown:
            raise SettingsError(
                f"--prompts: {self.overrides} has {', '.join(sorted(unknown))}, which no agent uses. "
                f"The prompts are: {', '.join(names())}."
            )

    def text(self, name: str) -> str:
        """A prompt before its variables are rendered.

        Raises:
            SettingsError: there is no such prompt, or an override cannot be read.
        """
        if name not in names():
            raise SettingsError(f"There is no prompt {name!r}. The prompts are: {', '.join(names())}.")
        override = self.overrides / f"{name}{_ENDING}" if self.overrides else None
        if override and override.is_file():
            return _read(override)
        return _shipped(name)

    def render(self, name: str, **variables: object) -> str:
        """A prompt with its variables rendered.

        Raises:
            SettingsError: an override is not a template, or has a variable that its agent does not set.
        """
        try:
            return _template(self.text(name)).render(**variables).strip()
        except TemplateSyntaxError as error:
            raise SettingsError(
                f"The prompt {name}{_ENDING} is not a valid template: line {error.lineno}: {error}."
            ) from error
        except TemplateError as error:
            raise SettingsError(
                f"The prompt {name}{_ENDING}: {error}. Its variables are: {', '.join(variables)}."
            ) from error

    def export(self, folder: Path) -> tuple[Path, ...]:
        """Write every prompt into a folder, for `--prompts`; existing files are not changed.

        Raises:
            SettingsError: the folder cannot be written.
        """
        paths = {name: folder / f"{name}{_ENDING}" for name in names()}
        missing = {name: path for name, path in paths.items() if not path.exists()}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, path in missing.items():
                path.write_text(self.text(name), encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"--export: {folder} could not be written ({error.strerror}).") from error
        return tuple(missing.values())


@cache
def _shipped(name: str) -> str:
    return files("papercoder.agents.prompts").joinpath(f"{name}{_ENDING}").read_text(encoding="utf-8")


@lru_cache(maxsize=256)
def _template(text: str) -> Template:
    """The compiled template, cached: every call renders several prompts, and compiling takes longer than rendering."""
    return _environment().from_string(text)


@cache
def _environment() -> Environment:
    return Environment(
        loader=BaseLoader(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  the prompts are Markdown for a model, not HTML for a browser
        finalize=_finalize,
    )


def _finalize(value: object) -> object:
    """A variable with several lines, such as code or a log, gets a fence even if its prompt forgets it."""
    is_open = isinstance(value, str) and len(value.splitlines()) > 1 and not isinstance(value, Fenced)
    return fence(str(value)) if is_open else value


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The prompt {path} cannot be read as UTF-8 text ({error}).") from error
