"""Orders that every judge must keep: held, held within noise, broken, or showing nothing."""

import ast
from collections.abc import Iterable
from pathlib import Path

from papercoder.artifacts import (
    Calibration,
    Contender,
    ControlName,
    ControlScores,
    CritiqueScore,
    Fitness,
    Judgement,
    LeafJudgement,
    LeafScore,
    OrderCheck,
    Rubric,
    RubricScore,
    SourceFile,
)
from papercoder.evaluation.calibration import ORDERS, Control, authors_control, calibrate, controls
from papercoder.evaluation.rendering import order_words
from papercoder.evaluation.repository_view import judged_files, paths_of
from papercoder.evaluation.rubric import rubric_score
from papercoder.evaluation.statistics import interval
from tests.evaluation.trees import leaf, node


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


EXAMPLE = Path(__file__).parents[2] / "examples" / "kiln" / "repository"


def files(**texts: str) -> tuple[SourceFile, ...]:
    return tuple(SourceFile(path=name.replace("__", "."), text=text) for name, text in texts.items())


REPOSITORY = files(
    config__yaml="rate: 0.1\n",
    main__py="from model import loss\n\nprint(loss(1.0, 2.0))\n",
    model__py="def loss(a, b):\n    return (a - b) ** 2\n",
    readme__md="# The method\n",
)


def made(repository: tuple[SourceFile, ...] = REPOSITORY) -> dict[str, Control]:
    found, _ = controls(repository, tuple(file.path for file in repository))
    return {control.name: control for control in found}


def reasons(repository: tuple[SourceFile, ...]) -> dict[str, str]:
    _, missing = controls(repository, tuple(file.path for file in repository))
    return {control.control: control.reason for control in missing}


def texts(control: Control) -> dict[str, str]:
    return {file.path: file.text for file in control.files}


def test_all_four_are_made_and_the_same_again() -> None:
    assert list(made()) == ["empty", "config-only", "shuffled", "mutated"]
    assert made() == made()


def test_empty_has_nothing() -> None:
    assert (made()["empty"].files, made()["empty"].paths) == ((), ())


def test_config_only_keeps_settings_and_packages_and_no_word_about_the_code() -> None:
    more = (*REPOSITORY, *files(requirements__txt="numpy\n", notes__txt="x\n", results__json="{}"))
    control = made(more)["config-only"]
    assert control.paths == ("config.yaml", "requirements.txt")
    assert set(texts(control)) == set(control.paths)


def test_shuffled_has_the_same_names_and_the_same_texts_but_none_together() -> None:
    before, after = {file.path: file.text for file in REPOSITORY}, texts(made()["shuffled"])
    assert list(after) == list(before)
    assert sorted(after.values()) == sorted(before.values())
    assert all(after[path] != before[path] for path in ("main.py", "model.py"))
    assert all(after[path] == before[path] for path in ("config.yaml", "readme.md"))


def test_mutated_differs_in_one_operator_and_says_where() -> None:
    control = made()["mutated"]
    assert texts(control)["model.py"] == "def loss(a, b):\n    return (a - b) * 2\n"
    assert control.made == 'model.py, line 2, in loss: "**" became "*"'
    assert {path for path, text in texts(control).items() if text not in {file.text for file in REPOSITORY}} == {
        "model.py"
    }


def test_what_a_repository_does_not_allow_is_said() -> None:
    assert reasons(()) == {
        "empty": "the repository has no file that a judge reads",
        "config-only": "the repository has no configuration",
        "shuffled": "the repository has fewer than two different code files",
        "mutated": "no Python function has arithmetic to change",
    }
    assert reasons(files(config__yaml="a: 1\n"))["config-only"] == "the repository has only configuration"


def test_the_authors_come_last() -> None:
    gold = files(train__py="x = 1\n")
    found, _ = controls(REPOSITORY, (), authors_control(gold, ("train.py", "data.bin")))
    assert (found[-1].name, found[-1].files, found[-1].paths) == ("authors", gold, ("train.py", "data.bin"))


def test_the_example_has_all_controls() -> None:
    found, missing = controls(judged_files(EXAMPLE), paths_of(EXAMPLE))
    assert missing == ()
    mutated = next(control for control in found if control.name == "mutated")
    assert "(eq:" in "".join(file.text for file in mutated.files)
    for file in mutated.files:
        if file.path.endswith(".py"):
            ast.parse(file.text)


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


def scored_control(name: ControlName, found: RubricScore, changed: tuple[str, ...] = ()) -> ControlScores:
    return ControlScores(control=name, made="by hand", changed=changed, scores=(), rubric=found)


def held(own: RubricScore, *controls: ControlScores, tree: Rubric = EIGHT) -> Calibration:
    return calibrate((), controls, rubric=(tree, own))


def score_order_of(found: Calibration, higher: Contender, lower: Contender) -> OrderCheck:
    return next(each for each in found.orders if (each.higher, each.lower) == (higher, lower))


def test_six_leaves_to_one_side_are_beyond_noise_and_five_are_not() -> None:
    six = score_order_of(held(leaves("abcdef"), scored_control("config-only", leaves(""))), "repository", "config-only")
    assert (six.verdict, six.difference, six.higher_alone, six.lower_alone) == ("holds", 0.75, 6, 0)
    five = score_order_of(held(leaves("abcde"), scored_control("config-only", leaves(""))), "repository", "config-only")
    assert (five.verdict, five.higher_alone) == ("within noise", 5)


def test_a_judge_that_finds_all_leaves_everywhere_is_unfit() -> None:
    everywhere = leaves("abcdefgh")
    found = held(everywhere, scored_control("config-only", everywhere), scored_control("mutated", everywhere))
    assert found.unfit == ("rubric",)
    assert [(each.higher, each.lower) for each in found.broken] == [("repository", "config-only")]


def test_a_wrong_equation_of_which_no_leaf_speaks_shows_nothing() -> None:
    own = leaves("abcdef")
    found = held(own, scored_control("mutated", own, changed=("model.py",)), scored_control("config-only", leaves("")))
    silent = score_order_of(found, "repository", "mutated")
    assert silent.verdict == "not shown"
    assert order_words(silent).endswith("scores the same; a wrong equation counts only if a leaf is about it")
    assert [each.fitness for each in found.judges] == ["fit"]


def test_a_leaf_that_flipped_by_chance_is_not_held_against_the_judge_and_six_are() -> None:
    one = score_order_of(held(leaves("a"), scored_control("mutated", leaves("ab"))), "repository", "mutated")
    assert (one.verdict, one.difference) == ("not shown", -0.125)
    six = score_order_of(held(leaves("a"), scored_control("mutated", leaves("abcdefg"))), "repository", "mutated")
    assert six.verdict == "broken"
    assert order_words(six).endswith("but scores 75.0 percentage points less (leaves: 0 more, 6 fewer)")


def test_a_wrong_equation_that_a_leaf_speaks_of_is_an_order_like_the_others() -> None:
    found = score_order_of(held(leaves("ab"), scored_control("mutated", leaves("a"))), "repository", "mutated")
    assert found.verdict == "within noise"


def test_weights_make_the_difference_and_leaves_the_noise() -> None:
    tree = node("root", leaf("a", 100), *(leaf(name) for name in "bcdefgh"))
    found = score_order_of(
        held(leaves("bcdefgh"), scored_control("config-only", leaves("a")), tree=tree), "repository", "config-only"
    )
    assert found.difference is not None
    assert found.difference < 0
    assert (found.higher_alone, found.lower_alone, found.verdict) == (7, 1, "broken")
    authors = held(
        leaves("a"), scored_control("mutated", leaves("a")), scored_control("shuffled", leaves("bcdefgh")), tree=tree
    )
    assert score_order_of(authors, "mutated", "shuffled").verdict == "holds"


def test_only_leaves_judged_validly_for_both_are_held_against_each_other() -> None:
    own = leaves("abcd", invalid="h")
    found = score_order_of(held(own, scored_control("shuffled", leaves("h", invalid="ab"))), "repository", "shuffled")
    assert (found.higher_alone, found.lower_alone, found.difference) == (2, 0, 2 / 5)
    nothing = score_order_of(
        held(own, scored_control("shuffled", leaves("", invalid="abcdefgh"))), "repository", "shuffled"
    )
    assert (nothing.verdict, nothing.difference) == ("not shown", None)
    assert order_words(nothing).endswith("no leaf has a valid verdict for both")


def test_what_was_decided_without_the_judge_is_no_order_of_it() -> None:
    unasked = tuple(LeafScore(leaf=name, met=False, reason="no file") for name in "abcdefgh")
    found = held(leaves("abcdefgh"), scored_control("empty", rubric_score(EIGHT, unasked)))
    assert found.orders == ()
    assert found.not_shown == ("rubric",)


def test_nothing_met_anywhere_shows_nothing() -> None:
    found = held(leaves(""), scored_control("shuffled", leaves("")))
    assert score_order_of(found, "repository", "shuffled").verdict == "not shown"


def test_what_no_leaf_was_shown_is_not_held_against_the_judge() -> None:
    blind = scored_control("shuffled", leaves("abc", unseen=("model.py", "data.py")), changed=("model.py",))
    assert score_order_of(held(leaves("abc"), blind), "repository", "shuffled").verdict == "not shown"
    seeing = scored_control("shuffled", leaves("abc", unseen=("data.py",)), changed=("model.py",))
    assert score_order_of(held(leaves("abc"), seeing), "repository", "shuffled").verdict == "broken"


def test_the_authors_need_not_stand_above_one_wrong_sign() -> None:
    found = held(
        leaves("abcdefgh"), scored_control("mutated", leaves("abcdefg")), scored_control("authors", leaves(""))
    )
    assert ("authors", "mutated") not in {(each.higher, each.lower) for each in found.orders}
    assert found.unfit == ()
