"""The overall plan, the architecture, the logic of its files and the configuration (Paper2Code, section 3.1)."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from packaging.requirements import Requirement

from papercoder.agents.agent import BARE, NO_CONVENTIONS, WITH_TRIALS, Agent, Agents, uses
from papercoder.agents.answers import Json
from papercoder.agents.context import Part, artifact_part, paper_part, plan_part, technical_part, text_part
from papercoder.agents.listings import claims_by_table, data_parts, design_parts, figures_parts, requirements_part
from papercoder.artifacts import (
    NO_FIGURES,
    ArchitectureDesign,
    Claims,
    ConfigValue,
    DataSources,
    ExperimentConfig,
    FigureDescriptions,
    LogicDesign,
    OverallPlan,
    Paper,
    Requirements,
    Value,
)
from papercoder.artifacts.design import ENTRY, EXPERIMENTS
from papercoder.diagrams.mermaid import submit, syntax_problem
from papercoder.paper.evidence import find_quote, numbers
from papercoder.repository.code_graph import import_cycle
from papercoder.repository.config_text import to_yaml
from papercoder.repository.files import collisions, module_problem, parse, path_problem
from papercoder.repository.packages import imported_as, name_problem, package_problem
from papercoder.stages.planning.refinement import (
    VERIFIER,
    ArchitectureChanges,
    ConfigChanges,
    LogicChanges,
    refined,
    reviser,
)

PLANNER = Agent("overall_plan", "planning", Json(OverallPlan), NO_CONVENTIONS)


@uses(PLANNER)
async def make_overall_plan(agents: Agents, paper: Paper, figures: FigureDescriptions = NO_FIGURES) -> OverallPlan:
    """Plan the reproduction of a paper as a whole.

    It is not verified: the code follows the requirements; the plan says what they are for and what is unclear.
    """
    return await agents.ask(PLANNER, "", (paper_part(paper), *figures_parts(figures)))


ARCHITECT = Agent("architecture", "planning", Json(ArchitectureDesign), WITH_TRIALS)
BARE_ARCHITECT = Agent("architecture", "planning", Json(ArchitectureDesign), BARE)


@uses(ARCHITECT, VERIFIER, reviser(ARCHITECT, ArchitectureChanges))
async def design_architecture(
    agents: Agents, paper: Paper, plan: OverallPlan, requirements: Requirements, refine: int
) -> ArchitectureDesign:
    """Choose the files, assign an owner to each requirement, and draw the class and sequence diagrams."""
    parts = design_parts(paper, plan, requirements)

    def check(design: ArchitectureDesign, _: int) -> list[str]:
        return [*_package_problems(design), *architecture_problems(design), *_ownership(design, requirements)]

    has_requirements = bool(requirements.items)
    design = await agents.ask(ARCHITECT, "", parts, check, has_requirements=has_requirements, has_trials=True)
    variables = {"has_requirements": has_requirements, "has_trials": True}
    return await refined(agents, ARCHITECT, ArchitectureChanges, design, parts, check, refine, **variables)


@uses(BARE_ARCHITECT)
async def design_bare_architecture(agents: Agents, paper: Paper, plan: OverallPlan) -> ArchitectureDesign:
    """Choose the files of a repository whose `main.py` does everything, without configuration files and trials."""

    def check(design: ArchitectureDesign, _: int) -> list[str]:
        entry = [] if any(file.path == ENTRY for file in design.files) else [f"`{ENTRY}` is missing."]
        return [*entry, *architecture_problems(design)]

    parts = (paper_part(paper), plan_part(plan))
    return await agents.ask(BARE_ARCHITECT, "", parts, check, has_requirements=False, has_trials=False)


def architecture_problems(design: ArchitectureDesign) -> list[str]:
    """Problems with file names and diagrams."""
    paths = [file.path for file in design.files]
    found = [text for path in paths if (text := path_problem(path) or module_problem(path, ()))]
    found += collisions(paths)
    submit(design.sequence_diagram)  # renders while the class diagram is checked
    diagrams = (
        syntax_problem(design.class_diagram, "classDiagram"),
        syntax_problem(design.sequence_diagram, "sequenceDiagram"),
    )
    return [*found, *filter(None, diagrams)]


def _package_problems(design: ArchitectureDesign) -> Iterator[str]:
    """Files outside the one package, and more or less than one file with the experiments."""
    paths = [PurePosixPath(file.path) for file in design.files]
    packages = sorted({path.parts[0] for path in paths if len(path.parts) > 1})
    for path in paths:
        if len(path.parts) == 1:
            yield f"`{path}` is not in the package; name it `PACKAGE/{path}` with the method's name for PACKAGE."
    if len(packages) > 1:
        yield f"The files are in several packages ({', '.join(packages)}); put all of them into one."
    for name in packages:
        if name != name.lower() or name in {"trials", "tests", "results"}:
            yield f"The package `{name}` needs another name: the method's, in lower case."
    if [path.name for path in paths if len(path.parts) == 2].count(EXPERIMENTS) != 1:
        yield f"Exactly one file must be `PACKAGE/{EXPERIMENTS}`."


def _ownership(design: ArchitectureDesign, requirements: Requirements) -> list[str]:
    owners = Counter(name for file in design.files for name in file.owns)
    found = [f"{name} is not a requirement." for name in owners if name not in requirements.ids]
    found += [f"{name} has {count} owners; it needs one." for name, count in owners.items() if count > 1]
    for file in design.files:
        found += [f"{name} is not a requirement." for name in file.contributes if name not in requirements.ids]
        both = sorted(set(file.owns) & set(file.contributes))
        found += [f"`{file.path}` owns {name}; list it under `owns` only." for name in both]
    return found + [f"{item.id} has no owner." for item in requirements.items if item.id not in owners]


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
        hard = logic_problems(logic, architecture)
        return hard or ([*interface_problems(logic), *convention_problems(logic)] if attempt == 0 else [])

    logic = await agents.ask(LOGICIAN, "", parts, check, has_trials=True)
    return await refined(agents, LOGICIAN, LogicChanges, logic, parts, check, refine, has_trials=True)


@uses(BARE_LOGICIAN)
async def design_bare_logic(
    agents: Agents, paper: Paper, plan: OverallPlan, architecture: ArchitectureDesign
) -> LogicDesign:
    """Design the logic of a repository without configuration files and trials."""

    def check(logic: LogicDesign, attempt: int) -> list[str]:
        return logic_problems(logic, architecture) or (list(interface_problems(logic)) if attempt == 0 else [])

    parts = (
        paper_part(paper),
        plan_part(plan),
        artifact_part("The architecture", architecture),
    )
    return await agents.ask(BARE_LOGICIAN, "", parts, check, has_trials=False)


def logic_problems(logic: LogicDesign, architecture: ArchitectureDesign) -> list[str]:
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


CONFIGURER = Agent("config", "planning", Json(ExperimentConfig), NO_CONVENTIONS)

SYNTHETIC = "data.synthetic"
"""The setting that replaces the data with synthetic data."""

DATA_ROOT = "data.root"
"""The setting with the folder of the data."""


@uses(CONFIGURER, VERIFIER, reviser(CONFIGURER, ConfigChanges))
async def design_config(
    agents: Agents,
    paper: Paper,
    plan: OverallPlan,
    requirements: Requirements,
    data: DataSources,
    designs: tuple[ArchitectureDesign, LogicDesign] | None,
    refine: int,
) -> ExperimentConfig:
    """Collect all settings; a value that neither a requirement nor a quote states becomes `assumed`."""
    designed: tuple[Part, ...] = ()
    if designs:
        designed = artifact_part("The architecture", designs[0]), artifact_part("The logic", designs[1])
    parts = (
        technical_part(paper, (item.anchor for item in requirements.items)),
        *(requirements_part(requirements.items, quoted=False) or (plan_part(plan),)),
        *data_parts(data),
        *designed,
    )

    def check(config: ExperimentConfig, attempt: int) -> list[str]:
        hard = list(key_problems(config, data))
        return hard or (list(provenance_problems(config, paper, requirements)) if attempt == 0 else [])

    has_requirements = bool(requirements.items)
    config = await agents.ask(CONFIGURER, "", parts, check, has_requirements=has_requirements)
    config = await refined(
        agents, CONFIGURER, ConfigChanges, config, parts, check, refine, has_requirements=has_requirements
    )
    return proved(config, paper, requirements)


def key_problems(config: ExperimentConfig, data: DataSources) -> Iterator[str]:
    """Duplicate keys, keys that are both a value and a group, and missing settings of the data."""
    seen = set[str]()
    keys = [value.key for value in config.values]
    for key in keys:
        if key in seen:
            yield f"The key `{key}` occurs twice."
        seen.add(key)
        if any(other.startswith(f"{key}.") for other in keys):
            yield f"`{key}` is both a value and a group of keys."
    needed = (SYNTHETIC, DATA_ROOT) if any(source.has_files for source in data.items) else (SYNTHETIC,)
    for key in needed:
        if key not in seen:
            yield f"The key `{key}` is missing."


def provenance_problems(config: ExperimentConfig, paper: Paper, requirements: Requirements) -> Iterator[str]:
    """Values whose source does not state them."""
    for value in config.values:
        if reason := _unproved(value, paper, requirements):
            yield f"`{value.key}`: {reason}"


def proved(config: ExperimentConfig, paper: Paper, requirements: Requirements) -> ExperimentConfig:
    """The configuration, with values that their source does not state marked as `assumed`."""

    def verified(value: ConfigValue) -> ConfigValue:
        if _unproved(value, paper, requirements):
            return value.model_copy(update={"source": "assumed"})
        return value

    return ExperimentConfig(values=tuple(map(verified, config.values)))


def _unproved(value: ConfigValue, paper: Paper, requirements: Requirements) -> str | None:
    if value.source == "assumed":
        return None
    if value.source == "requirement":
        owner = requirements.pick([value.requirement])
        if not owner or owner[0].status == "assumed":
            return f"`{value.requirement}` is not a requirement that the paper states; name another source."
        words = f"{owner[0].statement} {owner[0].quote}"
    else:
        words = value.quote
        if find_quote(paper, words) is None:
            return f'the paper does not say "{words}"; copy its words exactly.'
    said = {*numbers(words), *((0.0,) if _SAYS_ZERO.search(words) else ())}
    missing = [number for number in _numbers_of(value.value) if number not in said]
    return f"its source does not state {missing[0]:g}." if missing else None


_SAYS_ZERO = re.compile(r"\b(no|not|none|without|off|omit\w*)\b", re.IGNORECASE)
"""Words that state a zero: a weight is 0 "without the L1 term"."""


def _numbers_of(value: Value) -> list[float]:
    values = value if isinstance(value, tuple) else (value,)
    return [float(abs(item)) for item in values if isinstance(item, int | float) and not isinstance(item, bool)]
