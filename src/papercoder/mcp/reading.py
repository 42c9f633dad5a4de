"""Tools and resources that only read: papers, and the requirements, claims, state and cost of runs."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ResourceError
from mcp.types import Resource
from pydantic import Field

from papercoder.artifacts import Artifact, Claim, ClaimVerdict, OrderingResult
from papercoder.artifacts.claims import ClaimResult
from papercoder.errors import PaperCoderError
from papercoder.files.regular import read_text
from papercoder.mcp.workspace import Workspace, located
from papercoder.report import load, to_markdown
from papercoder.report.model import State, TracedRequirement
from papercoder.report.questions import letter
from papercoder.runs.event_log import read_events
from papercoder.runs.overview import RunReport, report, status_of
from papercoder.runs.summary import AgentUse, Summary, Tokens, summarise, use_by_agent
from papercoder.text.characters import visible

RunName = Annotated[str, Field(description="Name of a run, as list_runs shows it.")]

SCHEME = "papercoder"
_MOST_RUNS = 100
_TITLE = 200


class ListedRun(Artifact):
    """A run of the runs folder."""

    run: str
    status: str
    paper: str
    """The title, else the source."""


class RequirementView(Artifact):
    """A requirement, where the code implements it, and the verdict of the review."""

    id: str
    statement: str
    status: str
    anchor: str
    quote: str
    alternatives: tuple[str, ...]
    owner: str | None
    places: tuple[str, ...]
    """`path:line` of the lines that implement it."""

    verdict: State
    reason: str


class ClaimView(Artifact):
    """A claim or an ordering of the paper, and what was measured."""

    id: str
    statement: str
    anchor: str
    verdict: ClaimVerdict
    reason: str
    measured: float | None
    seeds: int | None


class RunCost(Artifact):
    """What a run has used so far."""

    cost_usd: float
    unpriced: int
    """Calls with an unknown price; `cost_usd` does not include them."""

    tokens: Tokens
    seconds: float
    agents: tuple[AgentUse, ...]
    """Most expensive first."""


class ReadingTools:
    """Tools that neither write nor execute anything."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @property
    def tools(self) -> tuple[Callable[..., Any], ...]:
        """All of them."""
        return (
            self.read_paper,
            self.list_runs,
            self.run_status,
            self.run_cost,
            self.requirements,
            self.claims,
            self.author_questions,
        )

    async def read_paper(
        self,
        paper: Annotated[
            str, Field(description="A run's name, an arXiv id, a DOI, an address, or a file in a folder here.")
        ],
        anchor: Annotated[
            str, Field(description="A section (3.2), block (3.2¶4), equation (eq:5), table (tab:1) or `abstract`.")
        ] = "",
    ) -> str:
        """Read a paper. Without an anchor: its outline with all anchors. With one: that place as Markdown."""
        return visible(located(await self._workspace.paper(paper), anchor))

    async def list_runs(self) -> list[ListedRun]:
        """List the runs, the latest first."""
        return await asyncio.to_thread(self._listed)

    async def run_status(self, run: RunName) -> RunReport:
        """How far a run is: stages, execution steps, requirements, claims, warnings, files."""
        return await asyncio.to_thread(report, self._folder(run))

    async def run_cost(self, run: RunName) -> RunCost:
        """What a run has cost: tokens, dollars and time, by agent."""
        return await asyncio.to_thread(_cost, self._folder(run))

    async def requirements(
        self,
        run: RunName,
        verdict: Annotated[State | None, Field(description="Only those with this verdict.")] = None,
    ) -> list[RequirementView]:
        """The requirements of a run: the paper's words, the owner file, the lines of code and the review's verdict."""
        loaded = await asyncio.to_thread(load, self._folder(run))
        return [_requirement(item) for item in loaded.requirements if verdict in (None, item.state)]

    async def claims(
        self,
        run: RunName,
        verdict: Annotated[ClaimVerdict | None, Field(description="Only those with this verdict.")] = None,
    ) -> list[ClaimView]:
        """The paper's claims: met, differs, toy, inconclusive or not run, with what was measured and why."""
        loaded = await asyncio.to_thread(load, self._folder(run))
        return [view for view in claim_views(loaded.claims, loaded.orderings) if verdict in (None, view.verdict)]

    async def author_questions(self, run: RunName) -> str:
        """A letter to the paper's authors that asks about assumptions and unclear places."""
        loaded = await asyncio.to_thread(load, self._folder(run))
        return letter(loaded) or "No open questions: nothing was assumed or only cited so far."

    def _folder(self, run: str) -> Path:
        return self._workspace.runs.run(run)

    def _listed(self) -> list[ListedRun]:
        found = []
        for name in self._workspace.runs.runs()[:_MOST_RUNS]:
            try:
                folder = self._folder(name)
                summary = summarise(read_events(folder))
                found.append(ListedRun(run=name, status=status_of(summary, folder), paper=_title(folder, summary)))
            except PaperCoderError as error:
                found.append(ListedRun(run=name, status="unreadable", paper=visible(str(error))))
        return found


def claim_views(claims: Iterable[ClaimResult], orderings: Iterable[OrderingResult]) -> list[ClaimView]:
    """Claims and orderings as agents read them."""
    views = [
        ClaimView(
            id=item.claim.id,
            statement=_statement(item.claim),
            anchor=item.claim.anchor,
            verdict=item.verdict,
            reason=item.reason,
            measured=item.measured.value if item.measured else None,
            seeds=item.measured.seeds if item.measured else None,
        )
        for item in claims
    ]
    views += [
        ClaimView(
            id=item.ordering.id,
            statement=item.ordering.statement,
            anchor=item.ordering.anchor,
            verdict=item.verdict,
            reason=item.reason,
            measured=item.difference,
            seeds=item.seeds,
        )
        for item in orderings
    ]
    return views


class RunResources:
    """Texts of runs by address: `papercoder://runs/NAME/report`, `traceability` and `paper`."""

    KINDS = ("report", "traceability", "paper")

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @property
    def functions(self) -> dict[str, Callable[[str], Any]]:
        """Kind -> what reads it."""
        return {"report": self.report, "traceability": self.traceability, "paper": self.paper}

    def listed(self) -> list[Resource]:
        """The addresses of all runs."""
        return [
            Resource(uri=f"{SCHEME}://runs/{name}/{kind}", name=f"{name} {kind}", mime_type="text/markdown")
            for name in self._workspace.runs.runs()[:_MOST_RUNS]
            for kind in self.KINDS
        ]

    async def report(self, run: str) -> str:
        """The report of a run: what was verified and what was not."""
        return await asyncio.to_thread(self._text, run, lambda folder: to_markdown(load(folder)))

    async def traceability(self, run: str) -> str:
        """Each requirement with its owner file and its marks in the code."""
        return await asyncio.to_thread(self._text, run, lambda folder: read_text(folder, "repo/TRACEABILITY.md"))

    async def paper(self, run: str) -> str:
        """The paper as the models read it, with anchors."""
        return await asyncio.to_thread(self._text, run, lambda folder: read_text(folder, "paper.md"))

    def _text(self, run: str, read: Callable[[Path], str | None]) -> str:
        try:
            text = read(self._workspace.runs.run(run))
        except PaperCoderError as error:
            raise ResourceError(visible(str(error))) from error
        if text is None:
            raise ResourceError(f"The run {run} has not come that far yet.")
        return visible(text)


def _title(folder: Path, summary: Summary) -> str:
    first = (read_text(folder, "paper.md") or "").partition("\n")[0]
    return visible(first.removeprefix("# ").strip() or Path(summary.paper).name)[:_TITLE]


def _cost(folder: Path) -> RunCost:
    events = tuple(read_events(folder))
    summary = summarise(events)
    return RunCost(
        cost_usd=summary.cost_usd,
        unpriced=summary.unpriced,
        tokens=summary.tokens,
        seconds=summary.seconds,
        agents=use_by_agent(events),
    )


def _requirement(item: TracedRequirement) -> RequirementView:
    found = item.requirement
    return RequirementView(
        id=found.id,
        statement=found.statement,
        status=found.status,
        anchor=found.anchor,
        quote=found.quote,
        alternatives=found.alternatives,
        owner=item.owner,
        places=tuple(f"{place.path}:{place.line}" for place in item.places),
        verdict=item.state,
        reason=item.verdict.reason if item.verdict else "",
    )


def _statement(claim: Claim) -> str:
    bound = "" if claim.bound == "=" else f"{claim.bound} "
    read = "(read from the image)" if claim.from_image else ""
    amount = " ".join(filter(None, (f"{bound}{claim.printed or f'{claim.value:g}'}", claim.unit, read)))
    return f"{claim.method} on {claim.dataset}: {claim.statistic} {claim.metric} {amount} ({claim.experiment})"
