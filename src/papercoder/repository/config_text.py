"""The configuration as nested YAML, every value followed by where it comes from."""

import re
import sys
from typing import Any, ClassVar

import yaml

from papercoder.artifacts import ConfigValue, ExperimentConfig, Value


def to_yaml(config: ExperimentConfig, *, smoke: bool = False) -> str:
    """The configuration as nested YAML, every value followed by where it comes from."""
    title = "Tiny settings: shows that the code runs, reproduces nothing." if smoke else "Settings of the reproduction."
    lines, open_groups = [f"# {title}"], tuple[str, ...]()
    for value in sorted_by_group(config.values):
        *groups, name = value.key.split(".")
        shared = _shared(open_groups, tuple(groups))
        lines += [f"{'  ' * depth}{_scalar(groups[depth])}:" for depth in range(shared, len(groups))]
        open_groups = tuple(groups)
        shown = value.smoke if smoke and value.smoke is not None else value.value
        source = _source(value, tiny=shown != value.value)
        lines.append(f"{'  ' * len(groups)}{_scalar(name)}: {_scalar(shown)}  # {source}")
    return "\n".join(lines) + "\n"


def sorted_by_group(values: tuple[ConfigValue, ...]) -> list[ConfigValue]:
    """The values with those of one group together, groups in the order of their first value."""
    first = dict[tuple[str, ...], int]()
    for index, value in enumerate(values):
        parts = tuple(value.key.split("."))
        for depth in range(1, len(parts) + 1):
            first.setdefault(parts[:depth], index)
    return sorted(
        values,
        key=lambda value: [first[tuple(value.key.split(".")[:depth])] for depth in range(1, value.key.count(".") + 2)],
    )


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _text(dumper: Any, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


class _OneLine(yaml.SafeDumper):
    """Writes a text with line ends in one line."""

    yaml_representers: ClassVar = {**yaml.SafeDumper.yaml_representers, str: _text}


def _scalar(value: Value) -> str:
    listed = list(value) if isinstance(value, tuple) else value
    text = yaml.dump(listed, Dumper=_OneLine, default_flow_style=True, allow_unicode=True, width=sys.maxsize).strip()
    return text.removesuffix("...").strip()


def _source(value: ConfigValue, *, tiny: bool) -> str:
    meaning = f"{_one_line(value.meaning)}; " if value.meaning else ""
    if tiny:
        return f"{meaning}tiny"
    if value.source == "requirement":
        return f"{meaning}{value.requirement}"
    if value.source == "quote":
        return f'{meaning}the paper: "{_one_line(value.quote)}"'
    others = f", else {_one_line(' or '.join(value.alternatives))}" if value.alternatives else ""
    return f"{meaning}ASSUMED{others}"


def _one_line(text: str) -> str:
    return "".join(sign for sign in re.sub(r"\s+", " ", text) if sign.isprintable()).strip()
