"""Which trials decide which claims."""

from papercoder.artifacts import Claims, Trial
from papercoder.artifacts.claims import Claim, Ordering
from papercoder.artifacts.reproduction import TrialKind
from papercoder.stages.reproduction.needs import limit_seeds, needed_kinds, selected_claims


def claim(name: str, anchor: str = "tab:1", **more: str) -> Claim:
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
