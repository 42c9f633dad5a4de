"""Coding: each file as soon as the files that it imports exist (Paper2Code, section 3.3), or all in one answer.

`write_file` is the stage; the other functions are ablations that write a file from less context.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping

from papercoder.agents.agent import BARE, WITH_TRIALS, Agent, Agents, uses
from papercoder.agents.context import Part, anchors_in, artifact_part, cited_part, paper_part, plan_part, text_part
from papercoder.agents.files import FileBlocks, Python
from papercoder.agents.listings import (
    claims_by_table,
    file_logic,
    interface,
    interfaces,
    python_code,
    requirement_lines,
)
from papercoder.artifacts import (
    ArchitectureDesign,
    Claim,
    FilePlan,
    LogicDesign,
    OverallPlan,
    Paper,
    Requirement,
    SourceFile,
)
from papercoder.artifacts.design import ENTRY, EXPERIMENTS
from papercoder.repository.config_text import settings_named_in
from papercoder.repository.files import module_of, parse
from papercoder.repository.traceability import marks

CODER = Agent("coding", "coding", Python())
EXPERIMENTS_CODER = Agent("coding", "coding", Python(), WITH_TRIALS)
DESIGNED_CODER = Agent("coding_designed", "coding", Python(), WITH_TRIALS)
BARE_CODER = Agent("coding_designed", "coding", Python(), BARE)
LISTED_CODER = Agent("coding_listed", "coding", Python(), BARE)


@uses(CODER, EXPERIMENTS_CODER)
async def write_file(
    agents: Agents,
    paper: Paper,
    logic: LogicDesign,
    config: str,
    requirements: tuple[Requirement, ...],
    contributions: tuple[Requirement, ...],
    claims: tuple[Claim, ...],
    data: str,
    analysis: str,
    imported: tuple[SourceFile, ...] | None,
    path: str,
) -> str:
    """Write one file, given the code of the files that it imports; None: they are being written at the same time.

    `config` is the view of `config.yaml` without numbers, `requirements` are those that the file owns, `contributions`
    those of which it implements a part, `claims` those that it measures; `data` lists data sources that it may load.
    """
    parts = (
        cited_part(paper, (*anchors_in(analysis), *(item.anchor for item in (*requirements, *contributions)))),
        text_part("The configuration", settings_named_in(config, analysis, logic.file(path).implements)),
        *(_design_parts(logic, imported) if imported is not None else _interface_parts(logic, path)),
        text_part(f"Analysis of `{path}`", analysis),
    )

    def check(code: str, attempt: int) -> list[str]:
        marked = (*requirements, *contributions)
        return list(file_problems(code, path, logic, marked, imported)) if attempt == 0 else []

    return await agents.ask(
        CODER if not path.endswith(f"/{EXPERIMENTS}") else EXPERIMENTS_CODER,
        path,
        parts,
        check,
        path=path,
        logic=file_logic(logic.file(path)),
        at_once=imported is None,
        requirements=requirement_lines(requirements, quoted=False),
        contributions=requirement_lines(contributions, quoted=False),
        claims=claims_by_table(claims),
        data=data,
    )


@uses(DESIGNED_CODER, BARE_CODER)
async def write_designed_file(
    agents: Agents,
    paper: Paper,
    plan: OverallPlan,
    logic: LogicDesign,
    config: str | None,
    imported: tuple[SourceFile, ...],
    path: str,
) -> str:
    """Write one file without an analysis, from the whole paper and the plan.

    `config` is None for a repository without configuration files and trials.
    """
    configured = (text_part("The configuration", config),) if config else ()
    parts = (
        paper_part(paper),
        plan_part(plan),
        *configured,
        *_design_parts(logic, imported),
    )

    def check(code: str, attempt: int) -> list[str]:
        return list(file_problems(code, path, logic, (), imported)) if attempt == 0 else []

    return await agents.ask(
        DESIGNED_CODER if config else BARE_CODER,
        path,
        parts,
        check,
        path=path,
        logic=file_logic(logic.file(path)),
        has_config=bool(config),
    )


@uses(LISTED_CODER)
async def write_listed_file(
    agents: Agents,
    paper: Paper,
    plan: OverallPlan,
    architecture: ArchitectureDesign,
    written: tuple[SourceFile, ...],
    file: FilePlan,
) -> str:
    """Write one file of the architecture, given the full code of those written before it."""
    parts = (
        paper_part(paper),
        plan_part(plan),
        artifact_part("The architecture", architecture),
        text_part("Files that are written already", _code(written)),
    )

    def check(code: str, attempt: int) -> list[str]:
        offered = {module_of(each.path): _top_names(each.text) for each in written}
        return list(_misnamed(code, offered)) if attempt == 0 else []

    return await agents.ask(LISTED_CODER, file.path, parts, check, path=file.path, purpose=file.purpose)


def file_problems(
    code: str,
    path: str,
    logic: LogicDesign,
    requirements: tuple[Requirement, ...],
    imported: tuple[SourceFile, ...] | None,
) -> Iterator[str]:
    """Requirements without a mark, and imports that the repository does not offer.

    Without the imported code, the file and its imports are held to the logic design.
    """
    marked = marks(code)
    for item in requirements:
        if item.id not in marked:
            yield f"No comment marks {item.id}: {item.statement}"
    if imported is None:
        offered = {module_of(item.path): logic.file(item.path).names for item in logic.file(path).imports}
        missing = sorted(logic.file(path).names - _top_names(code))
        yield from (f"It does not define `{name}`, which its logic design lists." for name in missing)
    else:
        offered = {module_of(file.path): _top_names(file.text) for file in imported}
    modules = {module_of(file.path) for file in logic.files if file.path != path}
    for module, _ in _imports(code):
        if module in modules - offered.keys():
            yield f"It imports `{module}`, which its logic design does not list."
    yield from _misnamed(code, offered, modules)


def _misnamed(code: str, offered: Mapping[str, frozenset[str]], modules: Iterable[str] = ()) -> Iterator[str]:
    """Imported names that the imported module, among those offered, does not define and that are not modules."""
    known = {*modules, *offered}
    for module, names in _imports(code):
        for name in names:
            if module in offered and name not in offered[module] and f"{module}.{name}" not in known:
                yield f"It imports `{name}` from `{module}`, which does not define it."


def _design_parts(logic: LogicDesign, imported: tuple[SourceFile, ...]) -> tuple[Part, ...]:
    return (
        text_part("What all files agree on", logic.shared_knowledge),
        text_part(
            "Files that this one imports", _code(imported), interfaces(logic.file(file.path) for file in imported)
        ),
    )


def _interface_parts(logic: LogicDesign, path: str) -> tuple[Part, ...]:
    """As `_design_parts`, for files that are not written yet."""
    imported = [logic.file(item.path) for item in logic.file(path).imports]
    designs = "\n\n".join(f"{interface(file)}\n\n{file.implements}" for file in imported)
    return (
        text_part("What all files agree on", logic.shared_knowledge),
        text_part("Files that this one imports, as they are designed", designs or "None.", interfaces(imported)),
    )


def _code(imported: tuple[SourceFile, ...]) -> str:
    return "\n\n".join(map(python_code, imported)) or "None."


def _imports(code: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for node in ast.walk(parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, tuple(alias.name for alias in node.names if alias.name != "*")
        elif isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)


def _top_names(code: str) -> frozenset[str]:
    """All names that a module's scope binds, also below `if` and `try`."""
    try:
        tree = parse(code)
    except SyntaxError:
        return frozenset()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return frozenset(names)


WRITER = Agent("whole", "coding", FileBlocks(), BARE)


@uses(WRITER)
async def write_whole(agents: Agents, paper: Paper, plan: OverallPlan | None) -> tuple[SourceFile, ...]:
    """Write all files at once."""
    planned = (plan_part(plan),) if plan else ()
    return await agents.ask(WRITER, "", (paper_part(paper), *planned), lambda files, _: whole_problems(files))


def whole_problems(files: tuple[SourceFile, ...]) -> list[str]:
    """The entry point, if it is missing."""
    return [] if any(file.path == ENTRY for file in files) else [f"`{ENTRY}` is missing."]
