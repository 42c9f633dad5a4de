"""Made answers whose outcome is known, through the command; bad, missing and duplicate answers are named."""

import csv
import json
from collections import Counter
from itertools import combinations, permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import friedmanchisquare, spearmanr

from papercoder.artifacts import Costs, CritiqueScore, Evaluation, Interval, StudyResults
from papercoder.evaluation.study.answers import KEY, file_name
from papercoder.evaluation.study.results import correlation, kendalls_w, krippendorff_alpha, share
from tests.cli.test_papers import Command
from tests.cli.test_papers import say as say
from tests.evaluation.study.studies import MAKERS, answers, make_study, send_back, write_manifest

OURS_FIRST = {"PaperCoder": 1, "MetaGPT": 3, "Authors": 2}
TIED = {"PaperCoder": 1, "MetaGPT": 2, "Authors": 1}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return make_study(tmp_path)


def results_of(say: Command, study: Path, *flags: str) -> StudyResults:
    said = say("study", "results", study, "--json", *flags)
    assert said.code == 0, said.err
    return StudyResults.model_validate_json(said.out)


def test_the_outcome_is_that_of_the_answers(say: Command, study: Path) -> None:
    for person in ("Ada", "Ben", "Cy"):
        send_back(study, f"{person}.json", answers(study, person, OURS_FIRST))
    send_back(study, "Di.json", answers(study, "Di", TIED))
    found = results_of(say, study)
    makers = {each.maker: each for each in found.makers}
    assert [each.maker for each in found.makers] == ["PaperCoder", "Authors", "MetaGPT"]
    assert [each.rank_score.mean for each in found.makers if each.rank_score] == [2.875, 2.125, 1.0]
    assert [each.first for each in found.makers] == [1.0, 0.25, 0.0]
    assert makers["PaperCoder"].faithful == Interval(mean=5, low=5, high=5, n=4)
    assert makers["MetaGPT"].coverage["method"].mean == 0.5
    pairs = {(each.winner, each.loser): (each.wins, each.losses, each.ties) for each in found.pairs}
    assert pairs["PaperCoder", "MetaGPT"] == (4, 0, 0)
    assert pairs["PaperCoder", "Authors"] == (3, 0, 1)
    assert found.pairs[0].p_value == pytest.approx(3 * 2 / 2**4)
    agreement = {(each.measure, each.about): each for each in found.agreement}
    w = agreement["Kendall's W", "tiny"]
    sums, ties = (4.5, 7.5, 12), 2**3 - 2
    assert w.value == pytest.approx(12 * sum((s - 8) ** 2 for s in sums) / (4**2 * (3**3 - 3) - 4 * ties))
    assert (found.minutes, found.complete, found.problems) == (10, 4, ())


def test_the_page_and_the_table_have_every_answer_as_text(say: Command, study: Path) -> None:
    evil = answers(study, "=HYPERLINK(1)", OURS_FIRST)
    evil["papers"][0]["answers"] |= {"why": "<script>alert(1)</script>\u202e", "guess": "=1+1"}
    send_back(study, "evil.json", evil)
    send_back(study, "Ben.json", answers(study, "Ben", TIED))
    said = say("study", "results", study)
    assert said.code == 0
    assert "PaperCoder is ranked first in 100% of 2 rankings." in said.out
    assert said.out.splitlines()[-1] == f"page: {study}/results/results.html"
    page = (study / "results" / "results.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in page
    rows = list(csv.DictReader((study / "results" / "answers.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["participant"] for row in rows} == {"'=HYPERLINK(1)", "Ben"}
    assert "'=1+1" in {row["answer"] for row in rows}
    ranks = {
        row["maker"]: (row["answer"], row["score"])
        for row in rows
        if (row["participant"], row["question"]) == ("Ben", "rank")
    }
    assert ranks == {"PaperCoder": ("1", "-1"), "MetaGPT": ("2", "-2"), "Authors": ("1", "-1")}


def test_the_key_stays_closed_until_enough_answers_are_there(say: Command, study: Path) -> None:
    send_back(study, "Ada.json", answers(study, "Ada", OURS_FIRST))
    said = say("study", "results", study)
    assert said.code == 2
    assert "1 complete questionnaire of 2 needed" in said.out
    assert "PaperCoder" not in said.out
    assert "--open-early" in said.err
    assert not (study / "results").exists()
    found = results_of(say, study, "--open-early")
    assert "opened early: 1 of 2" in found.remarks[0]


def test_a_changed_key_is_refused(say: Command, study: Path) -> None:
    text = (study / KEY).read_text(encoding="utf-8")
    (study / KEY).write_text(text.replace("MetaGPT", "Authors"), encoding="utf-8")
    said = say("study", "results", study, "--open-early")
    assert (said.code, "its digest differs" in said.err) == (2, True)


def test_problems_are_named_and_the_rest_counts(say: Command, study: Path) -> None:
    good = answers(study, "Ada", OURS_FIRST)
    first = answers(study, " ADA ", TIED, saved="2026-11-01T10:00:00Z")
    send_back(study, "ada.json", good)
    send_back(study, "earlier.json", first)
    send_back(study, "broken.json", "{")
    send_back(study, "other.json", answers(study, "Eve", TIED, study="another"))
    send_back(study, "no.json", answers(study, "Eve", TIED, consent=False))
    odd = answers(study, "Bob", OURS_FIRST)
    given: dict[str, Any] = odd["papers"][0]["answers"]
    given |= {"faithful.A": "9", "colour": "red"}
    del given["rank.B"]
    send_back(study, "odd.json", odd)
    (study / "answers" / "link.json").symlink_to(study / KEY)
    found = results_of(say, study, "--open-early")
    said = {(problem.kind, problem.where): problem.message for problem in found.problems}
    assert "It is no file with answers" in said["bad", "broken.json"]
    assert "belongs to the study another" in said["bad", "other.json"]
    assert "did not agree" in said["bad", "no.json"]
    assert "other answers are in ada.json" in said["duplicate", "earlier.json"]
    assert "2 of 22 answers are open (faithful.A, rank.B)" in said["missing", "Bob"]
    messages = [problem.message for problem in found.problems if problem.where == "odd.json"]
    assert messages == ["tiny, faithful.A: '9' is not one of the answers.", "tiny: there is no question 'colour'."]
    assert found.participants == ("Ada", "Bob")
    assert {each.ranked for each in found.makers} == {1}


def test_people_are_compared_with_models(say: Command, tmp_path: Path) -> None:
    path = write_manifest(tmp_path)
    scores = {"PaperCoder": 4.5, "MetaGPT": 2.0, "Authors": 3.0}
    lines = path.read_text(encoding="utf-8")
    for maker, score in scores.items():
        (tmp_path / f"{maker}.json").write_text(evaluation(score).model_dump_json(), encoding="utf-8")
        lines = lines.replace(f"- maker: {maker}\n", f"- maker: {maker}\n    evaluation: {maker}.json\n")
    path.write_text(lines, encoding="utf-8")
    assert say("study", "new", path, "-o", tmp_path / "study").code == 0
    for person in ("Ada", "Ben"):
        send_back(tmp_path / "study", f"{person}.json", answers(tmp_path / "study", person, OURS_FIRST))
    found = results_of(say, tmp_path / "study")
    (judge,) = found.correlations
    assert (judge.judge, judge.repositories, judge.same_order) == ("reference-free", 3, 1)
    assert judge.rho == pytest.approx(1)
    assert judge.p_value == pytest.approx(2 / 6, abs=0.05)
    (tmp_path / "MetaGPT.json").unlink()
    again = results_of(say, tmp_path / "study")
    assert [remark.partition(",")[0] for remark in again.remarks] == ["tiny"]
    assert "MetaGPT.json does not exist yet" in again.remarks[0]
    assert again.correlations[0].repositories == 2


def evaluation(score: float) -> Evaluation:
    mean = Interval(mean=score, low=score, high=score, n=1)
    costs = Costs(calls=1, prompt=1, cached=0, completion=1, cost_usd=0, unpriced=0, seconds=1)
    judged = (CritiqueScore(judge="reference-free", score=mean),)
    return Evaluation(paper="p", repository="r", files=1, model="m", scores=judged, costs=costs)


def test_commands_say_what_to_do_next(say: Command, tmp_path: Path) -> None:
    said = say("study", "new", write_manifest(tmp_path), "-o", tmp_path / "study")
    assert (said.code, said.err) == (0, "")
    assert f"send to participants: {tmp_path}/study/send/study.html" in said.out
    assert not [maker for maker in MAKERS if maker in said.out]
    example = say("study", "example")
    assert example.out.startswith("# A study")
    missing = say("study", "results", tmp_path)
    assert (missing.code, missing.err.count("\n")) == (2, 1)
    assert json.loads((tmp_path / "study" / "study.json").read_text(encoding="utf-8"))["wait_for"] == 2


@pytest.mark.parametrize("name", ["../../evil", "Ada Lovelace", "a/b"])
def test_a_participants_name_is_the_name_of_one_file(name: str) -> None:
    assert file_name(name).count("/") == 1
    assert ".." not in file_name(name)


EXECUTIVES = ((1, 6, 3, 2, 5, 4), (1, 5, 6, 4, 2, 3), (6, 3, 2, 5, 4, 1))
"""Siegel and Castellan, Nonparametric Statistics, Kendall's W: three executives rank six applicants."""

CODERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
"""Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C: four coders, twelve units."""


def test_kendalls_w_of_a_published_example() -> None:
    found = kendalls_w(EXECUTIVES)
    assert found
    assert found[0] == pytest.approx(0.162, abs=5e-4)


@settings(max_examples=40)
@given(
    st.integers(3, 5).flatmap(
        lambda k: st.lists(st.lists(st.integers(1, k), min_size=k, max_size=k), min_size=2, max_size=6)
    )
)
def test_kendalls_w_with_ties_is_friedmans_statistic_as_a_share(rankings: list[list[float]]) -> None:
    assume(any(len(set(each)) > 1 for each in rankings))
    found, people, things = kendalls_w(rankings), len(rankings), len(rankings[0])
    friedman = friedmanchisquare(*zip(*rankings, strict=True))
    assert found
    assert found[0] == pytest.approx(friedman.statistic / (people * (things - 1)))
    assert found[1] == pytest.approx(friedman.pvalue)


def test_kendalls_w_has_its_ends() -> None:
    same = kendalls_w([(1, 1, 3)] * 4)
    assert same
    assert same[0] == pytest.approx(1)
    assert kendalls_w([(1, 2), (2, 1)]) == (0.0, 1.0)
    assert kendalls_w([(1, 1, 1), (2, 2, 2)]) is None
    assert kendalls_w([(1, 2, 3)]) is None
    assert kendalls_w([]) is None


def test_krippendorffs_alpha_of_a_published_example() -> None:
    units = [[value for value in unit if value is not None] for unit in zip(*CODERS, strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.815, abs=5e-4)


def alpha_by_definition(units: list[list[int]]) -> float | None:
    """1 - D_o / D_e with every pair of values counted one by one."""
    paired = [unit for unit in units if len(unit) > 1]
    values = [value for unit in paired for value in unit]
    count = Counter(values)

    def distance(one: int, other: int) -> float:
        low, high = sorted((one, other))
        return (sum(count[each] for each in range(low, high + 1)) - (count[low] + count[high]) / 2) ** 2

    observed = sum(2 * distance(*pair) / (len(unit) - 1) for unit in paired for pair in combinations(unit, 2))
    chance = sum(2 * distance(*pair) for pair in combinations(values, 2)) / max(len(values) - 1, 1)
    return 1 - observed / chance if chance else None


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(1, 5), max_size=4), max_size=8))
def test_krippendorffs_alpha_is_its_definition(units: list[list[int]]) -> None:
    assert krippendorff_alpha(units) == pytest.approx(alpha_by_definition(units))


def test_a_correlation_is_spearmans_within_a_group() -> None:
    pairs = [(1.0, 2.0), (2.0, 2.0), (3.0, 5.0), (4.0, 3.0), (4.0, 9.0)]
    rho, _ = correlation([pairs], Random(0), 10)
    assert rho == pytest.approx(spearmanr(*zip(*pairs, strict=True)).statistic)
    shifted = [(one + 100, other - 100) for one, other in pairs]
    assert correlation([pairs, shifted], Random(0), 10)[0] == pytest.approx(rho)
    assert correlation([[(1.0, 1.0), (1.0, 2.0)]], Random(0), 10) == (None, None)


def test_the_p_value_of_a_correlation_is_a_share_of_the_orders() -> None:
    _, p_value = correlation([[(1, 10), (2, 20), (3, 30), (4, 40)]], Random(0), 4_000)
    assert p_value == pytest.approx(2 / len(list(permutations(range(4)))), abs=0.01)


def test_a_share_has_wilsons_interval() -> None:
    """Wilson (1927) for 9 of 10; also in Newcombe (1998)."""
    found = share(9, 10)
    assert found
    assert (found.mean, round(found.low, 3), round(found.high, 3)) == (0.9, 0.596, 0.982)
    assert share(0, 0) is None
