"""The logic: what each file implements and imports, without cycles, and the packages."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from packaging.requirements import Requirement

from papercoder.agents.agent import BARE, WITH_TRIALS, Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import Part, artifact_part, paper_part, plan_part, text_part
from papercoder.agents.listings import claims_by_table, data_parts, design_parts
from papercoder.artifacts import (
    ArchitectureDesign,
    Claims,
    DataSources,
    ExperimentConfig,
    LogicDesign,
    OverallPlan,
    Paper,
    Requirements,
)
from papercoder.artifacts.design import EXPERIMENTS
from papercoder.repository.code_graph import import_cycle
from papercoder.repository.config_text import to_yaml
from papercoder.repository.files import module_problem, parse
from papercoder.repository.packages import imported_as, name_problem, package_problem
from papercoder.stages.planning.changes import LogicChanges
from papercoder.stages.planning.refinement import VERIFIER, refined, reviser

LOGICIAN = Agent("logic", "planning", Json(LogicDesign), WITH_TRIALS)
BARE_LOGICIAN = Agent("logic", "planning", Json(LogicDesign), BARE)


@uses(LOGICIAN, VERIFIER, reviser(LOGICIAN, LogicChanges))
async def design_logic(
    agents: Agents,
    paper: Paper,
    plan: OverallPlan,
    requirements: Requirements,
    architecture: ArchitectureDesign,
    config: ExperimentConfig | None,
    claims: Claims,
    data: DataSources,
    refine: int,
) -> LogicDesign:
    """Design every file's content, imports and interface."""
    known: tuple[Part, ...] = (text_part("The configuration", to_yaml(config)),) if config else ()
    measured = (text_part("Claims that the code measures", claims_by_table(claims.items)),) if claims.items else ()
    parts = (
        *design_parts(paper, plan, requirements),
        artifact_part("The architecture", architecture),
        *known,
        *data_parts(data),
        *measured,
    )

    def check(logic: LogicDesign, attempt: int) -> list[str]:
        hard = problems(logic, architecture)
        return hard or ([*interface_problems(logic), *convention_problems(logic)] if attempt == 0 else [])

    logic = await agents.ask(LOGICIAN, "", parts, check, has_trials=True)
    return await refined(agents, LOGICIAN, LogicChanges, logic, parts, check, refine, has_trials=True)


@uses(BARE_LOGICIAN)
async def design_bare_logic(
    agents: Agents, paper: Paper, plan: OverallPlan, architecture: ArchitectureDesign
) -> LogicDesign:
    """Design the logic of a repository without configuration files and trials."""

    def check(logic: LogicDesign, attempt: int) -> list[str]:
        return problems(logic, architecture) or (list(interface_problems(logic)) if attempt == 0 else [])

    parts = (
        paper_part(paper),
        plan_part(plan),
        artifact_part("The architecture", architecture),
    )
    return await agents.ask(BARE_LOGICIAN, "", parts, check, has_trials=False)


def problems(logic: LogicDesign, architecture: ArchitectureDesign) -> list[str]:
    """Problems that later stages could not handle."""
    planned, here = [file.path for file in architecture.files], Counter(file.path for file in logic.files)
    found = [f"`{path}` of the architecture is missing." for path in planned if path not in here]
    found += [f"`{path}` is not in the architecture." for path in here if path not in planned]
    found += [f"`{path}` occurs {count} times." for path, count in here.items() if count > 1]
    found += [
        f"`{file.path}` imports `{item.path}`, which is not a file of the repository."
        for file in logic.files
        for item in file.imports
        if item.path not in planned
    ]
    found += [text for line in logic.packages if (text := package_problem(line))]
    sound = [line for line in logic.packages if not package_problem(line)]
    found += [text for line in sound if (text := name_problem(Requirement(line).name))]
    packages = [imported_as(line) for line in sound]
    found += [text for path in here if (text := module_problem(path, packages))]
    if not found and (files := import_cycle(logic)):
        found.append(f"Import cycle: {' -> '.join(files)}.")
    return found


def interface_problems(logic: LogicDesign) -> Iterator[str]:
    """Invalid signatures, and imported names that the other file's signatures lack."""
    offered = {file.path: file.names for file in logic.files}
    for file in logic.files:
        for signature in file.signatures:
            if not _is_signature(signature):
                yield f"`{file.path}`: `{signature}` is not a Python signature."
        for item in file.imports:
            for name in item.names:
                if name.split(".")[0] not in offered[item.path]:
                    yield f"`{file.path}` imports `{name}` from `{item.path}`, whose signatures do not include it."


def convention_problems(logic: LogicDesign) -> Iterator[str]:
    """Functions that the runner calls and the file with the experiments does not offer."""
    for file in logic.files:
        if PurePosixPath(file.path).name == EXPERIMENTS and len(PurePosixPath(file.path).parts) == 2:
            for name in ("trials", "run_trial"):
                if name not in file.names:
                    yield f"`{file.path}` has no signature of `{name}`, which the runner calls."


def _is_signature(signature: str) -> bool:
    text = re.sub(r"^@[\w.]+(\([^)]*\))?\s+", "", signature.strip().rstrip(":"))
    if re.fullmatch(r"[A-Za-z_]\w*\s*(:.+|=.+)|class\s+\w+(\(.*\))?", text, re.DOTALL):
        return True
    text = re.sub(r"^(async\s+)?def\s+", "", text)
    text = re.sub(r"^class\s+", "", text)
    _, _, rest = text.partition("(")
    return bool(rest) and _parses(f"def f({rest}: ...")


def _parses(code: str) -> bool:
    try:
        parse(code)
    except SyntaxError:
        return False
    return True
