import asyncio
import time
from pathlib import Path

import pytest
from benchmarks.machine import example
from benchmarks.speed import reference
from benchmarks.speed.measure import (
    PLANNING,
    RECORDED,
    Graph,
    ModelledTime,
    critical_path,
    measure,
    measure_full,
    replay,
)
from benchmarks.speed.reference import Latency, Sizes

from papercoder.artifacts import FileLogic, ImportedNames, LogicDesign
from papercoder.runs.events import CallMade

LATENCY = Latency(ttft=1.0, tps=10.0)


def call(agent: str, subject: str, completion: int) -> CallMade:
    return CallMade(
        agent=agent, subject=subject, model="m", prompt=5, cached=0, completion=completion, cost_usd=None, seconds=0.0
    )


def file(path: str, *imports: str) -> FileLogic:
    needed = tuple(ImportedNames(path=name, names=("run",)) for name in imports)
    return FileLogic(path=path, implements="It.", imports=needed, signatures=("def run() -> None",))


LOGIC = LogicDesign(packages=(), files=(file("a.py"), file("b.py", "a.py"), file("c.py")), shared_knowledge="")
CALLS = [
    *(call(agent, "", 10) for agent in PLANNING),
    *(call("analysis", path, size) for path, size in [("a.py", 10), ("b.py", 60), ("c.py", 10)]),
    *(call("coding", path, size) for path, size in [("a.py", 30), ("b.py", 20), ("c.py", 40)]),
]


def test_the_critical_path_is_the_longest_chain_of_calls() -> None:
    # planning 4 x 2 s; then b's own analysis of 7 s is longer than a's analysis and code, 2 + 4 s; then b's code of 3 s
    assert critical_path(CALLS, LOGIC, LATENCY) == pytest.approx(8 + 7 + 3)


def test_a_call_that_was_made_twice_counts_twice() -> None:
    assert critical_path([*CALLS, call("coding", "b.py", 10)], LOGIC, LATENCY) == pytest.approx(8 + 7 + 3 + 2)


def test_the_reference_sends_everything_before_it_again() -> None:
    sizes = Sizes(paper=100, planning=[10, 10], analyses=[5, 5], codes=[20, 30])
    planning, analysis, coding = 100 + 110, 2 * 120, (120 + 5) + (120 + 5 + 20)
    assert reference.prompt_tokens(sizes) == planning + analysis + coding
    assert reference.seconds(sizes, LATENCY) == pytest.approx(6 + (10 + 10 + 5 + 5 + 20 + 30) / 10)


def test_a_tiny_run_from_end_to_end(tmp_path: Path) -> None:
    graph = Graph(files=2, width=2)
    run = measure(example(), tmp_path / "run", graph)
    assert run.calls == 4 + 2 * graph.files
    assert run.spent.prompt > run.spent.cached >= 0
    assert run.spent.usd > 0
    assert run.critical_path > LATENCY.ttft * 6
    assert len(run.sizes.codes) == graph.files
    assert run.seconds == pytest.approx(run.critical_path, rel=0.01)


def test_waiting_takes_no_time_and_work_takes_no_modelled_time() -> None:
    async def work() -> float:
        waiting = asyncio.create_task(asyncio.sleep(3600))
        await asyncio.to_thread(time.sleep, 0.01)
        before = asyncio.get_running_loop().time()
        await waiting
        return before

    began, loop = time.monotonic(), ModelledTime()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        assert runner.run(work()) == 0.0
        assert loop.time() == pytest.approx(3600)
    assert time.monotonic() - began < 60


def test_recorded_answers_take_the_time_of_the_modelled_model() -> None:
    run = replay(RECORDED, example(), "parallel")
    assert run.agents["coding"].calls == run.agents["analysis"].calls == 6
    assert run.agents["logic"].ended <= run.agents["analysis"].began < run.agents["coding"].ended
    assert run.agents["coding"].ended <= run.agents["review"].began
    assert 100 < run.seconds < 3600


@pytest.mark.slow
def test_files_written_at_once_take_less_time(tmp_path: Path) -> None:
    runs = measure_full(example(), tmp_path, Graph(files=4, width=1))
    assert runs.planning < runs.parallel < runs.layered
