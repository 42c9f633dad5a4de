"""Where the values of the settings file go in the code: a simple data flow over names, attributes, calls and returns.

It does not follow the order of statements: a name stands for all that is ever assigned to it. What it cannot follow (a
value that is handed to code outside, a key that is computed) counts as read in full, so that no key is called unread in
error.
"""

import ast

from papercoder.stages.checking.definitions import Definition, definitions
from papercoder.stages.checking.repository import Module
from papercoder.stages.checking.settings_scope import Scope, may_be_settings
from papercoder.stages.checking.tracked import Flow

_MOST_ROUNDS = 12


def flow_of_settings(modules: tuple[Module, ...]) -> Flow:
    """Follow the settings from where they are loaded; then, by their names, those that come from unknown places."""
    flow = Flow(definitions(modules))
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
    """A parameter called `config` that no known call fills is some part of the settings."""
    arguments = definition.node.args
    for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        kind = ast.unparse(item.annotation) if item.annotation else ""
        is_known = bool(flow.names.get((definition.node, item.arg))) or kind in flow.known.classes
        if not is_known and may_be_settings(item.arg, kind):
            flow.learn(definition.node, item.arg, frozenset({("**",)}))
