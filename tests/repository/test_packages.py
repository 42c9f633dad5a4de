"""What stands in `requirements.txt`."""

import pytest

from papercoder.repository.packages import (
    distribution_of,
    imported_as,
    package_problem,
    requirements_file,
    third_party_imports,
)


@pytest.mark.parametrize(
    ("module", "distribution"),
    [("sklearn", "scikit-learn"), ("cv2", "opencv-python-headless"), ("numpy", "numpy"), ("my_pack", "my-pack")],
)
def test_imports_lead_to_distributions(module: str, distribution: str) -> None:
    assert distribution_of(module) == distribution


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("scikit-learn>=1.4", "sklearn"),
        ("Scikit_Learn", "sklearn"),
        ("pyyaml>=6", "yaml"),
        ("numpy>=1.26,<3", "numpy"),
        ("torch==2.1; python_version>'3.8'", "torch"),
        ("sentence-transformers", "sentence_transformers"),
    ],
)
def test_lines_lead_to_imports(line: str, module: str) -> None:
    assert imported_as(line) == module


@pytest.mark.parametrize("line", ["numpy", "numpy>=1.26", "torch[extra]==2.1", "Pillow ~= 10.0"])
def test_good_lines_are_taken(line: str) -> None:
    assert package_problem(line) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "is no line of a requirements file"),
        ("numpy 1.26", "is no line of a requirements file"),
        ("-r other.txt", "is no line of a requirements file"),
        ("--index-url http://x", "is no line of a requirements file"),
        ("numpy>=1.26 # fast", "is no line of a requirements file"),
        ("numpy\nevil", "is no line of a requirements file"),
        ("git+https://host/x", "is no line of a requirements file"),
        ("evil @ https://host/x.whl", "installs from an address"),
        ("argparse", "is part of Python"),
        ("json>=1", "is part of Python"),
    ],
)
def test_bad_lines_are_refused_with_the_reason(line: str, reason: str) -> None:
    assert reason in (package_problem(line) or "")


def test_imports_of_third_parties_are_found() -> None:
    code = """
import os, numpy as np
import torch.nn.functional as F
from sklearn.datasets import load_digits
from . import sibling
from model import predict
from src.data import load
def late():
    import yaml
"""
    assert list(third_party_imports(code, {"model", "src"})) == ["numpy", "torch", "sklearn", "yaml"]


def test_code_that_is_broken_says_so() -> None:
    with pytest.raises(SyntaxError):
        list(third_party_imports("def f(:", ()))


def test_what_is_imported_stands_first_within_the_plans_bounds() -> None:
    text = requirements_file(["numpy>=1.26", "scikit_learn>=1.4", "pandas>=2"], ["sklearn", "numpy", "numpy", "yaml"])
    needed, _, spare = text.partition("#")
    assert needed.splitlines() == ["numpy>=1.26", "PyYAML", "scikit_learn>=1.4"]
    assert spare.splitlines()[1:] == ["pandas>=2"]


def test_nothing_needed_is_said() -> None:
    assert requirements_file([], []) == "# the standard library is enough\n"
