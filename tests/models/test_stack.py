import asyncio
from collections import Counter
from pathlib import Path

import pytest

from papercoder.errors import CostCapReached, SettingsError
from papercoder.models.resolve import models_by_role
from papercoder.models.simulated import Simulated
from papercoder.models.stack import assemble, assemble_roles
from papercoder.runs.folder import FileStore
from papercoder.settings import RUN_ROLES, TEXT_ROLES, Settings
from tests.models.fakes import Events, Held, Memory, Scripted, ask, said
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("bare")
FAULTY = "simulated:speed=1000,retry_after=10,rate_limit_every=5,cut_every=4"


def test_through_all_faults_every_answer_is_had_and_kept(tmp_path: Path) -> None:
    settings, events = Settings(model=FAULTY), Events()
    requests = [ask(subject=f"l0_m{number}.py", max_tokens=16_000) for number in range(12)]

    async def gather(model: Simulated | Scripted) -> list[str]:
        stack = assemble(model, settings, FileStore(tmp_path), events)
        return [answer.text for answer in await asyncio.gather(*(stack.answer(request) for request in requests))]

    texts = asyncio.run(gather(Simulated(FAULTY)))
    assert all(text.startswith("```python\n") and text.endswith("```\n") for text in texts)
    made = Counter(events.kinds)
    assert made["call_made"] == made["call_started"] > 12
    assert made["call_retried"] > 0
    never = Scripted(ValueError("asked again"))
    never.name = FAULTY
    never.context_window = 128_000
    assert asyncio.run(gather(never)) == texts


def test_roles_share_cap_and_limits_and_a_model_of_the_same_name() -> None:
    spec = "simulated:speed=1000000,price_out=1000"
    settings = Settings(model=spec, models={"review": f"{spec},seed=1"}, max_cost=5.0)
    events = Events()

    async def spend() -> None:
        models = assemble_roles(models_by_role(settings), settings, Memory(), events)
        assert models["planning"] is models["coding"]
        assert models["review"] is not models["coding"]
        await models["coding"].answer(ask(max_tokens=2500))
        await models["review"].answer(ask(max_tokens=2500))
        with pytest.raises(CostCapReached):
            await models["repair"].answer(ask(subject="other.py", max_tokens=2500))

    asyncio.run(spend())
    assert set(models_by_role(settings)) == set(RUN_ROLES) & set(TEXT_ROLES)


def test_a_cap_without_a_price_is_refused_before_anything_is_asked() -> None:
    model = Scripted(said("x"))
    model.price = None
    with pytest.raises(SettingsError, match="--max-cost needs the price"):
        assemble(model, Settings(max_cost=1.0), Memory(), Events())


def test_one_task_that_fails_does_not_lose_what_the_others_paid_for() -> None:
    model, store = Held(said("paid")), Memory()

    async def group() -> None:
        stack = assemble(model, Settings(concurrency=2), store, Events())
        async with asyncio.TaskGroup() as tasks:
            for number in range(4):
                tasks.create_task(stack.answer(ask(subject=str(number))))
            await until(lambda: len(model.asked) == 2)
            asyncio.get_running_loop().call_later(0.01, model.free.set)
            raise RuntimeError("something else")

    with pytest.raises(ExceptionGroup):
        asyncio.run(group())
    assert len(model.asked) == model.finished == len(store.kept) == 2
