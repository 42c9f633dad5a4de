"""Requirements, claims, interfaces and code as text for prompts."""

import ast
from collections.abc import Iterable, Iterator

from papercoder.agents.context import Part, paper_part, plan_part, text_part
from papercoder.artifacts import (
    Claim,
    DataSource,
    DataSources,
    Excerpt,
    FigureDescription,
    FigureDescriptions,
    FileLogic,
    OverallPlan,
    Paper,
    Requirement,
    Requirements,
    SourceFile,
)
from papercoder.repository.files import parse
from papercoder.text.characters import one_line
from papercoder.text.fences import code_block, fence
from papercoder.text.markdown import code

_STRAIGHT = str.maketrans("“”", '""')
"""Quotation marks within a quote, so that it ends at the mark that closes it."""


def requirement_lines(requirements: Iterable[Requirement], *, quoted: bool = True) -> str:
    """One line for each requirement, `quoted` for agents that do not read the paper; empty if there are none."""
    return "\n".join(f"- {requirement_line(item, quoted=quoted)}" for item in requirements)


def requirement_line(item: Requirement, *, quoted: bool = True) -> str:
    """`R3 (method, stated): statement [eq:2] “quote”`; the words of a note, which no paper has, are always quoted."""
    words = one_line(item.quote) if quoted or item.anchor.startswith("note:") else ""
    quote = f" “{words.translate(_STRAIGHT)}”" if words else ""
    alternatives = "; ".join(text.strip().rstrip(".") for text in item.alternatives)
    others = f" Alternatives: {alternatives}." if alternatives else ""
    return f"{item.id} ({item.kind}, {item.status}): {one_line(item.statement)} [{item.anchor}]{quote}{others}"


def claim_lines(claims: Iterable[Claim]) -> str:
    """One line for each claim, without its value; empty if there are none."""
    return "\n".join(f"- {claim.id} [{claim.anchor}]: {claim.experiment}; {_one_result(claim)}" for claim in claims)


def claims_by_table(claims: Iterable[Claim]) -> str:
    """Experiments with the names of their methods, data sets and metrics, and the ids of their claims; no values.

    The names are those that trials and their results use. A table whose every method was measured on every data set
    takes four lines, however many claims it has.
    """
    groups: dict[tuple[str, str], list[Claim]] = {}
    for claim in claims:
        groups.setdefault((claim.experiment, claim.anchor), []).append(claim)
    return "\n\n".join(_experiment(*key, found) for key, found in groups.items())


def _experiment(experiment: str, anchor: str, claims: list[Claim]) -> str:
    methods = {claim.method: " (the paper's own)" if claim.is_own else "" for claim in claims}
    methods |= {claim.compared_with: "" for claim in claims if claim.compared_with not in (*methods, "")}
    conditions = {claim.dataset for claim in claims}
    datasets = dict.fromkeys(name for claim in claims for name in claim.averaged_over or (claim.dataset,))
    averages = {claim.dataset: claim.averaged_over for claim in claims if claim.averaged_over}
    metrics = {claim.metric: _metric(claim) for claim in claims}
    lines = [
        f"Experiment `{experiment}` [{anchor}]",
        f"- methods: {'; '.join(f'`{name}`{own}' for name, own in methods.items())}",
        f"- data sets: {'; '.join(f'`{name}`' for name in datasets)}",
        f"- metrics: {'; '.join(metrics.values())}",
    ]
    for name, parts in averages.items():
        over = "; ".join(f"`{part}`" for part in parts)
        lines.append(f"- `{name}` is the mean over {over}; it has no trials of its own")
    if _is_complete(claims, len(methods) * len(conditions) * len(metrics)):
        return "\n".join(
            [*lines, f"- {claims[0].id} to {claims[-1].id}: every metric of every method on every data set"]
        )
    return "\n".join([*lines, *(f"- {claim.id}: {_one_result(claim)}" for claim in claims)])


def _is_complete(claims: list[Claim], combinations: int) -> bool:
    """Whether the claims are means of all combinations, in this order."""
    numbers = [int(claim.id[1:]) for claim in claims]
    return (
        len(claims) == combinations > 1
        and numbers == list(range(numbers[0], numbers[0] + combinations))
        and all(claim.statistic == "mean" and not claim.compared_with for claim in claims)
    )


def _metric(claim: Claim) -> str:
    unit = f" in {claim.unit}" if claim.unit else ""
    direction = f", {claim.direction} is better" if claim.direction else ""
    runs = f", over {claim.runs} runs" if claim.runs else ""
    return f"`{claim.metric}`{unit}{direction}{runs}"


def _one_result(claim: Claim) -> str:
    statistic = "" if claim.statistic == "mean" else f"{claim.statistic} of "
    condition = f" {claim.condition}" if claim.condition else ""
    other = f", compared with `{claim.compared_with}`" if claim.compared_with else ""
    over = f" (the mean over {', '.join(f'`{name}`' for name in claim.averaged_over)})" if claim.averaged_over else ""
    return f"{statistic}`{claim.metric}`{condition}: `{claim.method}` on `{claim.dataset}`{over}{other}"


def requirements_part(requirements: Iterable[Requirement], *, quoted: bool = True) -> tuple[Part, ...]:
    """The requirements as a part of a request, one per line, if there are any."""
    lines = requirement_lines(requirements, quoted=quoted)
    return (text_part("The requirements", lines),) if lines else ()


def design_parts(paper: Paper, plan: OverallPlan, requirements: Requirements) -> tuple[Part, ...]:
    """What an agent reads that designs files: the requirements and what the paper is about; without them, all.

    The requirements hold what the paper says for code, so that neither the paper nor the rest of the plan is sent.
    """
    if not requirements.items:
        return paper_part(paper), plan_part(plan)
    return plan_part(plan, "summary"), *requirements_part(requirements.items, quoted=False)


def figures_parts(figures: FigureDescriptions, note: str = "") -> tuple[Part, ...]:
    """What a model read from the images of figures, as a part of a request, if there is any."""
    read = [figure for figure in figures.items if figure.summary]
    if not read:
        return ()
    title = "Figures, read from their images by a model"
    notes = " ".join(filter(None, (_READ_FROM_IMAGES, note)))
    forms = "\n\n".join(map(_figure, read)), "\n".join(f"[{figure.anchor}] {figure.summary}" for figure in read)
    return (Part(title, (*(f"# {title}\n\n{notes}\n\n{fence(form)}" for form in forms), "")),)


_READ_FROM_IMAGES = (
    "These descriptions are not the paper's words, so they cannot be quoted. Their values are approximate. If the "
    "paper's text differs, the text counts."
)


def _figure(figure: FigureDescription) -> str:
    """A description in lines."""
    lists = {
        "Components": [
            f"{part.name}{part.inside and f', inside {part.inside}'}{part.details and f': {part.details}'}"
            for part in figure.components
        ],
        "Connections": [f"{way.source} -> {way.target}{way.label and f': {way.label}'}" for way in figure.connections],
        "Axes": [
            " ".join(filter(None, (axis.panel, f"{axis.direction}:", axis.label, axis.unit and f"in {axis.unit}")))
            + "".join(f", {text}" for text in (axis.scale, axis.ticks) if text)
            for axis in figure.axes
        ],
        "Series, each value as `x: y`": [
            " ".join(filter(None, (line.panel, line.name, line.look and f"({line.look})")))
            + f" | {' | '.join(line.readings) or 'no value can be read'}"
            for line in figure.series
        ],
        "Printed": figure.text,
        "Unclear": [figure.unclear] if figure.unclear else [],
    }
    listed = [line for name, lines in lists.items() if lines for line in (f"{name}:", *(f"- {each}" for each in lines))]
    return "\n".join(map(one_line, (f"[{figure.anchor}] {figure.kind}: {figure.summary}", *listed)))


def data_parts(data: DataSources) -> tuple[Part, ...]:
    """The data sources as a part of a request, if there are any."""
    return (text_part("Data and pretrained weights", data_lines(data.items)),) if data.items else ()


def data_lines(sources: Iterable[DataSource]) -> str:
    """Two lines for each data source; empty if there are none."""
    return "\n".join(map(_data_lines, sources))


def _data_lines(source: DataSource) -> str:
    used = f"; used: {source.split}" if source.split else ""
    needed = f"; needed by {', '.join(source.requirements)}" if source.requirements else ""
    instead = f"\n  If it is missing ({source.fallback}): {source.fallback_details}" if source.fallback_details else ""
    return f"- {source.name} ({' '.join(filter(None, (source.kind, source.id)))}){used}{needed}{instead}"


def file_logic(file: FileLogic) -> str:
    """A file's logic design as Markdown."""
    imports = [f"- from `{item.path}`: {', '.join(f'`{name}`' for name in item.names)}" for item in file.imports]
    return "\n".join(
        [file.implements, "", "Imports:", *(imports or ["- nothing from the repository"]), "", interface(file)]
    )


def interfaces(files: Iterable[FileLogic]) -> str:
    """The public interfaces of several files."""
    return "\n\n".join(map(interface, files)) or "None."


def interface(file: FileLogic) -> str:
    """A file's public interface as Python signatures."""
    signatures = "\n".join(file.signatures) or "# nothing public"
    return f"Interface of {code(file.path)}:\n\n{code_block(signatures, 'python', shortest=3)}"


def signatures_of(file: SourceFile) -> str:
    """A Python file's functions, classes and methods without their bodies; its path alone if it cannot be parsed."""
    try:
        tree = parse(file.text)
    except SyntaxError:
        return code(file.path)
    lines: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            lines += [f"class {node.name}", *(f"{node.name}.{text}" for text in _signatures(node.body))]
        else:
            lines += _signatures([node])
    listed = code_block("\n".join(lines), "python", shortest=3)
    return f"{code(file.path)}:\n\n{listed}" if lines else code(file.path)


def _signatures(nodes: Iterable[ast.stmt]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            yield f"{node.name}({ast.unparse(node.args)}){returned}"


def python_code(file: SourceFile) -> str:
    """A Python file with its path."""
    return f"{code(file.path)}:\n\n{code_block(file.text, 'python')}"


def numbered_code(file: SourceFile | Excerpt) -> str:
    """A file, or an excerpt, with line numbers, which evidence cites."""
    lines = file.lines if isinstance(file, Excerpt) else dict(enumerate(file.text.splitlines(), 1))
    return f"{code(file.path)}:\n\n{code_block(_with_gaps(lines, '{number:4} {line}'))}"


def excerpt_code(excerpt: Excerpt) -> str:
    """An excerpt as it stands in its file, for edits, which copy lines."""
    return f"Parts of {code(excerpt.path)}:\n\n{code_block(_with_gaps(excerpt.lines, '{line}'))}"


def _with_gaps(lines: dict[int, str], form: str) -> str:
    """The lines, with dots where some are left out."""
    shown: list[str] = []
    before = 0
    for number, line in lines.items():
        shown += ["..."] if number > before + 1 else []
        shown.append(form.format(number=number, line=line))
        before = number
    return "\n".join(shown)
