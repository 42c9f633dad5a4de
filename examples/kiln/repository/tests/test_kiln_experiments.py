from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn.datasets import load_digits

import kiln.experiments as experiments

CONFIG = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("labels", "methods"), [(2, 4 + 6 + 7 + 2), (5, 4 + 6 + 2), (10, 4)])
def test_seeds_of_the_tables(labels, methods):
    # R35, R36: each method of Tables 2 to 5 runs once with each of the seeds 0, ..., 19 [3¶1]
    seeds = defaultdict(list)
    for trial in experiments.trials(CONFIG):
        if trial.dataset.endswith(f"ℓ = {labels}"):
            seeds[trial.experiment, trial.method].append(trial.seed)
    assert len({method for _, method in seeds}) == methods
    assert all(sorted(of_method) == list(range(20)) for of_method in seeds.values())


def test_all_methods_see_the_same_draw(monkeypatch):
    # R36: l = 2 and seed 3 give the same labelled points to all 19 methods and variants [3¶1]
    y = load_digits().target
    order = np.random.default_rng(3).permutation(1797)
    expected = sorted(i for c in range(10) for i in [j for j in order if y[j] == c][:2])
    seen = {}

    def predict(method, data, draw, config):
        seen[method] = draw.labelled.tolist()
        return np.zeros(len(data.y), dtype=int)

    monkeypatch.setattr(experiments, "_predict", predict)
    for trial in experiments.trials(CONFIG):
        if trial.dataset.endswith("ℓ = 2") and trial.seed == 3 and trial.experiment != experiments.RUN_TIME:
            # R35: the accuracy in percent; 178 - 2 of the 1797 - 20 unlabelled digits are zeros
            result = experiments.run_trial(trial, CONFIG, lambda *args, **kwargs: None)
            assert result["accuracy"] == pytest.approx(100 * 176 / 1777, rel=1e-14)
    assert len(seen) == 19 and all(labelled == expected for labelled in seen.values())
