"""The keys of a settings file, with the lines that they stand on."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import yaml

from papercoder.text.yaml_text import InvalidYaml, compose_yaml

Keys = tuple[str, ...]
"""The path to a setting. In a pattern, `*` matches one key or index, and a leading `**` any path."""

_NUMBER_TO_A_READER = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")


@dataclass(frozen=True)
class Setting:
    """A key and its value."""

    keys: Keys
    line: int
    kind: str
    """The type that YAML reads: `map`, `seq`, `str`, `int`, `float`, `bool` or `null`."""

    text: str = ""
    is_plain: bool = False
    """Whether it is a scalar without quotation marks."""

    @property
    def is_misread(self) -> bool:
        """Whether it looks like a number but YAML reads a string, such as `1e-4`."""
        return self.kind == "str" and self.is_plain and bool(_NUMBER_TO_A_READER.fullmatch(self.text))


@dataclass(frozen=True)
class SettingsFile:
    """All settings of a file."""

    path: str
    settings: dict[Keys, Setting]

    @property
    def leaves(self) -> tuple[Setting, ...]:
        """The settings with a scalar value."""
        return tuple(item for item in self.settings.values() if item.kind not in {"map", "seq"})

    def has(self, pattern: Keys) -> bool:
        """Whether any setting matches the pattern."""
        return not pattern or any(fits(pattern, keys) for keys in self.settings)

    def is_open(self, pattern: Keys) -> bool:
        """Whether the value is empty or null, so that its keys are unknown."""
        below = {keys[:-1] for keys in self.settings}
        found = [item for keys, item in self.settings.items() if fits(pattern, keys)]
        return any(item.kind == "null" or (item.kind in {"map", "seq"} and item.keys not in below) for item in found)


class UnreadableSettings(Exception):
    """The file is not a valid YAML mapping."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def read_settings(path: str, text: str) -> SettingsFile:
    """Read the keys of a YAML file without constructing objects.

    Raises:
        UnreadableSettings: it is not a valid YAML mapping.
    """
    try:
        node = compose_yaml(text)
    except InvalidYaml as failure:
        raise UnreadableSettings(failure.line, str(failure)) from failure
    if not isinstance(node, yaml.MappingNode):
        raise UnreadableSettings(1, "it is not a mapping of keys to values")
    settings: dict[Keys, Setting] = {}
    for setting in _settings(node):
        settings.setdefault(setting.keys, setting)
    return SettingsFile(path, settings)


def _settings(root: yaml.MappingNode) -> Iterator[Setting]:
    left: list[tuple[Keys, yaml.Node]] = [((), root)]
    while left:
        base, node = left.pop()
        for keys, child, line in _children(base, node):
            if keys != base:
                kind = child.tag.rpartition(":")[2]
                is_plain = isinstance(child, yaml.ScalarNode) and child.style is None
                yield Setting(keys, line, kind, child.value if isinstance(child, yaml.ScalarNode) else "", is_plain)
            left.append((keys, child))


def _children(base: Keys, node: yaml.Node) -> Iterator[tuple[Keys, yaml.Node, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "*"
            is_merge = key.tag == "tag:yaml.org,2002:merge"
            yield base if is_merge else (*base, name), value, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        yield from (((*base, "*"), value, value.start_mark.line + 1) for value in node.value)


def fits(pattern: Keys, keys: Keys) -> bool:
    """Whether the pattern matches this setting."""
    if pattern[:1] == ("**",):
        return len(pattern) - 1 <= len(keys) and _same(pattern[1:], keys[len(keys) - len(pattern) + 1 :])
    return len(pattern) == len(keys) and _same(pattern, keys)


def covers(pattern: Keys, keys: Keys) -> bool:
    """Whether the pattern matches this setting or one of its parents."""
    return any(fits(pattern, keys[:length]) for length in range(len(keys) + 1))


def covered(keys: Keys, patterns: Iterable[Keys]) -> bool:
    """Whether any of the patterns matches this setting or one of its parents."""
    return any(covers(pattern, keys) for pattern in patterns)


def _same(pattern: Keys, keys: Keys) -> bool:
    return all(one == other or "*" in {one, other} for one, other in zip(pattern, keys, strict=True))
