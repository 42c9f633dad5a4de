"""Reproduce the experiments of Kiln: python main.py --config FILE writes results.json ([3])."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run what the configuration asks for and write its rows; arguments are those of the command line."""
    parser = argparse.ArgumentParser(description="Reproduce the experiments of Kiln and write results.json.")
    parser.add_argument("--config", required=True, type=Path, help="YAML file with all settings")
    options = parser.parse_args(arguments)

    # Imported only now, so that --help answers at once.
    import yaml

    from src.paper_experiments import run_experiments

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if not options.config.is_file():
        parser.error(f"there is no file {options.config}")
    config = yaml.safe_load(options.config.read_text(encoding="utf-8"))
    if not isinstance(config, dict):
        parser.error(f"{options.config} holds no mapping of settings")

    rows = run_experiments(config)

    target = Path(config["evaluation"]["results_file"])
    # NaN and infinity are no JSON; a run that measured them must not look like a result.
    text = json.dumps({"results": rows}, indent=1, ensure_ascii=False, allow_nan=False)
    target.write_text(text + "\n", encoding="utf-8")
    logging.getLogger(__name__).info("%d rows written to %s", len(rows), target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
