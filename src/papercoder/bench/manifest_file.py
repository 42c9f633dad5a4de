"""Reads a manifest file. A mistake in it is reported in one sentence, with its place."""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from papercoder.agents.prompts import Prompts
from papercoder.bench.manifest import (
    Manifest,
    ModelChoice,
    PaperEntry,
    ReproductionSpec,
    Variant,
    entry_settings,
    judge_settings,
    model_name,
)
from papercoder.errors import SettingsError
from papercoder.paper.addresses import online_source
from papercoder.runs.folder import read_given_text
from papercoder.settings import Settings

_SHARED_LIMITS = frozenset({"max_cost", "concurrency", "requests_per_minute", "tokens_per_minute"})
_MODEL_SETTINGS = frozenset({"model", "models", "base_url", "context_window"})
_FOLDER_PROVIDERS = ("recorded", "relay")
_LOCAL_SCHEMES = ("file", "local")
_SPEC = ReproductionSpec.__name__
"""Pydantic has the alternatives of a value in an error's place."""


def example() -> str:
    """An example manifest, with comments."""
    return files("papercoder.bench").joinpath("manifests", "ablation.yaml").read_text(encoding="utf-8")


def load_manifest(path: Path) -> Manifest:
    """Read a manifest. Paths in it are relative to its folder; in the result they are absolute.

    Raises:
        SettingsError: the file is missing, or something in it is wrong.
    """
    text = None if path.is_dir() else read_given_text(path)
    if text is None:
        raise SettingsError(f"{path}: the manifest does not exist. `papercoder bench example` prints one.")
    try:
        content = yaml.load(text, Loader=_Loader)  # noqa: S506, a subclass of SafeLoader
        manifest = Manifest.model_validate_json(json.dumps(_with_names(content), default=str))
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}{_yaml_message(error)}") from None
    except ValidationError as error:
        raise SettingsError(f"{path}{_validation_message(error)}") from None
    except ValueError:
        raise SettingsError(f"{path}: an alias (`*`) refers to a value that contains it.") from None
    resolved = _with_absolute_paths(manifest, path.resolve().parent)
    if mistake := next(_mistakes(resolved), None):
        raise SettingsError(f"{path}, {mistake}")
    return resolved


def _with_names(content: Any) -> Any:
    """Expand models that are given as text, and name those without a name after their model."""
    if not isinstance(content, dict) or "models" not in content:
        return content
    models = content["models"]
    return {**content, "models": [_with_name(model) for model in (models if isinstance(models, list) else [models])]}


def _with_name(model: Any) -> Any:
    fields = {"model": model} if isinstance(model, str) else model
    if isinstance(fields, dict) and isinstance(fields.get("model"), str):
        return {"name": model_name(fields["model"]), **fields}
    return fields


class _Loader(yaml.SafeLoader):
    """Rejects duplicate keys, of which YAML would silently use the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping; keys are compared as text."""
        seen = set[str]()
        for key, _ in node.value:
            name = str(key.value)
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is not plain text", key.start_mark)
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key {name!r}", key.start_mark)
            seen.add(name)
        return {str(name): value for name, value in super().construct_mapping(node, deep).items()}


def _yaml_message(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return f"{where}: {getattr(error, 'problem', None) or 'not valid YAML'}. See `papercoder bench example`."


def _validation_message(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    parts = (part for part in first["loc"] if part != _SPEC)
    place = ", ".join(f"item {part + 1}" if isinstance(part, int) else str(part) for part in parts)
    return f"{f', {place}' if place else ''}: {_problem(first['type'], str(first['msg']))}."


def _problem(kind: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return "unknown key; see `papercoder bench example`"
        case "missing":
            return "this key is required"
        case "string_type":
            return "must be text; write it in quotes"
        case "string_pattern_mismatch" if "A-Za-z0-9" in message:
            return "must be letters and digits with single `.`, `_` or `-` between them; it becomes a folder name"
        case "string_pattern_mismatch":
            return "must be PROVIDER:NAME, such as openai:gpt-6-luna"
        case _:
            text = message.removeprefix("Value error, ")
            return text[0].lower() + text[1:]


def _with_absolute_paths(manifest: Manifest, folder: Path) -> Manifest:
    papers = tuple(_paper(paper, folder) for paper in manifest.papers)
    models = tuple(_model(model, folder) for model in manifest.models)
    judge = manifest.judge
    judge = judge.model_copy(update={"model": _spec(judge.model, folder)}) if judge else None
    variants = tuple(_variant(variant, folder) for variant in manifest.variants)
    store = _store(manifest.store, folder) if manifest.store else None
    return manifest.model_copy(
        update={"papers": papers, "models": models, "judge": judge, "variants": variants, "store": store}
    )


def _store(store: str, folder: Path) -> str:
    """An address unchanged; a folder as an absolute address, because other machines read it too."""
    scheme, separator, rest = store.partition("://")
    if separator and scheme not in _LOCAL_SCHEMES:
        return store
    return f"file://{folder / (rest if separator else store)}"


def _paper(paper: PaperEntry, folder: Path) -> PaperEntry:
    files = {name: getattr(paper, name) for name in ("gold", "rubric", "addendum", "blacklist")}
    path = folder / paper.paper
    source = paper.paper if online_source(paper.paper) and not path.exists() else str(path)
    return paper.model_copy(update={"paper": source, **{name: folder / file for name, file in files.items() if file}})


def _model(model: ModelChoice, folder: Path) -> ModelChoice:
    roles = {role: _spec(spec, folder) for role, spec in model.roles.items()}
    return model.model_copy(update={"model": _spec(model.model, folder), "roles": roles})


def _spec(spec: str, folder: Path) -> str:
    kind, _, rest = spec.partition(":")
    return f"{kind}:{folder / rest}" if kind in _FOLDER_PROVIDERS else spec


def _variant(variant: Variant, folder: Path) -> Variant:
    prompts = variant.overrides.get("prompts")
    values = {**variant.overrides, "prompts": str(folder / prompts)} if isinstance(prompts, str) else variant.overrides
    return Variant(name=variant.name, **values)


def _mistakes(manifest: Manifest) -> Iterator[str]:
    asks = manifest.reproduction or any(paper.reproduction for paper in manifest.papers)
    if asks and all(variant.overrides.get("sandbox") == "none" for variant in manifest.variants):
        yield "reproduction: no variant executes code, because each has `sandbox: none`."
    if manifest.store and manifest.store.startswith("memory:"):
        yield "store: memory is lost with its process. Give a folder or an object store."
    for paper in manifest.papers:
        yield from _wrong_paths(paper)
    for variant in manifest.variants:
        yield from _wrong_settings(manifest, variant)
        if manifest.judge:
            try:
                judge_settings(manifest.judge, variant)
            except SettingsError as error:
                yield f"judge: {str(error).removeprefix('--')}"
    for model in manifest.models:
        yield from _repeated_recording(model, manifest.repeats)


def _wrong_paths(paper: PaperEntry) -> Iterator[str]:
    files = {"gold": paper.gold, "rubric": paper.rubric, "addendum": paper.addendum, "blacklist": paper.blacklist}
    source = None if online_source(paper.paper) else Path(paper.paper)
    for name, path in {"paper": source, **files}.items():
        if path and not path.exists():
            yield f"papers, {paper.id}, {name}: {path} does not exist. Paths are relative to the manifest."
    if paper.gold and paper.gold.is_file():
        yield f"papers, {paper.id}, gold: {paper.gold} is a file. Give the folder of the authors' repository."
    for name in ("rubric", "addendum", "blacklist"):
        if (path := files[name]) and path.is_dir():
            yield f"papers, {paper.id}, {name}: {path} is a folder. Give a file."


def _wrong_settings(manifest: Manifest, variant: Variant) -> Iterator[str]:
    for name in variant.overrides:
        if name in _SHARED_LIMITS:
            yield f"variants, {variant.name}, {name}: applies to all entries together. Write it next to `variants`."
        if name in _MODEL_SETTINGS:
            yield f"variants, {variant.name}, {name}: write it in an item of `models`."
        if name not in Settings.model_fields:
            yield f"variants, {variant.name}, {name}: unknown setting."
    for model in manifest.models:
        try:
            Prompts(entry_settings(variant, model, manifest.judge).prompts)
        except SettingsError as error:
            yield f"variants, {variant.name}, with the model {model.name}: {str(error).removeprefix('--')}"


def _repeated_recording(model: ModelChoice, repeats: int) -> Iterator[str]:
    specs = [model.model, *model.roles.values()]
    if repeats > 1 and any(spec.startswith("recorded:") for spec in specs):
        yield f"repeats: {model.name} is a recording and always gives the same answers. Set repeats to 1."
