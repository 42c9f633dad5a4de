"""Orders that every judge must keep: held, held within noise, broken, or showing nothing."""

from papercoder.artifacts import ControlName, ControlScores, CritiqueScore, Fitness, Judgement, OrderCheck
from papercoder.evaluation.calibration.calibrate import ORDERS, calibrate
from papercoder.evaluation.statistics import interval


def score(*values: int, unseen: tuple[str, ...] = ()) -> CritiqueScore:
    samples = tuple(Judgement(score=value) for value in values)
    return CritiqueScore(judge="reference-free", score=interval(values), samples=samples, unseen=unseen)


def control(
    name: ControlName, *values: int, changed: tuple[str, ...] = (), unseen: tuple[str, ...] = ()
) -> ControlScores:
    return ControlScores(control=name, made="by hand", changed=changed, scores=(score(*values, unseen=unseen),))


def fitness(own: CritiqueScore, *controls: ControlScores) -> Fitness:
    (found,) = calibrate((own,), controls).judges
    return found.fitness


def order(own: CritiqueScore, other: ControlScores) -> OrderCheck:
    (found,) = calibrate((own,), (other,)).orders
    return found


def test_a_judge_that_orders_them_is_fit() -> None:
    controls = (control("empty", 1, 1, 1, 1), control("mutated", 3, 2, 3, 2), control("shuffled", 1, 2, 1, 2))
    assert fitness(score(5, 4, 5, 4), *controls) == "fit"


def test_a_judge_that_praises_all_alike_is_unfit() -> None:
    found = calibrate((score(5, 5),), (control("empty", 5, 5), control("mutated", 5, 5)))
    assert found.unfit == ("reference-free",)
    assert [(each.higher, each.lower, each.difference) for each in found.broken] == [
        ("repository", "mutated", 0.0),
        ("repository", "empty", 0.0),
    ]


def test_an_order_in_the_means_alone_is_not_beyond_noise() -> None:
    found = order(score(4, 2, 5, 3), control("mutated", 3, 4, 2, 4))
    assert (found.verdict, found.difference) == ("within noise", 0.25)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high
    assert fitness(score(4, 2, 5, 3), control("mutated", 3, 4, 2, 4)) == "within noise"


def test_a_single_sample_is_never_beyond_noise() -> None:
    found = order(score(5), control("empty", 1))
    assert (found.verdict, found.low, found.high) == ("within noise", None, None)


def test_an_order_that_allows_a_tie_is_broken_only_beyond_noise() -> None:
    def between(shuffled: tuple[int, ...], empty: tuple[int, ...]) -> str:
        found = calibrate((score(5, 5, 5, 4),), (control("shuffled", *shuffled), control("empty", *empty)))
        return next(each.verdict for each in found.orders if each.higher == "shuffled")

    assert between((1, 1, 1, 1), (1, 1, 1, 1)) == "holds"
    assert between((1, 1, 1, 1), (1, 2, 1, 1)) == "within noise"
    assert between((1, 1, 1, 1), (3, 4, 3, 4)) == "broken"


def test_the_lowest_score_for_both_shows_nothing() -> None:
    found = order(score(1, 1), control("empty", 1, 1))
    assert (found.verdict, found.difference) == ("not shown", 0.0)
    calibration = calibrate((score(1, 1),), (control("empty", 1, 1),))
    assert (calibration.unfit, calibration.not_shown) == ((), ("reference-free",))


def test_without_valid_samples_nothing_is_shown() -> None:
    found = order(score(), control("empty", 1, 1))
    assert (found.verdict, found.difference) == ("not shown", None)


def test_what_the_judge_was_not_shown_is_not_held_against_it() -> None:
    blind = control("mutated", 4, 4, changed=("model.py",), unseen=("model.py", "data.py"))
    assert order(score(4, 4), blind).verdict == "not shown"
    seeing = control("mutated", 4, 4, changed=("model.py",), unseen=("data.py",))
    assert order(score(4, 4), seeing).verdict == "broken"


def test_each_judge_is_held_against_its_own_controls() -> None:
    based = score(2, 2).model_copy(update={"judge": "reference-based"})
    empty = ControlScores(
        control="empty",
        made="",
        changed=(),
        scores=(score(1, 1), score(3, 3).model_copy(update={"judge": "reference-based"})),
    )
    found = calibrate((score(4, 4), based), (empty,))
    assert found.unfit == ("reference-based",)


def test_orders_are_consistent() -> None:
    above = {(each.higher, each.lower) for each in ORDERS}
    assert not {(lower, higher) for higher, lower in above} & above
    for one, two in above:
        assert all((one, three) in above for other, three in above if other == two)
