"""Sample runs: the recorded example, a simulated run, a handwritten one with everything, a hostile and a huge one."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from papercoder.artifacts import (
    AnyBlock,
    Claims,
    Costs,
    DataSources,
    Equation,
    Evaluation,
    LeafJudgement,
    LeafScore,
    Location,
    Paper,
    Paragraph,
    Requirement,
    Requirements,
    Rubric,
    Section,
    Table,
    Verdict,
    Verdicts,
)
from papercoder.artifacts.execution import ExecutionReport
from papercoder.evaluation.rubric import rubric_score
from papercoder.operations.generate import generate
from papercoder.settings import Settings
from tests.datasets.servers import source
from tests.report.folders import ARCHITECTURE, VERDICTS, bare_folder, claim, execution, full_folder, requirement, write
from tests.support import MARKDOWN, SIMULATED

EXAMPLE = Path(__file__).parents[2] / "examples" / "kiln"

ATTACK = (
    "</script></style></pre></title><script>window.owned=1</script><img src=x onerror='window.owned=2'>"
    "<svg onload='window.owned=3'><a href='javascript:window.owned=4'>click</a>\"'`{{7*7}}${7*7}"
)
BIDI = "\u202e\u2066"


def recorded(root: Path) -> Path:
    """The bundled example, from its recording."""
    settings = Settings(model=f"recorded:{EXAMPLE / 'recorded'}", sandbox="none")
    asyncio.run(generate(EXAMPLE / "paper.pdf", root / "kiln", settings))
    return root / "kiln"


def simulated(root: Path) -> Path:
    """A tiny paper with the simulated model."""
    write(root, "paper.md", MARKDOWN)
    asyncio.run(generate(root / "paper.md", root / "quick", Settings(model=SIMULATED, sandbox="none")))
    return root / "quick"


def handwritten(root: Path) -> Path:
    """Everything that a run can have, in a few lines each."""
    folder = full_folder(root / "tiny", status="failed")
    words = (f"Part {number}. We take the squared error." for number in (1, 2, 3))
    write(folder, "paper.json", _paper("A Tiny Method", "Method", _paragraphs(words)))
    return folder


def hostile(root: Path) -> Path:
    """A run in which every text is an attack."""
    folder = full_folder(root / "hostile", status="failed")
    blocks = (
        Paragraph(anchor="2¶1", text=f"{ATTACK} the squared error {BIDI} it is"),
        Equation(anchor=f"eq:{ATTACK}", text=ATTACK, number=ATTACK),
        Table(anchor="tab:1", caption=ATTACK, rows=((ATTACK, "1"), ("2", ATTACK))),
    )
    write(folder, "paper.json", _paper(ATTACK, ATTACK, blocks))
    write(folder, "planning/requirements.json", Requirements(items=_hostile_requirements()))
    claimed = claim(1, 0.5, method=ATTACK, dataset=ATTACK, experiment=ATTACK)
    write(folder, "planning/claims.json", Claims(items=(claimed,)))
    attacked = source(id=ATTACK, licence=ATTACK, quote=ATTACK, split=ATTACK, fallback_details=ATTACK, quote_found=True)
    write(folder, "planning/data.json", DataSources(items=(attacked,)))
    broken = {"approach": ATTACK, "class_diagram": f"classDiagram\n{ATTACK}", "unclear": (ATTACK,)}
    write(folder, "planning/architecture.json", ARCHITECTURE.model_copy(update=broken))
    said = Verdict(requirement="R1", verdict="partly", evidence=(Location(path="fit.py", line=2),), reason=ATTACK)
    write(folder, "review/verdicts.json", Verdicts(verdicts=(said, *VERDICTS.verdicts[1:])))
    write(folder, "execution/report.json", _hostile_execution(execution("failed")))
    write(folder, "evaluation/evaluation.json", _hostile_evaluation())
    write(folder, "repo/fit.py", f"# {ATTACK}\nif access != 'user{BIDI}':  # R1: {ATTACK}\n    pass\n")
    write(folder, "repo/big.py", "".join(f"line_{number} = {number}  # {ATTACK}\n" for number in range(12_000)))
    write(folder, "repo/wide.txt", ATTACK * 2_000)
    return folder


def _hostile_requirements() -> tuple[Requirement, ...]:
    changes: dict[str, object] = {"statement": ATTACK, "quote": ATTACK, "alternatives": (ATTACK,), "status": "assumed"}
    quoted = requirement(1, statement=ATTACK, quote="the squared error")
    return quoted, requirement(2, anchor=f"eq:{ATTACK}", **changes)


def _hostile_evaluation() -> Evaluation:
    """An evaluation by a rubric whose only leaf is three levels below its root."""
    tree = Rubric(id=ATTACK, requirements=ATTACK, weight=1, task_category="Code Development")
    for level in ("c", "b", "a"):
        tree = Rubric(id=level, requirements=f"{level} {ATTACK}", weight=1, sub_tasks=(tree,))
    said = LeafJudgement(expected=ATTACK, found=ATTACK, met=True)
    score = rubric_score(tree, (LeafScore(leaf=ATTACK, met=True, judgement=said, unseen=(ATTACK,)),))
    costs = Costs(calls=1, prompt=1, cached=0, completion=1, cost_usd=0.0, unpriced=0, seconds=1.0)
    return Evaluation(paper=ATTACK, repository=ATTACK, files=1, model=ATTACK, rubric=score, tree=tree, costs=costs)


def _hostile_execution(report: ExecutionReport) -> ExecutionReport:
    said = {"output": ATTACK, "reason": ATTACK}
    return report.model_copy(update={"steps": tuple(step.model_copy(update=said) for step in report.steps)})


def huge(root: Path, count: int = 1_000) -> Path:
    """A run with a thousand requirements, each with its own quote."""
    folder = bare_folder(root / "huge")
    numbers = range(1, count + 1)
    words = (f"Rule {number} says that part {number} is squared." for number in numbers)
    write(folder, "paper.json", _paper("A Long Method", "Rules", _paragraphs(words)))
    items = tuple(requirement(number, anchor=f"2¶{number}", quote=f"part {number} is squared") for number in numbers)
    write(folder, "planning/requirements.json", Requirements(items=items))
    write(folder, "review/verdicts.json", Verdicts(verdicts=tuple(_implemented(number) for number in numbers)))
    write(folder, "repo/main.py", "".join(f"part_{number} = {number} ** 2\n" for number in numbers))
    return folder


def _implemented(number: int) -> Verdict:
    where = (Location(path="main.py", line=number),)
    return Verdict(requirement=f"R{number}", verdict="implemented", evidence=where, reason="It is.")


def _paragraphs(texts: Iterable[str]) -> tuple[Paragraph, ...]:
    return tuple(Paragraph(anchor=f"2¶{number}", text=text) for number, text in enumerate(texts, 1))


def _paper(title: str, heading: str, blocks: tuple[AnyBlock, ...]) -> Paper:
    section = Section(anchor="2", level=1, title=heading, blocks=blocks)
    return Paper(title=title, abstract="We fit.", sections=(section,), source="markdown")
