"""Environments that the user defines: what begins and ends them is put in their place."""

from collections.abc import Sequence

from papercoder.paper.latex.expansion.definitions import arity, keyed_parameters
from papercoder.paper.latex.expansion.expander import Action, Expander
from papercoder.paper.latex.expansion.inclusion import carry
from papercoder.paper.latex.expansion.macro import Macro, simple, substitute, take_arguments


def new_environment(expander: Expander, command: str) -> None:
    """`\\newenvironment`, and xargs' `\\newenvironmentx`."""
    expander.stream.skip("*")
    name = expander.stream.name()
    if command.endswith("x"):
        parameters = keyed_parameters(expander)
    else:
        parameters = simple(arity(expander), expander.stream.option(), ()).parameters
    opening, ending = expander.stream.argument(), expander.stream.argument()
    add_environment(expander, name, Macro(parameters, tuple(opening)), ending)


def add_environment(expander: Expander, name: str, opening: Macro, ending: Sequence[str]) -> None:
    """Define an environment, unless the reader relies on what LaTeX means by it."""
    if not expander.language.is_protected(name):
        expander.environments[name] = (opening, tuple(ending))


def begin(expander: Expander, _: str) -> None:
    """`\\begin`."""
    name = "".join(expander.expanded(expander.stream.argument())).strip()
    if name.startswith("filecontents"):
        carry(expander, name)
        return
    opening, ending = expander.environments.get(name, (None, ()))
    command = expander.meanings.get(f"\\{name}")
    if opening is None and isinstance(command, Macro) and isinstance(expander.meanings.get(f"\\end{name}"), Macro):
        opening, ending = command, (f"\\end{name}",)
    if opening is None or not expander.can_expand(opening):
        if name:
            expander.emit("\\begin", "{", name, "}")
            expander.scopes.append({})
        return
    arguments = take_arguments(opening.parameters, expander.stream)
    expander.scopes.append({})
    expander.begun.append((name, substitute(ending, arguments)))
    expander.stream.push(substitute(opening.body, arguments))


def end(expander: Expander, _: str) -> None:
    """`\\end`."""
    name = "".join(expander.expanded(expander.stream.argument())).strip()
    if expander.begun and expander.begun[-1][0] == name:
        expander.stream.push([*expander.begun.pop()[1], "\\endgroup"])
    elif name:
        expander.close_scope()
        expander.emit("\\end", "{", name, "}")


ENVIRONMENT_ACTIONS: dict[str, Action] = {
    "\\newenvironment": new_environment,
    "\\renewenvironment": new_environment,
    "\\newenvironmentx": new_environment,
    "\\renewenvironmentx": new_environment,
    "\\begin": begin,
    "\\end": end,
}
