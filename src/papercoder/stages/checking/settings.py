"""The keys of the configuration files, and where the code reads them: a data flow over names, attributes and calls.

The order of statements is ignored: a name means everything that is ever assigned to it. A value that leaves the
repository's code, and a key that is computed, count as read in full, so that no used key is reported as unread.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from papercoder.artifacts.coding import Finding, error, warning
from papercoder.stages.checking.definitions import Definition, Definitions, definitions, nearest
from papercoder.stages.checking.repository import (
    Keys,
    Module,
    Setting,
    SettingsFile,
    Tree,
    UnreadableSettings,
    called,
    covered,
    dotted,
    fits,
    read_settings,
    text_of,
)

Patterns = frozenset[Keys]
NONE: Patterns = frozenset()


@dataclass(frozen=True)
class Read:
    """A key that the code reads."""

    patterns: Patterns
    path: str
    line: int
    has_default: bool = False


@dataclass(eq=False)
class Flow:
    """Which names, attributes and return values hold which settings, and what was read. Facts are only added."""

    known: Definitions
    settings: SettingsFile
    names: dict[tuple[object, str], Patterns] = field(default_factory=dict)
    """(function, module or class name; variable or attribute) -> settings."""

    returned: dict[object, Patterns] = field(default_factory=dict)
    reads: set[Read] = field(default_factory=set)
    whole: set[Keys] = field(default_factory=set)
    """Read with everything below."""

    written: set[Keys] = field(default_factory=set)
    grown: int = 0
    _with_keys: dict[Keys, bool] = field(default_factory=dict)

    def below(self, patterns: Patterns, key: str) -> Patterns:
        """The settings of this key in these, where these can have keys.

        A number has none, so attributes of what was computed from settings, such as layers of a model, are no settings.
        """
        return frozenset((*keys, key) for keys in patterns if len(keys) < _DEEPEST and self._has_keys(keys))

    def _has_keys(self, pattern: Keys) -> bool:
        if pattern not in self._with_keys:
            self._with_keys[pattern] = self.settings.has_keys(pattern)
        return self._with_keys[pattern] or pattern in self.written

    def learn(self, scope: object, name: str, patterns: Patterns) -> None:
        """Record that a variable may hold these settings."""
        before = self.names.get((scope, name), NONE)
        if not patterns <= before:
            self.names[scope, name] = before | patterns
            self.grown += 1

    def learn_return(self, function: object, patterns: Patterns) -> None:
        """Record that a function may return these settings."""
        before = self.returned.get(function, NONE)
        if not patterns <= before:
            self.returned[function] = before | patterns
            self.grown += 1


_LOADERS = frozenset(
    {"OmegaConf.load", "safe_load", "yaml.full_load", "yaml.load", "yaml.safe_load", "yaml.unsafe_load"}
)  # fmt: skip
_SAME = frozenset(
    {"Box", "ConfigDict", "DotMap", "EasyDict", "MappingProxyType", "Munch", "Namespace", "OmegaConf",
     "SimpleNamespace", "cast", "copy", "create", "deepcopy", "dict", "edict", "munchify", "to_container"}
)  # fmt: skip
"""Calls that return their argument in another form."""

_DISPLAY = re.compile(
    r"(.*\.)?(open|print|pprint|dump|dumps|safe_dump|len|str|repr|isinstance|type|debug|info|warning|error|log|to_yaml"
    r"|hasattr|bool)"
)
"""Calls that display or inspect a value without using it."""

_METHODS = frozenset({"items", "keys", "values", "copy", "update", "get", "pop", "setdefault"})
_CONFIG_NAME = re.compile(r"(.*_)?(config|cfg|conf|hparams|settings)")
_OPTIONS = re.compile(r"(.*_)?(args?|arguments|opts?|options|parsed|namespace|cli)")
_ANY_DICT = re.compile(
    r"(.*\.)?(dict|Dict|Mapping|MutableMapping|Any|DictConfig|Namespace|SimpleNamespace|Config|Settings)\b.*"
)
_DEEPEST = 8
"""Keys; it bounds loops such as `node = node["child"]`."""


def may_be_settings(name: str, annotation: str) -> bool:
    """Whether a parameter's name suggests settings, and its annotation does not contradict."""
    return bool(_CONFIG_NAME.fullmatch(name)) and bool(_ANY_DICT.fullmatch(annotation or "Any"))


@dataclass(frozen=True, eq=False)
class Scope:
    """The body of a module, or of a function in it."""

    flow: Flow
    module: Module
    definition: Definition | None

    @property
    def _owner(self) -> str:
        """The class of `self` in the body, or empty."""
        return self.definition.owner.name if self.definition and self.definition.owner else ""

    def run(self, body: Iterable[ast.AST]) -> None:
        """Follow all statements; their order does not matter."""
        for statement in body:
            self._statement(statement)

    def _statement(self, node: ast.AST) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return  # a scope of its own
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, value)
            case ast.For(target=target, iter=iterated):
                self._loop(target, iterated)
                self.run((*node.body, *node.orelse))
            case ast.Return(value=ast.expr() as value) if self.definition:
                self.flow.learn_return(self.definition.node, self.value(value))
            case ast.expr():
                self.use(node)
            case _:
                self.run(ast.iter_child_nodes(node))

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
            for one, other in zip(target.elts, value.elts, strict=False):
                self._assign(one, other)
            return
        self._bind(target, self.value(value))

    def _bind(self, target: ast.expr, patterns: Patterns) -> None:
        match target:
            case ast.Name(id=name):
                self.flow.learn(self.definition.node if self.definition else self.module, name, patterns)
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if self._owner:
                self.flow.learn(self._owner, name, patterns)
            case ast.Subscript(value=base, slice=ast.Constant(value=str(key))):
                self.flow.written |= {(*keys, key) for keys in self.value(base)}
                self.flow.whole |= patterns
            case _:
                self.flow.whole |= patterns

    def _loop(self, target: ast.expr, iterated: ast.expr) -> None:
        """A loop, of a statement or inside an expression."""
        pair = target.elts if isinstance(target, ast.Tuple) and len(target.elts) == 2 else None
        match iterated:
            case ast.Call(func=ast.Attribute(value=base, attr="items")) if pair and (found := self.value(base)):
                self.flow.whole |= found
                self._bind(pair[1], self.flow.below(found, "*"))
            case ast.Call(func=ast.Name(id="enumerate"), args=[first, *_]) if pair:
                self._loop(pair[1], first)
            case _:
                found = self.value(iterated)
                self._bind(target, self.flow.below(found, "*"))
                self.flow.whole |= NONE if isinstance(target, ast.Name) else found

    def use(self, node: ast.expr) -> None:
        """Follow an expression whose value is not tracked further, so it counts as read in full."""
        self.flow.whole |= self.value(node)

    def value(self, node: ast.expr) -> Patterns:
        """The settings that an expression holds; also records what it reads."""
        match node:
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Call():
                return self._call(node)
            case ast.NamedExpr(target=target, value=inner):
                self._assign(target, inner)
                return self.value(target)
            case ast.IfExp() | ast.BoolOp():
                return self._either(node)
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[right]) if key := text_of(left):
                self._read(self.flow.below(self.value(right), key), node, has_default=True)
                return NONE
        return self._parts(node)

    def _either(self, node: ast.IfExp | ast.BoolOp) -> Patterns:
        if isinstance(node, ast.IfExp):
            self.use(node.test)
            return self.value(node.body) | self.value(node.orelse)
        return NONE.union(*map(self.value, node.values))

    def _parts(self, node: ast.expr) -> Patterns:
        """An expression that is not a setting, although its parts may be."""
        children = list(ast.iter_child_nodes(node))
        for child in children:
            if isinstance(child, ast.comprehension):
                self._loop(child.target, child.iter)
                children += child.ifs
        for child in children:
            if isinstance(child, ast.expr):
                self.use(child)
        return NONE

    def _name(self, name: str) -> Patterns:
        around = self.definition.around if self.definition else ()
        known = (self.flow.names.get((scope, name)) for scope in (*around, self.module))
        return next((patterns for patterns in known if patterns), NONE)

    def _attribute(self, node: ast.Attribute) -> Patterns:
        base = dotted(node.value)
        if base == "self" and self._owner:
            lines = self.flow.known.lineage(self._owner)
            return NONE.union(*(self.flow.names.get((name, node.attr), NONE) for name in lines))
        if found := self.value(node.value):
            below = self.flow.below(found, node.attr)
            self._read(below, node)
            return below
        if _CONFIG_NAME.fullmatch(node.attr) and not _OPTIONS.fullmatch(base):
            return NONE.union(*(keys for (_, name), keys in self.flow.names.items() if name == node.attr))
        return NONE

    def _subscript(self, node: ast.Subscript) -> Patterns:
        found = self.value(node.value)
        key = text_of(node.slice)
        if key is None:
            self.use(node.slice)
            self.flow.whole |= NONE if isinstance(node.slice, ast.Constant) else found
            return self.flow.below(found, "*")
        below = self.flow.below(found, key)
        if isinstance(node.ctx, ast.Load):
            self._read(below, node)
        return below

    def _read(self, patterns: Patterns, node: ast.expr, has_default: bool = False) -> None:
        if patterns:
            self.flow.reads.add(Read(patterns, str(self.module.path), node.lineno, has_default))

    def _call(self, node: ast.Call) -> Patterns:
        name, known = called(node), self.flow.known
        last = name.rpartition(".")[2]
        if name in _LOADERS:
            return frozenset({()})
        if isinstance(node.func, ast.Attribute) and dotted(node.func.value) != "self":
            found = self.value(node.func.value)
            if found and node.func.attr in _METHODS:
                return self._method(node, found)
            self.flow.whole |= found
        if last in _SAME or known.is_mapping_like(last):
            self._enter(node)
            return NONE.union(*map(self.value, _given(node)))
        if known.called_by(node, self._owner):
            return self._enter(node)
        return self._leave(node, last)

    def _leave(self, node: ast.Call, last: str) -> Patterns:
        """A call of code outside the repository, or of a class without `__init__`."""
        if last in self.flow.known.classes:
            self._fields(node, last)
            return NONE
        given = [self.value(item) for item in _given(node)]
        self.flow.whole |= NONE if _DISPLAY.fullmatch(called(node)) else NONE.union(*given)
        return NONE

    def _method(self, node: ast.Call, found: Patterns) -> Patterns:
        """A dictionary method, called on settings."""
        method = dotted(node.func).rpartition(".")[2] or getattr(node.func, "attr", "")
        key = text_of(node.args[0]) if node.args else None
        for item in node.args[1:]:
            self.use(item)
        if method in {"get", "pop", "setdefault"} and key:
            below = self.flow.below(found, key)
            self._read(below, node, has_default=len(node.args) + len(node.keywords) > 1)
            return below
        if method == "copy":
            return found
        self.flow.whole |= found
        return self.flow.below(found, "*")

    def _enter(self, node: ast.Call) -> Patterns:
        """Pass the arguments to the parameters of possible targets; returns what they may return."""
        for position, item in enumerate(node.args):
            starred = isinstance(item, ast.Starred)
            patterns = self.value(item.value if isinstance(item, ast.Starred) else item)
            self._hand_over(node, patterns, None if starred else position, None)
        for word in node.keywords:
            self._hand_over(node, self.value(word.value), None, word.arg)
        targets = self.flow.known.called_by(node, self._owner)
        return NONE.union(*(self.flow.returned.get(target.node, NONE) for target in targets))

    def _hand_over(self, node: ast.Call, patterns: Patterns, position: int | None, word: str | None) -> None:
        for target in self.flow.known.called_by(node, self._owner) if patterns else ():
            if parameter := _parameter(target, position, word):
                self.flow.learn(target.node, parameter, patterns)
            elif position is None and word is None:  # `**settings`: each key is passed to the parameter of that name
                self.flow.whole |= patterns
                for name in target.keywords:
                    self.flow.learn(target.node, name, self.flow.below(patterns, name))
            else:
                self.flow.whole |= patterns

    def _fields(self, node: ast.Call, name: str) -> None:
        """Arguments of a dataclass become its attributes."""
        for item in node.keywords:
            if item.arg is None:
                self.use(item.value)
            else:
                self.flow.learn(name, item.arg, self.value(item.value))
        for argument in node.args:
            self.use(argument)


def _given(node: ast.Call) -> list[ast.expr]:
    positional = [item.value if isinstance(item, ast.Starred) else item for item in node.args]
    return [*positional, *(item.value for item in node.keywords)]


def _parameter(target: Definition, position: int | None, word: str | None) -> str | None:
    if word is not None:
        return word if word in target.keywords else None
    return target.parameters[position] if position is not None and position < len(target.parameters) else None


_MOST_ROUNDS = 12


def flow_of_settings(modules: tuple[Module, ...], settings: SettingsFile) -> Flow:
    """Follow settings from where they are loaded, then parameters of unknown origin whose names suggest settings."""
    flow = Flow(definitions(modules), settings)
    _settle(flow, modules)
    for definition in flow.known.all:
        _guess(flow, definition)
    _settle(flow, modules)
    return flow


def _settle(flow: Flow, modules: tuple[Module, ...]) -> None:
    for _ in range(_MOST_ROUNDS):
        before = flow.grown
        for module in modules:
            Scope(flow, module, None).run(module.tree.body)
        for definition in flow.known.all:
            Scope(flow, definition.module, definition).run(definition.node.body)
        if flow.grown == before:
            return


def _guess(flow: Flow, definition: Definition) -> None:
    """Treat a parameter such as `config` that no known call fills as an unknown part of the settings."""
    arguments = definition.node.args
    for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        kind = ast.unparse(item.annotation) if item.annotation else ""
        is_known = bool(flow.names.get((definition.node, item.arg))) or kind in flow.known.classes
        if not is_known and may_be_settings(item.arg, kind):
            flow.learn(definition.node, item.arg, frozenset({("**",)}))


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


_MOST_COMPARED = 1_000_000
"""Settings times the places that read some; more would take minutes."""


def _against_code(tree: Tree, files: dict[str, SettingsFile]) -> Iterator[Finding]:
    modules = tuple(module for module in tree.modules if not module.is_test)
    flow = flow_of_settings(modules, files[_FULL])
    if len(flow.reads) * len(files[_FULL].settings) > _MOST_COMPARED:
        message = "The code reads too many settings to compare them with the file."
        yield warning(_CHECK, _FULL, 1, message, "Split the repository, or group the settings.")
        return
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
    if near := nearest(pattern[-1], beside):
        return f"Read `{_name((*pattern[:-1], near))}` instead, or add the key to both files."
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
