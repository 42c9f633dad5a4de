"""Most claims are decided earliest."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts import Claim, Claims, Ordering, Trial
from papercoder.artifacts.reproduction import TrialKind, kind_of
from papercoder.stages.reproduction.order import (
    Estimates,
    limit_seeds,
    needed_kinds,
    order,
    selected_claims,
    targets_of,
)


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


def claim(name: str, anchor: str = "tab:1", **more: object) -> Claim:
    return Claim.model_validate(
        {"id": name, "anchor": anchor, "experiment": "main", "method": "ours", "dataset": "digits", "metric": "error"}
        | {"value": 1.0, "quote": "1.0", **more}
    )


def trial(method: str, dataset: str, *claims: str, seed: int = 0) -> Trial:
    name = f"{method}-{dataset}-{seed}"
    return Trial(id=name, experiment="Main", method=method, dataset=dataset, seed=seed, claims=claims)


def ordering(name: str, dataset: str, *methods: str) -> Ordering:
    return Ordering(
        id=name,
        anchor="tab:2",
        experiment="main",
        dataset=dataset,
        metric="error",
        direction="lower",
        methods=methods,
        statement="",
    )


TRIALS = (trial("ours", "digits", "C1"), trial("baseline", "digits"), trial("ours", "wine"), trial("baseline", "wine"))


def test_a_value_needs_its_own_trials_and_those_of_the_method_that_it_compares_with() -> None:
    claims = Claims(items=(claim("C1", compared_with="Baseline"), claim("C2")))
    assert needed_kinds(claims, TRIALS) == {
        "C1": {TrialKind("Main", "ours", "digits"), TrialKind("Main", "baseline", "digits")}
    }


def test_a_mean_over_data_sets_needs_the_trials_of_each() -> None:
    complete = claim("C1", compared_with="baseline", dataset="Average", averaged_over=("Digits", "wine"))
    lacking = claim("C2", dataset="Average of all", averaged_over=("digits", "iris"))
    claims = Claims(items=(complete, lacking), orderings=(ordering("O1", "Average", "ours", "baseline"),))
    every = set(map(kind_of, TRIALS))
    assert needed_kinds(claims, TRIALS) == {"C1": every, "O1": every}


def test_an_ordering_needs_all_its_methods_on_its_data_sets() -> None:
    claims = Claims(orderings=(ordering("O1", "wine", "ours", "baseline"), ordering("O2", "", "ours", "baseline")))
    needed = needed_kinds(claims, TRIALS)
    assert needed["O1"] == {TrialKind("Main", "ours", "wine"), TrialKind("Main", "baseline", "wine")}
    assert len(needed["O2"]) == 4


def test_claims_are_selected_by_id_or_table() -> None:
    claims = Claims(
        items=(claim("C1"), claim("C2", "tab:3"), claim("C3", "5¶1")), orderings=(ordering("O1", "", "a", "b"),)
    )
    assert selected_claims(claims, (), ()) == claims
    assert [item.id for item in selected_claims(claims, ("C3",), ("1",)).items] == ["C1", "C3"]
    assert [item.id for item in selected_claims(claims, (), ("tab:2",)).orderings] == ["O1"]


def test_seeds_are_limited_for_each_kind() -> None:
    every = [trial(method, "digits", seed=seed) for seed in range(3) for method in ("a", "b")]
    assert [each.id for each in limit_seeds(every, 2)] == ["a-digits-0", "b-digits-0", "a-digits-1", "b-digits-1"]
    assert len(list(limit_seeds(every, None))) == 6


def kind_estimates(method: str, dataset: str) -> TrialKind:
    return TrialKind("e", method, dataset)


def test_nothing_is_known_at_first() -> None:
    estimates = Estimates()
    assert estimates.of(kind_estimates("a", "x")).basis == "unknown"
    assert estimates.seconds(kind_estimates("a", "x")) == 1.0


def test_a_measurement_replaces_an_estimate_and_is_not_replaced_by_one() -> None:
    estimates = Estimates()
    estimates.stopped(kind_estimates("a", "x"), 5.0, 60.0)
    assert estimates.of(kind_estimates("a", "x")).seconds == 60.0
    estimates.measured(kind_estimates("a", "x"), 40.0)
    estimates.stopped(kind_estimates("a", "x"), 5.0, 500.0)
    assert estimates.of(kind_estimates("a", "x")).seconds == 40.0


def test_without_progress_a_trial_takes_longer_than_it_ran() -> None:
    estimates = Estimates()
    estimates.stopped(kind_estimates("a", "x"), 30.0, None)
    assert estimates.of(kind_estimates("a", "x")).basis == "at_least"
    assert estimates.seconds(kind_estimates("a", "x")) == 60.0


def test_factors_of_method_and_data_set_multiply() -> None:
    estimates = Estimates()
    estimates.measured(kind_estimates("a", "x"), 1.0)
    estimates.measured(kind_estimates("a", "y"), 10.0)
    estimates.measured(kind_estimates("b", "x"), 3.0)
    estimates.measured(kind_estimates("b", "y"), 30.0)
    estimates.measured(kind_estimates("c", "x"), 5.0)
    del estimates.known[kind_estimates("b", "y")], estimates.known[kind_estimates("c", "x")]
    estimates.measured(kind_estimates("c", "y"), 30.0)
    similar = estimates.of(kind_estimates("b", "y"))
    assert similar.basis == "similar"
    assert similar.seconds == pytest.approx(17.3, rel=0.5)


def test_estimates_of_similar_trials_are_not_kept() -> None:
    former, estimates = Estimates(), Estimates()
    former.measured(kind_estimates("a", "x"), 2.0)
    estimates.add([former.of(kind_estimates("a", "x")), former.of(kind_estimates("b", "x"))])
    assert list(estimates.known) == [kind_estimates("a", "x")]
