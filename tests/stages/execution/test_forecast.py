from pathlib import Path

import pytest

from papercoder.artifacts import StepResult
from papercoder.stages.execution.forecast import forecast


def forecast_text(folder: Path, full: str, smoke: str, seconds: float = 6.0) -> str:
    (folder / "config.yaml").write_text(full, encoding="utf-8")
    (folder / "config.smoke.yaml").write_text(smoke, encoding="utf-8")
    return forecast(folder, StepResult(step="smoke", status="passed", seconds=seconds))


@pytest.mark.parametrize(
    ("full", "smoke", "what"),
    [
        (
            "training:\n  epochs: 99\n  rate: 0.5\n",
            "training:\n  epochs: 1\n  rate: 0.1\n",
            "`training.epochs` grows 50",
        ),
        ("seeds: [1, 2, 3, 4]\n", "seeds: [1]\n", "`seeds` grows 4 times"),
        ("last_seed: 19\n", "last_seed: 0\n", "`last_seed` grows 20 times"),
        ("fast: true\nname: a\n", "fast: false\nname: b\n", "no setting grows"),
        ("a: [", "a: 1", "no setting grows"),
    ],
)
def test_what_grows_most_multiplies_the_smoke_run(tmp_path: Path, full: str, smoke: str, what: str) -> None:
    assert what in forecast_text(tmp_path, full, smoke)


def test_the_forecast_has_a_suitable_unit(tmp_path: Path) -> None:
    assert "about 5 minutes" in forecast_text(tmp_path, "epochs: 99\n", "epochs: 1\n")
    assert "about 3 hours" in forecast_text(tmp_path, "epochs: 99\n", "epochs: 1\n", seconds=200.0)
    assert "took 6 seconds" in forecast_text(tmp_path, "epochs: 99\n", "epochs: 1\n")


def test_a_repository_without_configuration(tmp_path: Path) -> None:
    smoke = StepResult(step="smoke", status="passed", seconds=6.0)
    assert "about 6 seconds" in forecast(tmp_path, smoke)
