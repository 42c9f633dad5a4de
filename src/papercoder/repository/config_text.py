"""The configuration of a generated repository as text: the YAML files, and the outline that coding agents read."""

import re
import sys
from collections.abc import Iterator
from typing import Any, ClassVar

import yaml

from papercoder.artifacts import ConfigValue, ExperimentConfig, Value
from papercoder.errors import ArtifactError
from papercoder.text.yaml_text import InvalidYaml, Yaml, load_yaml


def to_yaml(config: ExperimentConfig, *, smoke: bool = False) -> str:
    """The configuration as nested YAML, with a comment that says where each value comes from."""
    title = "Tiny settings: shows that the code runs, reproduces nothing." if smoke else "Settings of the reproduction."
    lines, open_groups = [f"# {title}"], tuple[str, ...]()
    for value in sorted_by_group(config.values):
        *groups, name = value.key.split(".")
        shared = _common_length(open_groups, tuple(groups))
        lines += [f"{'  ' * depth}{_scalar(groups[depth])}:" for depth in range(shared, len(groups))]
        open_groups = tuple(groups)
        shown = value.smoke if smoke and value.smoke is not None else value.value
        source = _source(value, tiny=shown != value.value)
        lines.append(f"{'  ' * len(groups)}{_scalar(name)}: {_scalar(shown)}  # {source}")
    return "\n".join(lines) + "\n"


def sorted_by_group(values: tuple[ConfigValue, ...]) -> list[ConfigValue]:
    """The values with each group together, groups in the order of their first value."""
    first = dict[tuple[str, ...], int]()
    for index, value in enumerate(values):
        parts = tuple(value.key.split("."))
        for depth in range(1, len(parts) + 1):
            first.setdefault(parts[:depth], index)
    return sorted(
        values,
        key=lambda value: [first[tuple(value.key.split(".")[:depth])] for depth in range(1, value.key.count(".") + 2)],
    )


def _common_length(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _represent_text(dumper: Any, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


class _OneLineDumper(yaml.SafeDumper):
    """Writes a text with line breaks on one line."""

    yaml_representers: ClassVar = {**yaml.SafeDumper.yaml_representers, str: _represent_text}


def _scalar(value: Value) -> str:
    plain = list(value) if isinstance(value, tuple) else value
    text = yaml.dump(
        plain, Dumper=_OneLineDumper, default_flow_style=True, allow_unicode=True, width=sys.maxsize
    ).strip()
    return text.removesuffix("...").strip()


def _source(value: ConfigValue, *, tiny: bool) -> str:
    meaning = f"{_one_line(value.meaning)}; " if value.meaning else ""
    if tiny:
        return f"{meaning}tiny"
    if value.source == "requirement":
        return f"{meaning}{value.requirement}"
    if value.source == "quote":
        return f'{meaning}the paper: "{_one_line(value.quote)}"'
    others = f"; alternatives: {_one_line(' or '.join(value.alternatives))}" if value.alternatives else ""
    return f"{meaning}ASSUMED{others}"


def _one_line(text: str) -> str:
    return "".join(character for character in re.sub(r"\s+", " ", text) if character.isprintable()).strip()


def config_outline(text: str, config: ExperimentConfig) -> str:
    """The keys of a `config.yaml`, each with the type of its number or its word, and its meaning.

    Numbers are left out because code must not depend on them; a changed number then leaves all code as it is.

    Raises:
        ArtifactError: the user edited the text, and it is not YAML with keys.
    """
    try:
        loaded = load_yaml(text)
    except InvalidYaml as error:
        raise ArtifactError(f"repo/config.yaml, line {error.line}, is not plain YAML: {error}. Correct it.") from error
    if not isinstance(loaded, dict):
        raise ArtifactError("repo/config.yaml has no keys. Correct it, or delete it to have it made again.")
    meanings = {value.key: value.meaning for value in config.values}
    return "\n".join(_outline(loaded, meanings, ())) + "\n"


def outline_with(outline: str, values: tuple[ConfigValue, ...]) -> str:
    """An outline, followed by that of further values."""
    added = ExperimentConfig(values=values) if values else None
    return outline + config_outline(to_yaml(added), added) if added else outline


_SETTING = re.compile(r"(?P<indent> *)(?P<name>[\w.-]+):(?P<value>[^#]*)")


def settings_named_in(text: str, *others: str, list_rest: bool = False) -> str:
    """Of a `config.yaml`, or of its outline, the settings whose names occur in other texts, such as code.

    With `list_rest`, the keys of the rest follow in a comment, for agents that may add settings. A text in which a
    setting takes several lines is left as it is.
    """
    words = {word for other in others for word in re.findall(r"\w+", other)}
    kept: list[str] = []
    left: dict[str, list[str]] = {}  # group -> names
    above: list[tuple[int, str]] = []  # indentation and name of the groups around a line
    pending: list[str] = []  # their lines that are not kept yet
    for line in filter(str.strip, text.splitlines()):
        if line.startswith("#"):
            continue
        if not (found := _SETTING.match(line)):
            return text
        indent, name = len(found["indent"]), found["name"]
        above = [group for group in above if group[0] < indent]
        pending = [group for group in pending if len(group) - len(group.lstrip()) < indent]
        if not found["value"].strip():
            above.append((indent, name))
            pending.append(line)
        elif name in words:
            kept += [*pending, line]
            pending = []
        else:
            left.setdefault(".".join(group[1] for group in above), []).append(name)
    if not (kept and left):
        return text
    rest = [f"{group}.{{{', '.join(names)}}}" if group else ", ".join(names) for group, names in left.items()]
    kept.append(f"# Other keys: {', '.join(rest)}" if list_rest else "# Other settings are left out here.")
    return "\n".join(kept) + "\n"


def _outline(node: dict[str, Yaml], meanings: dict[str, str], above: tuple[str, ...]) -> Iterator[str]:
    for name, value in node.items():
        key, indent = (*above, str(name)), "  " * len(above)
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from _outline(value, meanings, key)
        else:
            meaning = meanings.get(".".join(key), "")
            yield f"{indent}{name}: {_type_of(value)}" + (f"  # {' '.join(meaning.split())}" if meaning else "")


def _type_of(value: Yaml) -> str:
    match value:
        case bool():
            return "<bool>"
        case int() | float():
            return f"<{type(value).__name__}>"
        case list():
            return f"[{', '.join(map(_type_of, value))}]"
        case dict():
            return f"{{{', '.join(f'{name}: {_type_of(inner)}' for name, inner in value.items())}}}"
        case _:
            return _scalar(value)
