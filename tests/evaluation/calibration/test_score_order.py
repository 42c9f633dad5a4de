"""The rubric's judge before controls: leaves in pairs, and what they can and cannot tell."""

from collections.abc import Iterable

from papercoder.artifacts import (
    Calibration,
    Contender,
    ControlName,
    ControlScores,
    LeafJudgement,
    LeafScore,
    OrderCheck,
    Rubric,
    RubricScore,
)
from papercoder.evaluation.calibration.calibrate import calibrate
from papercoder.evaluation.formatting import order_words
from papercoder.evaluation.rubric.rubric import rubric_score
from tests.evaluation.trees import leaf, node

EIGHT = node("root", *(leaf(name) for name in "abcdefgh"))


def leaves(met: str, asked: Iterable[str] = "abcdefgh", invalid: str = "", unseen: tuple[str, ...] = ()) -> RubricScore:
    return rubric_score(
        EIGHT,
        tuple(
            LeafScore(leaf=name, met=False, invalid=True, reason="no JSON")
            if name in invalid
            else LeafScore(leaf=name, met=name in met, judgement=judgement(name in met), unseen=unseen)
            for name in asked
        ),
    )


def judgement(met: bool) -> LeafJudgement:
    return LeafJudgement(expected="It.", found="It." if met else "Nothing.", met=met)


def control(name: ControlName, found: RubricScore, changed: tuple[str, ...] = ()) -> ControlScores:
    return ControlScores(control=name, made="by hand", changed=changed, scores=(), rubric=found)


def held(own: RubricScore, *controls: ControlScores, tree: Rubric = EIGHT) -> Calibration:
    return calibrate((), controls, rubric=(tree, own))


def order(found: Calibration, higher: Contender, lower: Contender) -> OrderCheck:
    return next(each for each in found.orders if (each.higher, each.lower) == (higher, lower))


def test_six_leaves_to_one_side_are_beyond_noise_and_five_are_not() -> None:
    six = order(held(leaves("abcdef"), control("config-only", leaves(""))), "repository", "config-only")
    assert (six.verdict, six.difference, six.higher_alone, six.lower_alone) == ("holds", 0.75, 6, 0)
    five = order(held(leaves("abcde"), control("config-only", leaves(""))), "repository", "config-only")
    assert (five.verdict, five.higher_alone) == ("within noise", 5)


def test_a_judge_that_finds_all_leaves_everywhere_is_unfit() -> None:
    everywhere = leaves("abcdefgh")
    found = held(everywhere, control("config-only", everywhere), control("mutated", everywhere))
    assert found.unfit == ("rubric",)
    assert [(each.higher, each.lower) for each in found.broken] == [("repository", "config-only")]


def test_a_wrong_equation_of_which_no_leaf_speaks_shows_nothing() -> None:
    own = leaves("abcdef")
    found = held(own, control("mutated", own, changed=("model.py",)), control("config-only", leaves("")))
    silent = order(found, "repository", "mutated")
    assert silent.verdict == "not shown"
    assert order_words(silent).endswith("scores the same; a wrong equation counts only if a leaf is about it")
    assert [each.fitness for each in found.judges] == ["fit"]


def test_a_leaf_that_flipped_by_chance_is_not_held_against_the_judge_and_six_are() -> None:
    one = order(held(leaves("a"), control("mutated", leaves("ab"))), "repository", "mutated")
    assert (one.verdict, one.difference) == ("not shown", -0.125)
    six = order(held(leaves("a"), control("mutated", leaves("abcdefg"))), "repository", "mutated")
    assert six.verdict == "broken"
    assert order_words(six).endswith("but scores 75.0 percentage points less (leaves: 0 more, 6 fewer)")


def test_a_wrong_equation_that_a_leaf_speaks_of_is_an_order_like_the_others() -> None:
    found = order(held(leaves("ab"), control("mutated", leaves("a"))), "repository", "mutated")
    assert found.verdict == "within noise"


def test_weights_make_the_difference_and_leaves_the_noise() -> None:
    tree = node("root", leaf("a", 100), *(leaf(name) for name in "bcdefgh"))
    found = order(held(leaves("bcdefgh"), control("config-only", leaves("a")), tree=tree), "repository", "config-only")
    assert found.difference is not None
    assert found.difference < 0
    assert (found.higher_alone, found.lower_alone, found.verdict) == (7, 1, "broken")
    authors = held(leaves("a"), control("mutated", leaves("a")), control("shuffled", leaves("bcdefgh")), tree=tree)
    assert order(authors, "mutated", "shuffled").verdict == "holds"


def test_only_leaves_judged_validly_for_both_are_held_against_each_other() -> None:
    own = leaves("abcd", invalid="h")
    found = order(held(own, control("shuffled", leaves("h", invalid="ab"))), "repository", "shuffled")
    assert (found.higher_alone, found.lower_alone, found.difference) == (2, 0, 2 / 5)
    nothing = order(held(own, control("shuffled", leaves("", invalid="abcdefgh"))), "repository", "shuffled")
    assert (nothing.verdict, nothing.difference) == ("not shown", None)
    assert order_words(nothing).endswith("no leaf has a valid verdict for both")


def test_what_was_decided_without_the_judge_is_no_order_of_it() -> None:
    unasked = tuple(LeafScore(leaf=name, met=False, reason="no file") for name in "abcdefgh")
    found = held(leaves("abcdefgh"), control("empty", rubric_score(EIGHT, unasked)))
    assert found.orders == ()
    assert found.not_shown == ("rubric",)


def test_nothing_met_anywhere_shows_nothing() -> None:
    found = held(leaves(""), control("shuffled", leaves("")))
    assert order(found, "repository", "shuffled").verdict == "not shown"


def test_what_no_leaf_was_shown_is_not_held_against_the_judge() -> None:
    blind = control("shuffled", leaves("abc", unseen=("model.py", "data.py")), changed=("model.py",))
    assert order(held(leaves("abc"), blind), "repository", "shuffled").verdict == "not shown"
    seeing = control("shuffled", leaves("abc", unseen=("data.py",)), changed=("model.py",))
    assert order(held(leaves("abc"), seeing), "repository", "shuffled").verdict == "broken"


def test_the_authors_need_not_stand_above_one_wrong_sign() -> None:
    found = held(leaves("abcdefgh"), control("mutated", leaves("abcdefg")), control("authors", leaves("")))
    assert ("authors", "mutated") not in {(each.higher, each.lower) for each in found.orders}
    assert found.unfit == ()
