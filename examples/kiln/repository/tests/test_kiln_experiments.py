import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import yaml
from sklearn.datasets import load_digits

import kiln.experiments as experiments

TABLES = ("main comparison", "ablation", "sensitivity", "implementation details")
ONE_LABEL = "one label per class"


def read(name):
    return yaml.safe_load(Path(name).read_text(encoding="utf-8"))


def labels_per_class(dataset):
    return int(re.search(r"(\d+)$", dataset).group(1))


def draw_of_the_paper(y, per_class, seed):
    """The first points of each class in the order of the permutation [3¶1]."""
    taken = defaultdict(list)
    for index in np.random.default_rng(seed).permutation(len(y)).tolist():
        if len(taken[int(y[index])]) < per_class:
            taken[int(y[index])].append(index)
    return sorted(index for members in taken.values() for index in members)


def seeds_by_row(config):
    rows = defaultdict(list)
    for trial in experiments.trials(config):
        rows[trial.experiment, trial.method, trial.dataset].append(trial.seed)
    return rows


def silent(*args, **kwargs):
    return None


def run_with_recorded_draws(monkeypatch, config, selected, value):
    """Run the trials and return the draw on which each was evaluated, and what each returned."""
    draws, returned = [], []

    def record(predicted, y, draw):
        draws.append((y, draw))
        return value

    monkeypatch.setattr(experiments, "accuracy", record)
    for trial in selected:
        returned.append(experiments.run_trial(trial, config, silent))
        assert len(draws) == len(returned)
    return draws, returned


def test_every_row_of_the_tables_has_the_seeds_0_to_19_once():
    # R35: mean and deviation are over s = 0, ..., 19 [3¶1]
    rows = {row: seeds for row, seeds in seeds_by_row(read("config.yaml")).items() if row[0] in TABLES}
    assert {row[0] for row in rows} == set(TABLES)
    for row, seeds in rows.items():
        assert sorted(seeds) == list(range(20)), row


def test_the_number_of_seeds_and_the_first_one_follow_the_configuration():
    # R35: the seeds are first_seed, first_seed + 1, ... without gaps [3¶1]
    config = read("config.yaml")
    config["experiment"].update(n_seeds=3, first_seed=5)
    rows = seeds_by_row(config)
    # No row of a table is lost, and each has its three draws: 4 x 3, 6 x 2, 7 and 2 x 2 rows of Tables 2 to 5.
    assert {row for row in rows if row[0] in TABLES} == {
        row for row in seeds_by_row(read("config.yaml")) if row[0] in TABLES
    }
    assert [sum(row[0] == table for row in rows) for table in TABLES] == [12, 12, 7, 4]
    for row, seeds in rows.items():
        if row[0] in TABLES:
            assert sorted(seeds) == [5, 6, 7], row
    # The numbers of labels per class are those of the tables.
    for table, labels in zip(TABLES, ({2, 5, 10}, {2, 5}, {2}, {2, 5})):
        assert {labels_per_class(row[2]) for row in rows if row[0] == table} == labels


def test_time_of_a_draw_is_the_mean_over_the_numbers_of_labels(monkeypatch):
    # R51: one call is timed for each number of labels, after the graph is built [3¶4]
    config = read("config.smoke.yaml")
    labels = config["experiment"]["main_labels"]
    for alone in (False, True):
        trial = next(
            trial
            for trial in experiments.trials(config)
            if trial.experiment == "run time" and trial.method == "Kiln" and ("=" in trial.dataset) == alone
        )
        clock = []

        def fake(run, threads):
            clock.append(0.25 * 2 ** len(clock))
            return run(), clock[-1]

        monkeypatch.setattr(experiments, "timed", fake)
        measured = experiments.run_trial(trial, config, silent)
        assert len(clock) == (1 if alone else len(labels))
        assert measured == {"time per draw": sum(clock) / len(clock)}


def test_total_time_is_in_minutes(monkeypatch):
    # R51: 90 seconds are 1.5 minutes [3¶4]
    config = read("config.smoke.yaml")
    trial = next(trial for trial in experiments.trials(config) if trial.method == "all experiments")
    monkeypatch.setattr(experiments, "timed", lambda run, threads: (None, 90.0))
    assert experiments.run_trial(trial, config, silent) == {"total time": 1.5}


def test_progress_of_the_selection_grows_to_one():
    # R42: the settings of the grid are tried one after the other, the last one completes the trial [3¶2]
    config = read("config.smoke.yaml")
    config["experiment"].update(selection_alpha=[0.9, 0.99])
    trial = next(trial for trial in experiments.trials(config) if trial.experiment == "baseline selection")
    fractions = []
    experiments.run_trial(trial, config, lambda fraction, **values: fractions.append(fraction))
    total = 2 * len(config["experiment"]["selection_k"])
    assert fractions == [done / total for done in range(1, total + 1)]


def test_a_trial_returns_the_accuracy_of_its_draw_unchanged(monkeypatch):
    # R35: the runner averages what the trials return, so a trial neither rounds nor averages [3¶1]
    config = read("config.smoke.yaml")
    trial = next(trial for trial in experiments.trials(config) if trial.experiment == TABLES[0])
    _, returned = run_with_recorded_draws(monkeypatch, config, [trial], 87.654321987)
    assert returned == [{"accuracy": 87.654321987}]


def test_all_methods_and_variants_see_the_same_draws(monkeypatch):
    # R36: the draw follows from the seed and the number of labels alone, as the paper describes it [3¶1]
    config = read("config.smoke.yaml")
    selected = [trial for trial in experiments.trials(config) if trial.experiment in (*TABLES, ONE_LABEL)]
    draws, _ = run_with_recorded_draws(monkeypatch, config, selected, 50.0)
    y = load_digits().target[: config["data"]["n_samples"]]
    for trial, (classes, draw) in zip(selected, draws, strict=True):
        expected = draw_of_the_paper(y, labels_per_class(trial.dataset), trial.seed)
        assert np.array_equal(classes, y), trial
        assert draw.labelled.tolist() == expected, trial
        assert draw.labels.tolist() == y[expected].tolist(), trial
        assert draw.unlabelled.tolist() == sorted(set(range(len(y))) - set(expected)), trial


def test_the_methods_of_a_table_are_listed_for_the_same_seeds_and_numbers_of_labels():
    # R36: every method of the main comparison and every variant has each draw [3¶1]
    for name in ("main comparison", "ablation", "implementation details"):
        draws = defaultdict(set)
        for (experiment, method, dataset), seeds in seeds_by_row(read("config.yaml")).items():
            if experiment == name:
                draws[method] |= {(dataset, seed) for seed in seeds}
        assert len(draws) > 1
        first = next(iter(draws.values()))
        assert all(other == first for other in draws.values()), name
