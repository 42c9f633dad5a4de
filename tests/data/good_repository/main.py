"""Runs every method with every seed and writes results.json."""

import argparse
from pathlib import Path
from typing import Any

import yaml

from src.data import load_split
from src.evaluation import accuracy
from src.model import Network
from src.reporting import Row, summarise, write_results
from src.training import Trainer


def read_config(path: str) -> dict[str, Any]:
    """The settings."""
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)


def run_method(config: dict[str, Any], method: dict[str, Any]) -> Row:
    """One method, over all seeds."""
    scores = []
    for seed in config["seeds"]:
        train, test = load_split(config["data"], seed)
        model_config = config["model"]
        network = Network(train.width, model_config["hidden"], model_config["activation"], seed)
        trainer = Trainer(network, config["training"], penalty=method["penalty"])
        trainer.fit(train, seed)
        scores.append(accuracy(network, test))
    return summarise(method["name"], scores)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default="config.yaml")
    arguments = parser.parse_args()
    config = read_config(arguments.config)
    rows = [run_method(config, method) for method in config["methods"]]
    write_results(rows, Path(config["output"]["path"]))


if __name__ == "__main__":
    main()
