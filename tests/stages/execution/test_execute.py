"""The ladder: every step for real in a sandbox, and each failure at its own step."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from papercoder.artifacts.execution import ExecutionReport, Outcome, StepName, StepResult, Trial, TrialList
from papercoder.environments.environment import Installation, Packages
from papercoder.environments.installers import Indexes, Pip, Uv, find_tool, user_indexes
from papercoder.environments.repository_copy import read_untrusted_file, temporary_copy
from papercoder.repository.traceability import ClaimRow
from papercoder.sandbox.contract import MIB, Command, Limits
from papercoder.stages.execution.execute import execute
from papercoder.stages.execution.steps import metric_problem, trial_list_problem
from papercoder.stages.packaging.files import shipped
from tests.reproduction.packages import OwnPackages
from tests.sandbox.conftest import isolating
from tests.stages.packaging.small_repository import claim, write_repository

MAIN = """\
import argparse
import json

from src.model import answer

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true")
    parser.parse_args()
    with open("results.json", "w") as file:
        json.dump({"results": [{"metric": "accuracy", "mean": answer()}]}, file)
"""
FILES = {
    "main.py": MAIN,
    "src/__init__.py": "",
    "src/model.py": "def answer() -> float:\n    return 0.5\n",
    "tests/test_model.py": "from src.model import answer\n\n\ndef test_answer():\n    assert answer() == 0.5\n",
    "config.yaml": "seed: 1\n",
    "config.smoke.yaml": "seed: 1\n",
    "reproduce.sh": shipped("reproduce_bare.sh"),
    "requirements.txt": "# the standard library is enough\n",
}
SMALL = Limits(seconds=30, memory=512 * MIB, processes=64, disk=64 * MIB, output=4 * MIB)
LIMITS: dict[StepName, Limits] = dict.fromkeys(("install", "import", "start", "trials", "tests", "smoke"), SMALL)


def write(folder: Path, changes: Mapping[str, str | None]) -> Path:
    for name, text in {**FILES, **changes}.items():
        if text is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    return folder


def run_steps(repository: Path, *, emitted: list[StepResult] | None = None) -> ExecutionReport:
    listen = (emitted if emitted is not None else []).append
    return asyncio.run(execute(repository, isolating(), OwnPackages(), LIMITS, emit=listen))


def statuses(report: ExecutionReport) -> dict[str, str]:
    return {step.step: step.status for step in report.steps}


def test_a_good_repository_passes_every_step(tmp_path: Path) -> None:
    emitted: list[StepResult] = []
    report = run_steps(write(tmp_path, {}), emitted=emitted)
    assert report.passed == ("install", "import", "start", "tests", "smoke")
    assert report.steps[3].reason == "the repository has no trials.py"
    assert tuple(emitted) == report.steps
    assert report.failed is None
    assert report.sandbox == "bubblewrap"
    assert report.smoke_results
    assert '"accuracy"' in report.smoke_results
    smoke = report.steps[-1]
    assert (smoke.command, smoke.exit_code, smoke.reason) == ("./reproduce.sh --smoke", 0, "")
    assert smoke.seconds > 0


def test_the_repository_itself_is_not_touched(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": f"open('made.txt', 'w').close()\n{MAIN}"})
    before = sorted(tmp_path.rglob("*"))
    assert run_steps(tmp_path).smoke_results
    assert sorted(tmp_path.rglob("*")) == before


def test_without_tests_that_step_is_skipped_and_the_next_one_runs(tmp_path: Path) -> None:
    report = run_steps(write(tmp_path, {"tests/test_model.py": None}))
    assert statuses(report)["tests"] == "skipped"
    assert statuses(report)["smoke"] == "passed"


ROWS = '[{"metric": "accuracy", "mean": answer()}]'
DUMP = f'json.dump({{"results": {ROWS}}}, file)'
LINK = "    import os; os.symlink('r.json', 'results.json')\n"
NEEDS_A_FILE = "def answer():\n    return float(open('/etc/hostname').read())\n"
BROKEN: list[tuple[StepName, dict[str, str | None], str]] = [
    ("import", {"src/other.py": "import no_such_module\n"}, "no_such_module"),
    ("import", {"src/other.py": "raise SystemExit(0)\n"}, "src.other cannot be imported"),
    ("import", {"src/other.py": "import os\nos._exit(0)\n"}, "an import ended Python before"),
    ("start", {"main.py": MAIN.replace("parser.parse_args()", "raise SystemExit('no')")}, "exit code 1: no"),
    ("start", {"main.py": "pass\n"}, "printed no usage"),
    ("tests", {"tests/test_model.py": "def test_wrong():\n    assert 1 == 2\n"}, "1 failed"),
    (
        "tests",
        {"tests/test_model.py": "import pytest\n\n\ndef test_never():\n    pytest.skip('no data')\n"},
        "no test passed",
    ),
    ("smoke", {"main.py": MAIN.replace("results.json", "other.json")}, "main.py ended without results.json"),
    ("smoke", {"main.py": MAIN.replace(ROWS, "[]")}, "results.json has no rows"),
    ("smoke", {"main.py": MAIN.replace(DUMP, "file.write('NO')")}, "is not JSON"),
    ("smoke", {"main.py": MAIN.replace("results.json", "r.json") + LINK}, "no readable results.json"),
    ("smoke", {"src/model.py": NEEDS_A_FILE, "tests/test_model.py": None}, "/etc/hostname"),
]


@pytest.mark.parametrize(
    ("step", "changes", "reason"), BROKEN, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_failure_is_reported_at_its_step(
    tmp_path: Path, step: str, changes: Mapping[str, str | None], reason: str
) -> None:
    report = run_steps(write(tmp_path, changes))
    assert report.failed
    assert report.failed.step == step
    assert reason in f"{report.failed.reason}\n{report.failed.output}"
    above = report.steps[report.steps.index(report.failed) + 1 :]
    assert all(later.status == "skipped" for later in above)
    assert report.smoke_results is None


def test_results_that_were_there_before_are_not_taken_for_new_ones(tmp_path: Path) -> None:
    old = {"results.json": '{"results": [{"mean": 1}]}', "main.py": MAIN.replace("results.json", "other.json")}
    report = run_steps(write(tmp_path, old))
    assert report.failed
    assert report.failed.step == "smoke"


def test_a_step_that_reaches_a_cap_says_which(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": "import time\ntime.sleep(60)\n"})
    limits = {**LIMITS, "import": Limits(seconds=1)}
    report = asyncio.run(execute(tmp_path, isolating(), OwnPackages(), limits))
    assert report.failed
    assert (report.failed.step, report.failed.exit_code) == ("import", None)
    assert report.failed.reason == "it reached its limit of 1 seconds"


def with_trials(folder: Path, **changes: tuple[str, str]) -> Path:
    """The small repository with trials; in each of the files named, a text is replaced."""
    write_repository(folder)
    (folder / "reproduce.sh").write_text(shipped("reproduce.sh"), encoding="utf-8")
    claims = {"claims": [claim("C1", "ours", "digits"), claim("C9", "ours", "ImageNet")]}
    (folder / "claims.json").write_text(json.dumps(claims), encoding="utf-8")
    for name, (old, new) in changes.items():
        path = folder / "tiny" / f"{name}.py"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return folder


def test_trials_are_listed_and_one_of_each_kind_is_run(tmp_path: Path) -> None:
    report = run_steps(with_trials(tmp_path))
    assert report.passed == ("install", "import", "start", "trials", "smoke")
    assert report.trials
    assert len(report.trials.trials) == 12
    assert len(json.loads(report.smoke_results or "")["results"]) == 4


@pytest.mark.parametrize(
    ("step", "changes", "reason"),
    [
        ("trials", {"experiments": ('"C9"', '"C7"')}, "NOT_MEASURED names C7, which is no claim; C9 has no trial"),
        (
            "trials",
            {"experiments": ('"Main comparison"', '"main table"')},
            'C1 has no trial: no trial is called Trial("Main comparison", "ours", "digits", seed); '
            'the nearest is Trial("main table", "ours", "digits", seed)',
        ),
        ("trials", {"experiments": ("return [Trial", "return [] and [Trial")}, "`trials` returns no trial"),
        ("smoke", {"experiments": ('"accuracy"', '"acc"')}, 'C1 needs the metric "accuracy" of Trial('),
        ("smoke", {"model": ("return width", "return width / 0")}, "4 failed; main-comparison-ours-digits-0-"),
    ],
)
def test_trials_must_match_the_claims(
    tmp_path: Path, step: str, changes: dict[str, tuple[str, str]], reason: str
) -> None:
    report = run_steps(with_trials(tmp_path, **changes))
    assert report.failed
    assert report.failed.step == step
    assert reason in report.failed.reason


def test_a_mean_over_data_sets_must_have_trials_on_each() -> None:
    trials = [Trial(id="a", experiment="Main comparison", method="ours", dataset="Digits", seed=0)]
    mean = ClaimRow.model_validate(claim("C4", "ours", "Average", averaged_over=["digits", "wine"]))
    listed = TrialList(trials=tuple(trials), unclaimed=("C4",)).model_dump_json()
    assert trial_list_problem(listed, [mean]) == (
        'C4 has no trial: no trial is called Trial("Main comparison", "ours", "wine", seed); the nearest is '
        'Trial("Main comparison", "ours", "Digits", seed). Use the claim\'s names, or say in NOT_MEASURED why '
        "it is not measured"
    )
    row = {"experiment": "Main comparison", "method": "ours", "dataset": "wine", "metric": "acc"}
    assert metric_problem(json.dumps({"results": [row]}), [mean]).startswith('C4 needs the metric "accuracy" of Trial(')


def test_without_isolation_nothing_is_executed_and_it_says_so(tmp_path: Path) -> None:
    emitted: list[StepResult] = []
    report = asyncio.run(execute(write(tmp_path, {}), None, emit=emitted.append))
    assert set(statuses(report).values()) == {"skipped"}
    assert len(emitted) == 6
    assert report.sandbox == ""
    assert all("no sandbox works here" in step.reason for step in report.steps)


# installing


LOCKED = f"pyyaml==6.0.2 \\\n    --hash=sha256:{'0' * 64}\n"


@dataclass
class Listed:
    """A sandbox that runs nothing: records the commands and ends them as configured."""

    failing: str = "nothing"
    name: str = "listed"
    python: str = "/usr/bin/python3"
    system: str = "Python 3.11.0 on linux x86_64"
    asked: list[Command] = field(default_factory=list)

    async def run(self, command: Command) -> Outcome:
        self.asked.append(command)
        if "compile" in command.argv:
            (command.folder.source / "requirements.lock").write_text(LOCKED, encoding="utf-8")
        code = int(self.failing in command.argv)
        return Outcome(exit_code=code, seconds=1.0, output="it cannot be" if code else "", sandbox=self.name)


@pytest.fixture
def packages(tmp_path: Path) -> Packages:
    return Packages(tmp_path / "cache", Indexes({"UV_INDEX": "here"}, ()), Uv(Path("/usr/bin/uv")))


@pytest.mark.parametrize("gpu", [False, True])
def test_the_code_may_use_gpus_where_that_was_asked_for_and_installers_never(
    packages: Packages, tmp_path: Path, gpu: bool
) -> None:
    sandbox = Listed()
    asyncio.run(execute(write(tmp_path / "repo", {}), sandbox, packages, LIMITS, gpu=gpu))
    *installing, importing = sandbox.asked
    assert {command.gpu for command in installing} == {False}
    assert (importing.folder.target, importing.gpu) == ("/repository", gpu)


def installed(packages: Packages, repository: Path, sandbox: Listed) -> Installation:
    return asyncio.run(packages.install(repository, sandbox, SMALL))


def test_only_installers_have_the_network_and_take_wheels_alone(packages: Packages, tmp_path: Path) -> None:
    sandbox = Listed()
    repository = write(tmp_path / "repo", {"requirements.txt": "PyYAML>=6\n"})
    installation = installed(packages, repository, sandbox)
    phases = [(command.phase, command.argv[:3]) for command in sandbox.asked]
    assert phases == [
        ("install", ("/tools/uv", "pip", "compile")),
        ("run", ("/usr/bin/python3", "-m", "venv")),
        ("install", ("/tools/uv", "pip", "install")),
        ("run", ("/environment/bin/python", "-I", "-S")),
    ]
    for command in sandbox.asked:
        assert ("UV_INDEX" in command.environment) == (command.phase == "install")
        assert command.phase == "run" or ":all:" in command.argv
    assert installation.environment
    assert installation.lock
    assert installation.lock.startswith("# requirements.txt ")
    assert installation.lock.endswith(f"\n{LOCKED}")


def test_an_environment_is_built_once(packages: Packages, tmp_path: Path) -> None:
    repository = write(tmp_path / "repo", {"requirements.txt": "PyYAML>=6\n"})
    first = installed(packages, repository, Listed())
    assert first.lock
    (repository / "requirements.lock").write_text(first.lock, encoding="utf-8")
    again = Listed()
    second = installed(packages, repository, again)
    assert again.asked == []
    assert second.environment == first.environment
    assert second.lock == first.lock


def test_steps_at_the_same_time_resolve_and_build_an_environment_once(packages: Packages, tmp_path: Path) -> None:
    repository = write(tmp_path / "repo", {"requirements.txt": "PyYAML>=6\n"})
    installed(packages, repository, Listed())  # the first of a process resolves
    shutil.rmtree(packages.cache / "environments")
    sandboxes = [Listed(), Listed()]

    async def install_both() -> list[Installation]:
        return list(await asyncio.gather(*(packages.install(repository, each, SMALL) for each in sandboxes)))

    first, second = asyncio.run(install_both())
    assert sorted(len(sandbox.asked) for sandbox in sandboxes) == [0, 3]  # venv, install, compile
    assert first.environment == second.environment
    assert first.environment


def test_a_lock_of_other_requirements_is_replaced(packages: Packages, tmp_path: Path) -> None:
    repository = write(
        tmp_path / "repo", {"requirements.lock": "# requirements.txt old\n", "requirements.txt": "PyYAML\n"}
    )
    sandbox = Listed()
    assert installed(packages, repository, sandbox).environment
    assert "compile" in sandbox.asked[0].argv


@pytest.mark.parametrize("failing", ["compile", "venv", "install"])
def test_where_a_step_fails_there_is_no_environment(packages: Packages, tmp_path: Path, failing: str) -> None:
    repository = write(tmp_path / "repo", {"requirements.txt": "PyYAML>=6\n"})
    installation = installed(packages, repository, Listed(failing))
    assert installation.environment is None
    assert installation.outcomes[-1].output == "it cannot be"
    assert list((tmp_path / "cache" / "environments").iterdir()) == []


@dataclass
class Lacking(Listed):
    """Its environment lacks every module."""

    async def run(self, command: Command) -> Outcome:
        ended = await super().run(command)
        is_list = "packages_distributions" in " ".join(command.argv)
        return ended.model_copy(update={"output": '{"yaml": null}'}) if is_list else ended


def test_a_module_that_no_package_brings_fails_the_installation(packages: Packages, tmp_path: Path) -> None:
    changes = {"requirements.txt": "yaml-like\n", "src/model.py": f"import yaml\n{FILES['src/model.py']}"}
    repository = write(tmp_path / "repo", changes)
    report = asyncio.run(execute(repository, Lacking(), packages))
    assert report.failed
    assert report.failed.step == "install"
    assert report.failed.reason == (
        "`yaml` is imported in src/model.py, but no installed package provides it; install `PyYAML`"
    )
    assert report.lock


def test_the_failed_install_is_a_step(packages: Packages, tmp_path: Path) -> None:
    repository = write(tmp_path / "repo", {"requirements.txt": "PyYAML>=6\n"})
    report = asyncio.run(execute(repository, Listed("compile"), packages))
    assert report.failed
    assert report.failed.step == "install"
    assert report.failed.reason == "exit code 1: it cannot be"
    assert report.steps[1].reason == "install failed before it"


@pytest.mark.parametrize("line", ["evil @ https://example.org/evil.whl", "-e .", "--index-url https://example.org"])
def test_what_is_no_package_is_not_installed(packages: Packages, tmp_path: Path, line: str) -> None:
    sandbox = Listed()
    installation = installed(packages, write(tmp_path / "repo", {"requirements.txt": f"{line}\n"}), sandbox)
    assert sandbox.asked == []
    assert line in installation.reason


def test_without_packages_and_tests_nothing_needs_the_network(tmp_path: Path) -> None:
    repository = write(tmp_path / "repo", {"tests/test_model.py": None})
    sandbox = isolating()
    report = asyncio.run(execute(repository, sandbox, Packages(tmp_path / "cache", Indexes({}, ())), LIMITS))
    assert report.passed == ("install", "import", "start", "smoke")
    kept = list((tmp_path / "cache" / "environments").iterdir())
    assert len(kept) == 1
    assert (kept[0] / "environment" / "bin" / "python").is_symlink()
    assert list(kept[0].rglob("__pycache__")) == []
    again = asyncio.run(execute(repository, sandbox, Packages(tmp_path / "cache", Indexes({}, ())), LIMITS))
    assert "installed before" in again.steps[0].output


@pytest.mark.skipif(
    "PAPERCODER_TEST_INDEX" not in os.environ, reason="needs a package index: set PAPERCODER_TEST_INDEX=1"
)
@pytest.mark.parametrize("tool", [find_tool(), Pip()], ids=lambda tool: tool.name)
def test_packages_come_from_the_index(tmp_path: Path, tool: Uv | Pip) -> None:
    changes = {"requirements.txt": "PyYAML>=6\n", "src/model.py": f"import yaml\n{FILES['src/model.py']}"}
    installer = Packages(tmp_path / "cache", user_indexes(), tool)
    report = asyncio.run(execute(write(tmp_path / "repo", changes), isolating(), installer))
    assert report.passed == ("install", "import", "start", "tests", "smoke")
    assert report.lock
    assert "pyyaml==" in report.lock


def test_on_macos_pip_installs_because_uv_would_not_run_in_a_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert find_tool() == Pip()


# what is copied back, and the settings of installers


def test_only_a_plain_file_of_a_fair_size_is_brought_back(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("text", encoding="utf-8")
    (tmp_path / "link").symlink_to("plain")
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    os.mkfifo(tmp_path / "pipe")
    assert read_untrusted_file(tmp_path, "plain") == "text"
    assert read_untrusted_file(tmp_path, "plain", most=3) is None
    for name in ("link", "folder", "binary", "pipe", "missing"):
        assert read_untrusted_file(tmp_path, name) is None


def test_a_copy_has_no_history_and_no_earlier_results_and_leaves_nothing(tmp_path: Path) -> None:
    repository = write(tmp_path / "repo", {".git/hooks/pre-commit": "#!/bin/sh\n", "results.json": "{}"})
    (repository / "data").symlink_to(tmp_path)

    async def names() -> tuple[Path, set[str]]:
        async with temporary_copy(repository) as folder:
            assert not (folder / "data").is_symlink()  # it leads out of the repository
            deep = folder / "deep"
            for _ in range(300):
                deep = deep / "d"
            deep.mkdir(parents=True)
            deep.chmod(0)
            return folder, {path.name for path in folder.iterdir()}

    folder, found = asyncio.run(names())
    assert not {".git", "results.json"} & found
    assert "main.py" in found
    assert not folder.parent.exists()


def test_settings_of_pip_are_passed_to_uv(tmp_path: Path) -> None:
    wheels, pages = tmp_path / "wheels", tmp_path / "index" / "simple"
    wheels.mkdir()
    pages.mkdir(parents=True)
    config = tmp_path / "pip.conf"
    config.write_text(
        f"[global]\nextra-index-url = file://{pages}\nfind-links = {wheels}\n  {tmp_path}\n", encoding="utf-8"
    )
    given = {"PIP_CONFIG_FILE": str(config), "OPENAI_API_KEY": "secret", "PIP_INDEX_URL": "https://example.org/simple"}
    indexes = user_indexes(given, tmp_path)
    assert indexes.variables["UV_DEFAULT_INDEX"] == indexes.variables["PIP_INDEX_URL"] == "https://example.org/simple"
    assert indexes.variables["UV_FIND_LINKS"] == f"{wheels},{tmp_path}"
    assert indexes.variables["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert "secret" not in indexes.variables.values()
    assert {bind.source for bind in indexes.binds} == {wheels, tmp_path, tmp_path / "index"}


def test_without_settings_nothing_is_passed(tmp_path: Path) -> None:
    given = {"PIP_CONFIG_FILE": os.devnull, "PATH": "/usr/bin", "UV_PUBLISH_TOKEN": "secret"}
    assert user_indexes(given, tmp_path) == Indexes({}, ())


def test_the_interpreter_is_the_one_below_any_environment() -> None:
    assert Path(isolating().python).is_relative_to(sys.base_prefix)
