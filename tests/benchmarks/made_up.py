"""Results that nobody measured."""

from benchmarks.many.heartbeat import Lag
from benchmarks.many.load import Load
from benchmarks.many.measure import ManyResults, Watched
from benchmarks.many.watching import Held
from benchmarks.overhead.measure import REPORT, OverheadResults, Part
from benchmarks.reading.measure import Reading
from benchmarks.reading.score import Score
from benchmarks.repair.faults import FAULTS
from benchmarks.repair.measure import Outcome, RepairResults
from benchmarks.resumption.measure import Resumption, ResumptionResults
from benchmarks.speed.measure import FLAT, NARROW, FullRuns, Graph, Measured, Replayed, Span, SpeedResults, Spent
from benchmarks.speed.reference import Sizes
from benchmarks.startup.measure import Start, StartupResults
from benchmarks.tokens.measure import Spent as SpentByAgent
from benchmarks.tokens.measure import TokenResults


def measured(graph: Graph) -> Measured:
    sizes = Sizes(paper=1000, planning=[60] * 4, analyses=[60] * graph.files, codes=[60] * graph.files)
    spent = Spent(
        prompt=1000 * graph.files, cached=500 * graph.files, completion=60 * graph.files, usd=0.01 * graph.files
    )
    return Measured(graph, 4 + 2 * graph.files, seconds=11.0 * graph.files, own=1.0, critical_path=10.0 * graph.files,
                    spent=spent, sizes=sizes)  # fmt: skip


def both_orders(graph: Graph) -> FullRuns:
    spent = Spent(100 * graph.files**2, 0, 10, 0.5 * graph.files)
    return FullRuns(graph, planning=5.0, layered=40.0, parallel=10.0, spent=spent)


SPEED = SpeedResults(
    published=tuple(map(measured, (*NARROW, *FLAT))),
    full=tuple(map(both_orders, NARROW)),
    example=(Replayed(50.0, {"coding": Span(6, 10.0, 40.0)}), Replayed(40.0, {"coding": Span(6, 10.0, 30.0)})),
    paper="paper.pdf",
)
OVERHEAD = OverheadResults(
    calls=36, cpu=10.0, wall=20.0, wall_unsynced=16.0,
    parts=(Part("journal", 4.0, 6.0, 1.0), Part(REPORT, 2.0, 2.0, 2.0)), model_cpu=7.0, reading=0.5,
)  # fmt: skip


def watched(papers: int, wall: float) -> Watched:
    lag = Lag(median=0.001, p99=0.025, most=0.3, beats=100)
    return Watched(Load(papers, papers, calls=40 * papers, wall=wall, cpu=8.0, cpu_of_others=2.0, lag=lag),
                   Held(memory_mib=512.0, files=99, threads=12, processes=3))  # fmt: skip


MANY = ManyResults(files=8, speed=4.0, alone=watched(1, 50.0), together=watched(90, 100.0), on_ray=watched(90, 150.0))
RESUMPTION = ResumptionResults(files=16, bare=0.5, each=(Resumption(1.5, 1.0, kept=21, in_flight=3, paid_again=0),))
STARTUP = StartupResults((Start("python -c pass", 0.02, 0.01, 0.03), Start("papercoder --help", 0.5, 0.4, 0.6)), runs=9)
READING = (
    Reading("kiln", "papercoder", Score(0.996, 1.0, 1.0, 1.0, 1.0, 1.0), pages=5, pace=18.0),
    Reading("kiln", "pypdfium2", Score(0.995, 1.0, 1.0, -1.0, -1.0, -1.0), pages=5, pace=90.0),
)
REPAIR = RepairResults(
    "tests/data/good_repository",
    ("checking",),
    tuple(Outcome(fault, 0, (bool(fault.checks),)) for fault in FAULTS),
)

TOKENS = TokenResults(
    full={"review": SpentByAgent(2, 900, 400, 100), "coding": SpentByAgent(1, 100, 0, 100)},
    retried=1,
    published={"coding": SpentByAgent(1, 120, 0, 100)},
    reference=2000,
)
