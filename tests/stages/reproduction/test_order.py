"""Most claims are decided earliest."""

import random

from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts import Trial
from papercoder.artifacts.reproduction import TrialKind, kind_of
from papercoder.stages.reproduction.order import order, targets_of


def kind(method: str, dataset: str = "d") -> TrialKind:
    return TrialKind("e", method, dataset)


def trials(kinds: list[TrialKind], seeds: int = 1) -> list[Trial]:
    return [
        Trial(
            id=f"{each.method}-{each.dataset}-{seed}",
            experiment="e",
            method=each.method,
            dataset=each.dataset,
            seed=seed,
        )
        for each in kinds
        for seed in range(seeds)
    ]


def test_cheap_claims_come_first() -> None:
    seconds = {kind("slow"): 100.0, kind("fast"): 1.0}
    targets = targets_of({"C1": [kind("slow")], "C2": [kind("fast")]})
    steps = list(order(targets, trials(list(seconds)), [], seconds.__getitem__))
    assert [(step.trial.method, step.decides) for step in steps] == [("fast", ("C2",)), ("slow", ("C1",))]


def test_a_trial_that_decides_several_claims_comes_first() -> None:
    kinds = [kind("a"), kind("b"), kind("c")]
    targets = targets_of({"C1": [kind("a")], "C2": [kind("b")], "C3": [kind("b")], "O1": [kind("a"), kind("c")]})
    steps = list(order(targets, trials(kinds), [], lambda _: 1.0))
    assert [step.trial.method for step in steps] == ["b", "a", "c"]
    assert [step.decides for step in steps] == [("C2", "C3"), ("C1",), ("O1",)]


def test_every_kind_gets_one_seed_before_any_gets_a_second() -> None:
    kinds = [kind("a"), kind("b")]
    targets = targets_of({"C1": [kind("a")], "C2": [kind("b")]})
    steps = list(order(targets, trials(kinds, seeds=3), [], {kind("a"): 1.0, kind("b"): 50.0}.__getitem__))
    assert [step.trial.id for step in steps] == ["a-d-0", "b-d-0", "a-d-1", "b-d-1", "a-d-2", "b-d-2"]


def test_what_is_measured_already_counts() -> None:
    targets = targets_of({"O1": [kind("a"), kind("b")], "C3": [kind("c")]})
    seconds = {kind("a"): 10.0, kind("b"): 1.0, kind("c"): 2.0}
    steps = list(order(targets, trials([kind("b"), kind("c")]), [kind("a")], seconds.__getitem__))
    assert [step.trial.method for step in steps] == ["b", "c"]


def test_a_claim_with_a_part_that_cannot_be_measured_comes_last() -> None:
    targets = targets_of({"O1": [kind("a"), kind("gone")], "C2": [kind("b")]})
    steps = list(order(targets, trials([kind("a"), kind("b")]), [], {kind("a"): 1.0, kind("b"): 9.0}.__getitem__))
    assert [(step.trial.method, step.decides) for step in steps] == [("b", ("C2",)), ("a", ())]


def test_a_claim_that_the_budget_cannot_decide_is_put_off() -> None:
    """The orderings have the best price for each claim, but their two trials do not fit."""
    seconds = {kind("a"): 30.0, kind("b"): 30.0, kind("c"): 45.0}
    targets = targets_of({"O1": [kind("a"), kind("b")], "O2": [kind("a"), kind("b")], "C3": [kind("c")]})
    firsts = [next(order(targets, trials(list(seconds)), [], seconds.__getitem__, budget)) for budget in (100.0, 50.0)]
    assert [step.trial.method for step in firsts] == ["a", "c"]


@given(st.integers(0, 10_000))
def test_every_trial_comes_once_and_every_claim_is_decided_once(seed: int) -> None:
    chance = random.Random(seed)
    kinds = [kind(f"m{i}", f"d{j}") for i in range(3) for j in range(3)]
    claims = {f"C{index}": chance.sample(kinds, chance.randint(1, 3)) for index in range(6)}
    seconds = {each: chance.uniform(1, 100) for each in kinds}
    all_trials = trials(kinds, seeds=2)
    steps = list(order(targets_of(claims), all_trials, [], seconds.__getitem__))
    assert sorted(step.trial.id for step in steps) == sorted(trial.id for trial in all_trials)
    assert sorted(claim for step in steps for claim in step.decides) == sorted(claims)
    seen: set[TrialKind] = set()
    for step in steps:
        seen.add(kind_of(step.trial))
        assert all(set(claims[claim]) <= seen for claim in step.decides)
