"""Compares the keys that the code reads with the keys of `config.yaml` and `config.smoke.yaml`."""

import difflib
from collections.abc import Iterable, Iterator

from papercoder.artifacts.checking import Finding, error, warning
from papercoder.stages.checking.nodes import text_of
from papercoder.stages.checking.repository import Tree
from papercoder.stages.checking.settings.file import (
    Keys,
    Setting,
    SettingsFile,
    UnreadableSettings,
    covered,
    fits,
    read_settings,
)
from papercoder.stages.checking.settings.flow import Flow, Read, flow_of_settings

_CHECK = "config"
_FULL, _SMOKE = "config.yaml", "config.smoke.yaml"


def check_config(tree: Tree) -> Iterator[Finding]:
    """Compare both files with each other and with the code."""
    files: dict[str, SettingsFile] = {}
    for name in (_FULL, _SMOKE):
        if (text := tree.text(name)) is None:
            continue
        try:
            files[name] = read_settings(name, text)
        except UnreadableSettings as failure:
            yield error(_CHECK, name, failure.line, f"The file cannot be read: {failure}.", "Write it as YAML.")
    for settings in files.values():
        yield from _misread(settings)
    if _FULL in files and _SMOKE in files:
        yield from _differences(files[_FULL], files[_SMOKE])
    if _FULL in files:
        yield from _against_code(tree, files)


def _misread(settings: SettingsFile) -> Iterator[Finding]:
    for item in settings.leaves:
        if item.is_misread:
            message = f"`{item.text}` is a string in YAML, not a number."
            advice = f"Write it with a decimal point and a signed exponent: `{_with_point(item.text)}`."
            yield warning(_CHECK, settings.path, item.line, message, advice)


def _with_point(text: str) -> str:
    mantissa, _, exponent = text.lower().partition("e")
    point = mantissa if "." in mantissa else f"{mantissa}.0"
    return f"{point}e{exponent if exponent[:1] in '+-' else f'+{exponent}'}"


def _differences(full: SettingsFile, smoke: SettingsFile) -> Iterator[Finding]:
    for item in _topmost(full, smoke):
        message = f"`{_FULL}` has `{_name(item.keys)}`; `{_SMOKE}` does not."
        yield error(_CHECK, _FULL, item.line, message, f"Add it to {_SMOKE}.")
    for item in _topmost(smoke, full):
        message = f"`{_SMOKE}` has `{_name(item.keys)}`; `{_FULL}` does not."
        yield warning(_CHECK, _SMOKE, item.line, message, f"Add it to {_FULL}, or remove it.")
    for item in full.settings.values():
        other = smoke.settings.get(item.keys)
        if other and not _same_kind(item, other):
            message = f"`{_name(item.keys)}` is {other.kind} here, but {item.kind} in {_FULL}."
            yield warning(_CHECK, _SMOKE, other.line, message, "Give both the same type.")


def _topmost(one: SettingsFile, other: SettingsFile) -> Iterator[Setting]:
    """Settings that the other file lacks although it has their parent."""
    for item in one.settings.values():
        around = item.keys[:-1]
        if item.keys not in other.settings and (not around or around in other.settings) and not other.is_open(around):
            yield item


def _same_kind(one: Setting, other: Setting) -> bool:
    numbers = {"int", "float"}
    return one.kind == other.kind or "null" in {one.kind, other.kind} or {one.kind, other.kind} <= numbers


def _against_code(tree: Tree, files: dict[str, SettingsFile]) -> Iterator[Finding]:
    modules = tuple(module for module in tree.modules if not module.is_test)
    flow = flow_of_settings(modules)
    for read in sorted(flow.reads, key=lambda one: (one.path, one.line, sorted(one.patterns))):
        yield from _missing(read, files[_FULL], flow)
    if not any(finding.check == "syntax" for finding in tree.broken):
        texts = {text for module in modules for node in module.nodes if (text := text_of(node))}
        yield from _unread(files[_FULL], flow, texts)


def _missing(read: Read, settings: SettingsFile, flow: Flow) -> Iterator[Finding]:
    if any(settings.has(keys) or keys in flow.written or settings.is_open(keys[:-1]) for keys in read.patterns):
        return
    known = [keys for keys in read.patterns if settings.has(keys[:-1]) or keys[:-1] == ("**",)]
    if not known:
        return  # its parent is missing too, which is reported
    name = _name(min(known))
    advice = _similar(min(known), settings)
    if read.has_default:
        message = f"{_FULL} has no key `{name}`, so its default always applies."
        yield warning(_CHECK, read.path, read.line, message, advice)
    else:
        yield error(_CHECK, read.path, read.line, f"{_FULL} has no key `{name}`.", advice)


def _similar(pattern: Keys, settings: SettingsFile) -> str:
    beside = [keys[-1] for keys in settings.settings if fits((*pattern[:-1], "*"), keys)]
    if near := difflib.get_close_matches(pattern[-1], beside, n=1):
        return f"Read `{_name((*pattern[:-1], near[0]))}` instead, or add the key to both files."
    elsewhere = sorted(keys for keys in settings.settings if keys[-1] == pattern[-1])
    return f"Read `{_name(elsewhere[0])}` instead." if elsewhere else f"Add it to {_FULL} and to {_SMOKE}."


def _unread(settings: SettingsFile, flow: Flow, texts: set[str]) -> Iterator[Finding]:
    if not flow.reads and not flow.whole:
        yield warning(_CHECK, _FULL, 1, "No code reads this file.", "Read every setting from it.")
        return
    patterns = {keys for read in flow.reads for keys in read.patterns}
    unread = [item for item in settings.leaves if not _is_read(item.keys, patterns, flow.whole, texts)]
    for item in _grouped(unread, settings):
        message = f"No code reads `{_name(item.keys)}`."
        yield warning(_CHECK, settings.path, item.line, message, "Use it, or remove it from both files.")


def _is_read(keys: Keys, patterns: Iterable[Keys], whole: Iterable[Keys], texts: set[str]) -> bool:
    if any(fits(pattern, keys) for pattern in patterns) or covered(keys, whole):
        return True
    plain = tuple(key for key in keys if key != "*")
    return ".".join(plain) in texts or any(fits(pattern, plain) for pattern in patterns)


def _grouped(unread: list[Setting], settings: SettingsFile) -> list[Setting]:
    """The topmost settings whose values are all unread."""
    read = {item.keys for item in settings.leaves} - {item.keys for item in unread}
    used = {keys[:length] for keys in read for length in range(len(keys) + 1)}
    found: dict[Keys, Setting] = {}
    for item in unread:
        top = next((item.keys[:n] for n in range(1, len(item.keys)) if item.keys[:n] not in used), item.keys)
        found[top] = settings.settings.get(top, item)
    return list(found.values())


def _name(keys: Keys) -> str:
    return ".".join(key for key in keys if key != "**").replace(".*", "[]")
