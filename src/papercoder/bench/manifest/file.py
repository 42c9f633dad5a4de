"""From a file to the manifest; one clear sentence for whatever is wrong in it, and where."""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from papercoder.agents.prompts import Prompts
from papercoder.bench.manifest.manifest import Judge, Manifest, ModelChoice, PaperEntry, Variant, model_name
from papercoder.bench.manifest.trials import settings_for, settings_of
from papercoder.errors import SettingsError
from papercoder.paper.arxiv import parse_id
from papercoder.runs.folder import read_text
from papercoder.settings import Settings

_OF_ALL = frozenset({"max_cost", "concurrency", "requests_per_minute", "tokens_per_minute"})
_OF_MODELS = frozenset({"model", "models", "base_url", "context_window"})
_WITH_A_FOLDER = ("recorded", "relay")
_OF_FOLDERS = ("file", "local")
"""Kinds of addresses."""


def example() -> str:
    """A manifest to begin with, with its comments."""
    return files("papercoder.bench").joinpath("manifests", "ablation.yaml").read_text(encoding="utf-8")


def load_manifest(path: Path) -> Manifest:
    """Read a manifest; paths in it are relative to its folder, and come back absolute.

    Raises:
        SettingsError: it is missing, or something in it is wrong.
    """
    text = None if path.is_dir() else read_text(path)
    if text is None:
        raise SettingsError(f"{path}: there is no such manifest; `papercoder bench example` shows one.")
    try:
        content = yaml.load(text, Loader=_Loader)  # noqa: S506, it is a safe loader
        manifest = Manifest.model_validate_json(json.dumps(_spelled_out(content), default=str))
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}{_line(error)}") from None
    except ValidationError as error:
        raise SettingsError(f"{path}{_complaint(error)}") from None
    except ValueError:
        raise SettingsError(f"{path}: a part of it stands within itself; write it out without `*`.") from None
    resolved = _resolved(manifest, path.resolve().parent)
    if mistake := next(_mistakes(resolved), None):
        raise SettingsError(f"{path}, {mistake}")
    return resolved


def _spelled_out(content: Any) -> Any:
    """A model's specification alone is a choice of it, and a choice without a name is called by its model."""
    if not isinstance(content, dict) or "models" not in content:
        return content
    given = content["models"]
    return {**content, "models": [_choice(one) for one in (given if isinstance(given, list) else [given])]}


def _choice(given: Any) -> Any:
    fields = {"model": given} if isinstance(given, str) else given
    if isinstance(fields, dict) and isinstance(fields.get("model"), str):
        return {"name": model_name(fields["model"]), **fields}
    return fields


class _Loader(yaml.SafeLoader):
    """Refuses a name that is given twice, of which YAML would take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping; names are compared as they are written."""
        seen = set[str]()
        for key, _ in node.value:
            name = str(key.value)
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a name in it is no plain text", key.start_mark)
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{name!r} is given twice", key.start_mark)
            seen.add(name)
        return {str(name): value for name, value in super().construct_mapping(node, deep).items()}


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return f"{where}: {getattr(error, 'problem', None) or 'it is no YAML'}; write it as in `papercoder bench example`."


def _complaint(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ", ".join(f"entry {part + 1}" if isinstance(part, int) else str(part) for part in first["loc"])
    return f"{f', {place}' if place else ''}: {_wanted(first['type'], str(first['msg']))}."


def _wanted(kind: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return "there is no such name here; `papercoder bench example` shows those that there are"
        case "missing":
            return "it is missing"
        case "string_type":
            return "it must be text; write it in quotes"
        case "string_pattern_mismatch" if "A-Za-z0-9" in message:
            return "a name has letters and digits, with single `.`, `_` or `-` between them; folders are named for it"
        case "string_pattern_mismatch":
            return "a model is written provider:name, as in openai:gpt-6-luna"
        case _:
            text = message.removeprefix("Value error, ")
            return text[0].lower() + text[1:]


def _resolved(manifest: Manifest, folder: Path) -> Manifest:
    papers = tuple(_paper(paper, folder) for paper in manifest.papers)
    models = tuple(_model(model, folder) for model in manifest.models)
    judge = manifest.judge
    judge = judge.model_copy(update={"model": _spec(judge.model, folder)}) if judge else None
    variants = tuple(_variant(variant, folder) for variant in manifest.variants)
    store = _shared(manifest.store, folder) if manifest.store else None
    return manifest.model_copy(
        update={"papers": papers, "models": models, "judge": judge, "variants": variants, "store": store}
    )


def _shared(store: str, folder: Path) -> str:
    """An address as it is; a folder, which is read on other machines too, with all of its path."""
    kind, address, rest = store.partition("://")
    if address and kind not in _OF_FOLDERS:
        return store
    return f"file://{folder / (rest if address else store)}"


def _paper(paper: PaperEntry, folder: Path) -> PaperEntry:
    named = {name: getattr(paper, name) for name in ("gold", "rubric", "addendum", "blacklist")}
    source = folder / paper.paper
    given = paper.paper if parse_id(paper.paper) and not source.exists() else str(source)
    return paper.model_copy(update={"paper": given, **{name: folder / at for name, at in named.items() if at}})


def _model(model: ModelChoice, folder: Path) -> ModelChoice:
    roles = {role: _spec(spec, folder) for role, spec in model.roles.items()}
    return model.model_copy(update={"model": _spec(model.model, folder), "roles": roles})


def _spec(spec: str, folder: Path) -> str:
    kind, _, rest = spec.partition(":")
    return f"{kind}:{folder / rest}" if kind in _WITH_A_FOLDER else spec


def _variant(variant: Variant, folder: Path) -> Variant:
    prompts = variant.overrides.get("prompts")
    values = {**variant.overrides, "prompts": str(folder / prompts)} if isinstance(prompts, str) else variant.overrides
    return Variant(name=variant.name, **values)


def _mistakes(manifest: Manifest) -> Iterator[str]:
    if manifest.store and manifest.store.startswith("memory:"):
        yield "store: what is kept in memory is gone with its process; name a folder or an object store."
    for paper in manifest.papers:
        yield from _missing(paper)
    for variant in manifest.variants:
        yield from _wrong_settings(manifest, variant)
        yield from _wrong_judge(manifest.judge, variant) if manifest.judge else ()
    for model in manifest.models:
        yield from _equal_repeats(model, manifest.repeats)


def _missing(paper: PaperEntry) -> Iterator[str]:
    named = {"gold": paper.gold, "rubric": paper.rubric, "addendum": paper.addendum, "blacklist": paper.blacklist}
    source = None if parse_id(paper.paper) else Path(paper.paper)
    for name, path in {"paper": source, **named}.items():
        if path and not path.exists():
            yield f"papers, {paper.id}, {name}: {path} does not exist; paths are relative to the manifest."
    if paper.gold and paper.gold.is_file():
        yield f"papers, {paper.id}, gold: {paper.gold} is a file; it must be the folder of the authors' repository."
    for name in ("rubric", "addendum", "blacklist"):
        if (path := named[name]) and path.is_dir():
            yield f"papers, {paper.id}, {name}: {path} is a folder; it must be a file."


def _wrong_settings(manifest: Manifest, variant: Variant) -> Iterator[str]:
    for name in variant.overrides:
        if name in _OF_ALL:
            yield f"variants, {variant.name}, {name}: it holds for all trials together; write it beside `variants`."
        if name in _OF_MODELS:
            yield f"variants, {variant.name}, {name}: write it in an entry of `models`."
        if name not in Settings.model_fields:
            yield f"variants, {variant.name}, {name}: there is no such setting."
    for model in manifest.models:
        try:
            Prompts(settings_for(variant, model, manifest.judge).prompts)
        except SettingsError as error:
            yield f"variants, {variant.name}, with the model {model.name}: {str(error).removeprefix('--')}"


def _wrong_judge(judge: Judge, variant: Variant) -> Iterator[str]:
    try:
        settings_of(judge, variant)
    except SettingsError as error:
        yield f"judge: {str(error).removeprefix('--')}"


def _equal_repeats(model: ModelChoice, repeats: int) -> Iterator[str]:
    specs = [model.model, *model.roles.values()]
    if repeats > 1 and any(spec.startswith("recorded:") for spec in specs):
        yield f"repeats: {model.name} is a recording and says the same each time; set repeats to 1."
