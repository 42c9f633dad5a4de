"""Comparison: numbers computed by hand, what is significant, and what cannot be tested."""

from collections.abc import Iterable
from typing import Any

import pytest

from papercoder.artifacts.bench import BenchResults
from papercoder.bench.results.comparison import Comparison, Difference, compare
from papercoder.bench.results.wording import headline, remarks, spread
from papercoder.errors import SettingsError
from tests.bench.entries import entry, judged, results


def scored(name: str, scores: Iterable[float], **changes: Any) -> BenchResults:
    """One entry a paper, with these scores."""
    return results(*(entry(f"p{n}", judges=judged(score), **changes) for n, score in enumerate(scores)), name=name)


def of(comparison: Comparison, metric: str) -> Difference:
    return next(one for one in comparison.contrasts[0].differences if one.metric == metric)


def test_a_difference_by_hand() -> None:
    # Differences 0.1, 0.3, 0.5, 0.3: mean 0.3, standard deviation 0.16330, error 0.08165, t = 3.6742, 3 degrees.
    comparison = compare(scored("a", [3.0, 3.0, 3.0, 3.0]), scored("b", [3.1, 3.3, 3.5, 3.3]))
    one = of(comparison, "reference-based")
    assert (one.before, one.after) == pytest.approx((3.0, 3.3))
    assert one.difference.mean == pytest.approx(0.3)
    assert one.difference.low == pytest.approx(0.3 - 3.1824 * 0.08165, abs=1e-4)
    assert one.difference.high == pytest.approx(0.3 + 3.182 * 0.08165, abs=1e-4)
    assert one.p_value == pytest.approx(0.0349, abs=1e-4)


def test_verdicts_are_corrected_for_the_number_of_tests() -> None:
    comparison = compare(scored("a", [3.0, 3.0, 3.0, 3.0]), scored("b", [3.1, 3.3, 3.5, 3.3]))
    one = of(comparison, "reference-based")
    # Steps, cost, time and calls were tested as well, and did not differ.
    assert comparison.tested == 5
    assert one.difference.low > 0
    assert one.adjusted == pytest.approx(5 * 0.0349, abs=1e-3)
    assert one.verdict == "noise"


def test_better_and_worse_depend_on_the_metric() -> None:
    before = results(*(entry(f"p{n}", seconds=100.0 + n, judges=judged(3.0 + n / 100)) for n in range(8)))
    after = results(*(entry(f"p{n}", seconds=50.0 + n % 3, judges=judged(2.0 + n / 50)) for n in range(8)))
    comparison = compare(before, after)
    assert of(comparison, "seconds").verdict == "better"
    assert of(comparison, "reference-based").verdict == "worse"
    assert of(comparison, "calls").verdict == "noise"


def test_two_papers_are_too_few() -> None:
    comparison = compare(scored("a", [1.0, 1.0]), scored("b", [5.0, 4.9]))
    one = of(comparison, "reference-based")
    assert (one.verdict, one.p_value, one.adjusted) == ("few", None, None)
    assert comparison.tested == 0


def test_equal_differences_have_no_interval() -> None:
    one = of(compare(scored("a", [3.0, 2.0, 1.0]), scored("b", [3.5, 2.5, 1.5])), "reference-based")
    assert (one.difference.low, one.difference.high) == (0.5, 0.5)
    assert spread(one) == ""
    assert spread(of(compare(scored("a", [3.0, 2.0]), scored("b", [3.5, 2.6])), "reference-based")) != ""


def test_other_judges_are_named() -> None:
    before, after = scored("a", [3.0], judge_model="gpt"), scored("b", [4.0], judge_model="claude")
    said = "Judged by gpt before and by claude after, which alone may change the scores."
    assert list(remarks(compare(before, after).contrasts[0])) == [said]
    assert list(remarks(compare(before, scored("c", [4.0], judge_model="gpt")).contrasts[0])) == []


def test_steps_of_code_that_was_not_run_are_not_compared() -> None:
    before, after = scored("a", [3.0] * 4), scored("b", [3.0] * 4, executed=False)
    assert compare(before, after).contrasts[0].one_sided == ("steps passed",)


def test_the_headline_names_the_setting_if_there_are_several() -> None:
    same = scored("a", [3.0] * 6, variant="same").entries
    before = results(*same, *scored("a", [2.0 + n / 50 for n in range(6)], variant="new").entries)
    after = results(*same, *scored("b", [4.0 + n / 60 for n in range(6)], variant="new").entries)
    assert "1 significant: new · m: reference-based +1.99 (better)." in headline(compare(before, after))


def test_repeats_are_one_paper() -> None:
    before = results(*(entry("p", repeat=n, judges=judged(score)) for n, score in enumerate([2.0, 4.0])))
    one = of(
        compare(before, scored("b", []).model_copy(update={"entries": (entry("p", judges=judged(3.5)),)})),
        "reference-based",
    )
    assert [(pair.paper, pair.before, pair.after) for pair in one.papers] == [("p", 3.0, 3.5)]


def test_papers_and_metrics_of_one_side_are_named() -> None:
    before = results(entry("a", judges=judged(3.0)), entry("b", judges=judged(3.0)), entry("c", rubric=0.5))
    after = results(entry("b", status="failed"), entry("a", judges=judged(4.0)), entry("d"))
    (contrast,) = compare(before, after).contrasts
    assert (contrast.only_before, contrast.only_after) == (("c",), ("d",))
    assert contrast.failed_after == ("b",)
    assert contrast.one_sided == ("rubric",)
    assert of(compare(before, after), "reference-based").unpaired == ("b",)


def test_an_unknown_cost_is_not_compared() -> None:
    before, after = results(entry("a", unpriced=2)), results(entry("a"))
    assert "cost" not in {one.metric for one in compare(before, after).contrasts[0].differences}


def test_two_variants_of_one_result_set() -> None:
    both = results(*(entry(f"p{n}", variant=name) for n in range(3) for name in ("plain", "full", "other")))
    (contrast,) = compare(both, both, variants=("plain", "full")).contrasts
    assert (contrast.before.variant, contrast.after.variant) == ("plain", "full")
    with pytest.raises(SettingsError, match="Choose two with --variants"):
        compare(both, both)
    with pytest.raises(SettingsError, match=r"Unknown variant best\. Available: plain, full, other"):
        compare(both, both, variants=("plain", "best"))


def test_settings_of_the_same_name_are_compared_and_the_others_named() -> None:
    before = results(entry("p", variant="plain"), entry("p", variant="full"))
    after = results(entry("p", variant="full"), entry("p", variant="more"))
    comparison = compare(before, after)
    assert [str(one.before) for one in comparison.contrasts] == ["full · m"]
    assert comparison.left_out == ("plain · m", "more · m")


def test_the_only_models_of_each_side_are_compared() -> None:
    (contrast,) = compare(results(entry("p", model="old")), results(entry("p", model="new"))).contrasts
    assert (contrast.before.model, contrast.after.model) == ("old", "new")
    several = results(entry("p", model="new"), entry("p", model="newer"))
    with pytest.raises(SettingsError, match="have no setting in common"):
        compare(results(entry("p", model="old")), several)
    assert compare(results(entry("p", model="old")), several, models=("old", "newer")).contrasts
