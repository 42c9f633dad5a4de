"""The options of a simulation, and the invented project: files in layers, with code that runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Self

from pydantic import Field, ValidationError

from papercoder.artifacts import Artifact
from papercoder.errors import SettingsError
from papercoder.models.contract import count_tokens
from papercoder.repository.files import module_of


class Simulation(Artifact):
    """All options; times are those of the simulated model, and `speed` makes its clock run faster than ours."""

    files: int = Field(default=16, ge=1)
    """Files of the invented project, `main.py` included."""

    width: int = Field(default=4, ge=1)
    """Files in a layer of its dependency graph."""

    fan_in: int = Field(default=2, ge=0)
    """Files of the layer below that a file imports."""

    seed: int = 0
    speed: float = Field(default=20.0, gt=0)
    ttft: float = Field(default=1.0, ge=0)
    """Seconds to the first token."""

    tps: float = Field(default=60.0, gt=0)
    """Completion tokens a second."""

    context: int = Field(default=128_000, ge=1)
    """Tokens of the context window."""

    price_in: float = Field(default=0.0, ge=0)
    """Dollars per million prompt tokens."""

    price_cached: float = Field(default=0.0, ge=0)
    price_out: float = Field(default=0.0, ge=0)

    rate_limit_every: int = Field(default=0, ge=0)
    """One call in this many is rejected with a time to wait; 0: none."""

    fail_every: int = Field(default=0, ge=0)
    """... fails with a server error."""

    drop_every: int = Field(default=0, ge=0)
    """... loses its connection."""

    hang_every: int = Field(default=0, ge=0)
    """... never returns."""

    cut_every: int = Field(default=0, ge=0)
    """... is cut off in the middle of its answer."""

    garbage_every: int = Field(default=0, ge=0)
    """... gives a malformed answer, but not twice to the same question."""

    retry_after: float = Field(default=1.0, ge=0)
    """Seconds to wait after a rate limit."""

    overall_plan: int = Field(default=1500, ge=0)
    """Tokens of this agent's answer, thinking included; the same for the agents below."""

    requirements: int = Field(default=300, ge=0)
    architecture: int = Field(default=1500, ge=0)
    logic: int = Field(default=1500, ge=0)
    config: int = Field(default=300, ge=0)
    verify: int = Field(default=100, ge=0)
    analysis: int = Field(default=1500, ge=0)
    coding: int = Field(default=2000, ge=0)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name=value,name=value`.

        Raises:
            SettingsError: an unknown name, or a value that does not fit.
        """
        parts = [part.partition("=") for part in text.split(",") if part.strip()]
        try:
            return cls.model_validate({name.strip(): value.strip() for name, _, value in parts})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = first["loc"][0]
            raise SettingsError(
                f"simulated:{text}: {name}: {first['msg']}; the names are {', '.join(cls.model_fields)}."
            ) from None

    def size_of(self, agent: str) -> int:
        """Tokens of this agent's answers; 0 for agents without a size."""
        return getattr(self, agent) if agent in AGENTS else 0


AGENTS = frozenset({"overall_plan", "requirements", "architecture", "logic", "config", "verify", "analysis", "coding"})
"""Agents whose answers have a size."""


_WORDS = """
the model data layer loss train input output batch value step size rate weight vector hidden state token mask order
mean scale norm test set paper table class method call first second with from into over under before each
"""

SIGNATURE = "def run(value: float = 1.0) -> float"

LAST_FILE = "simulated/experiments.py"
BARE_LAST_FILE = "main.py"
SIGNATURES = {
    LAST_FILE: (
        "def trials(config: dict[str, Any]) -> list[Trial]",
        "def run_trial(trial: Trial, config: dict[str, Any], progress: Progress) -> dict[str, float]",
    )
}
"""Path -> what else its module offers."""

EXPERIMENT = "simulated"
_TRIALS = '''

def trials(config: dict[str, Any]) -> list[Trial]:
    """Two methods on two data sets, with every seed."""
    names = [(method, dataset) for method in ("ours", "baseline") for dataset in ("small", "large")]
    return [Trial("simulated", method, dataset, seed) for method, dataset in names for seed in range(config["seeds"])]


def run_trial(trial: Trial, config: dict[str, Any], progress: Progress) -> dict[str, float]:
    """Run all steps once."""
    value = run(len(trial.method) + float(trial.seed) + config["training"]["learning_rate"])
    progress(1.0, value=value)
    return {"value": value}
'''
_MAIN = '''

def main() -> None:
    """Run everything and write results.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true")
    parser.parse_args()
    row = {"experiment": "simulated", "method": "run", "dataset": "none", "metric": "value", "std": None, "seeds": 1}
    row["mean"] = run(1.0)
    with open("results.json", "w", encoding="utf-8") as file:
        json.dump({"results": [row]}, file)


if __name__ == "__main__":
    main()
'''
_ENDS = {
    LAST_FILE: ("from typing import Any\n\nfrom trials import Progress, Trial\n", _TRIALS),
    BARE_LAST_FILE: ("import argparse\nimport json\n\n", _MAIN),
}
"""Path -> what its module has besides `run`: imports and functions."""


@dataclass(frozen=True)
class Graph:
    """Files in dependency order; nothing imports the last."""

    imports: Mapping[str, tuple[str, ...]]
    """Path -> paths of the files that it imports."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Each after those it imports."""
        return tuple(self.imports)


def build_graph(files: int, width: int, fan_in: int, last: str = LAST_FILE) -> Graph:
    """`files` files: layers of `width` modules, each importing `fan_in` of the layer below, and the last file."""
    folder = last.rpartition("/")[0]
    modules = [f"l{index // width}_m{index % width}.py" for index in range(files - 1)]
    names = [f"{folder}/{name}" if folder else name for name in modules]
    imports = {name: _below(names, index, width, fan_in) for index, name in enumerate(names)}
    imported = {path for paths in imports.values() for path in paths}
    imports[last] = tuple(name for name in names if name not in imported)
    return Graph(imports)


def _below(names: list[str], index: int, width: int, fan_in: int) -> tuple[str, ...]:
    if index < width:
        return ()
    layer = names[(index // width - 1) * width : (index // width) * width]
    return tuple(layer[(index + step) % len(layer)] for step in range(min(fan_in, len(layer))))


def write_source(path: str, imports: tuple[str, ...], ids: list[str], size: int, rng: Random) -> str:
    """A module of about `size` tokens that marks every id."""
    head = [f'"""Module {path} of a simulated project."""', ""]
    head += _ENDS.get(path, ("", ""))[0].splitlines()
    head += [f"from {module_of(name)} import run as {_alias(name)}" for name in sorted(imports)]
    tail = _run(imports, ids) + _ENDS.get(path, ("", ""))[1]
    steps = _steps(size - count_tokens("\n".join(head) + tail), rng)
    table = "\n\nSTEPS = (" + "".join(f"step_{number}, " for number in range(len(steps))).strip() + ")\n"
    return "\n".join(head).rstrip() + "\n" + "".join(steps) + table + tail


def _alias(path: str) -> str:
    return "run_" + module_of(path).replace(".", "_")


def _run(imports: tuple[str, ...], ids: list[str]) -> str:
    called = " + ".join(f"{_alias(name)}(value)" for name in sorted(imports)) or "value"
    marks = [f"    # {name}: simulated" for name in ids]
    body = [f"    total = {called}", *marks, "    for step in STEPS:", "        total = step(total)"]
    return "\n".join(["", "", f"{SIGNATURE}:", '    """All steps in their order."""', *body, "    return total", ""])


def _steps(size: int, rng: Random) -> list[str]:
    """Helper functions of about `size` tokens together."""
    steps: list[str] = []
    left = size
    while left > 80:
        steps.append(
            f"\n\ndef step_{len(steps)}(value: float) -> float:\n"
            f'    """{prose(rng, 24).capitalize()}."""\n'
            f"    return (value * {rng.randint(1, 9)}.0 + {rng.randint(1, 99)}.0) % 1000.0\n"
        )
        left -= count_tokens(steps[-1]) + 4
    return steps


def prose(rng: Random, tokens: int) -> str:
    """Sentences of about this many tokens."""
    words = rng.choices(_WORDS.split(), k=max(0, tokens))
    lines = [" ".join(words[start : start + 12]) for start in range(0, len(words), 12)]
    text = ". ".join(lines)
    while count_tokens(text) > tokens and lines:
        lines.pop()
        text = ". ".join(lines)
    return text
