"""Modules, distributions and the lines of `requirements.txt`."""

from importlib import resources

import pytest

from papercoder.repository.packages import (
    _table,
    distribution_of,
    foreign,
    imported_as,
    is_brought,
    name_problem,
    package_problem,
    requirements_file,
    third_party_imports,
    without_wheels,
)


@pytest.mark.parametrize(
    ("module", "distribution"),
    [
        ("sklearn", "scikit-learn"),
        ("cv2", "opencv-python-headless"),
        ("numpy", "numpy"),
        ("my_pack", "my-pack"),
        ("hydra", "hydra-core"),
        ("absl", "absl-py"),
        ("grpc", "grpcio"),
        ("haiku", "dm-haiku"),
        ("pyro", "pyro-ppl"),
        ("open_clip", "open_clip_torch"),
        ("cleanfid", "clean-fid"),
        ("community", "python-louvain"),
        ("snappy", "python-snappy"),
        ("docx", "python-docx"),
        ("pptx", "python-pptx"),
        ("dotenv", "python-dotenv"),
        ("fitz", "PyMuPDF"),
        ("zmq", "pyzmq"),
        ("Crypto", "pycryptodome"),
        ("OpenSSL", "pyOpenSSL"),
        ("github", "PyGithub"),
        ("websocket", "websocket-client"),
        ("slugify", "python-slugify"),
        ("ruamel.yaml", "ruamel.yaml"),
        ("google.generativeai", "google-generativeai"),
        ("PIL", "pillow"),
        ("llama_cpp", "llama-cpp-python"),
        ("talib", "TA-Lib"),
        ("wx", "wxPython"),
        ("ax", "ax-platform"),
        ("yaml", "PyYAML"),
        ("skimage", "scikit-image"),
        ("google.cloud.storage", "google-cloud-storage"),
        ("google.cloud.pubsub_v1", "google-cloud-pubsub"),
        ("azure.storage.blob", "azure-storage-blob"),
    ],
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
        ("opencv-python", "cv2"),
        ("matplotlib", "matplotlib"),
        ("pymongo", "pymongo"),
        ("protobuf", "protobuf"),
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
        ("", "is not a valid line of a requirements file"),
        ("numpy 1.26", "is not a valid line of a requirements file"),
        ("-r other.txt", "is not a valid line of a requirements file"),
        ("--index-url http://x", "is not a valid line of a requirements file"),
        ("numpy>=1.26 # fast", "is not a valid line of a requirements file"),
        ("numpy\nevil", "is not a valid line of a requirements file"),
        ("git+https://host/x", "is not a valid line of a requirements file"),
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


def test_modules_of_a_shared_namespace_keep_their_names() -> None:
    code = "from google.cloud import storage\nimport google.generativeai as genai\nfrom ruamel.yaml import YAML\n"
    assert list(third_party_imports(code, ())) == ["google.cloud.storage", "google.generativeai", "ruamel.yaml.YAML"]


@pytest.mark.parametrize("name", ["cv2", "PIL", "sklearn", "yaml", "skimage", "dotenv", "fitz", "hydra", "docx"])
def test_names_of_modules_are_no_packages(name: str) -> None:
    assert f"its package is `{distribution_of(name)}`" in (name_problem(name) or "")


@pytest.mark.parametrize("name", ["numpy", "opencv-python", "igraph", "pynvml", "keras", "google-genai", "py"])
def test_names_of_packages_are_right(name: str) -> None:
    assert name_problem(name) is None


def test_packages_of_others_are_foreign() -> None:
    assert "another project" in (foreign("apex") or "")
    assert "clip-anytorch" in (foreign("clip") or "")
    assert foreign("torch") is None
    assert not is_brought("apex", {"apex"})
    assert not is_brought("clip", {"clip"})
    assert is_brought("clip", {"clip-anytorch"})


def test_what_brings_a_module() -> None:
    assert is_brought("cv2", {"opencv-contrib-python"})
    assert is_brought("tensorflow", {"tensorflow-cpu"})
    assert is_brought("google.protobuf.message", {"protobuf"})
    assert is_brought("google.cloud", {"google-cloud-storage"})
    assert not is_brought("google.protobuf", {"google-cloud-storage"})
    assert not is_brought("cv2", {"cv2"})


def test_packages_without_wheels() -> None:
    assert without_wheels("gym") == "gymnasium"
    assert without_wheels("Torch_Scatter")
    assert without_wheels("numpy") is None
    assert without_wheels("scikit-surprise") is None


def test_the_table_has_each_module_once_and_adds_something() -> None:
    rows = _table().values()
    text = resources.files("papercoder.repository").joinpath("import_names.txt").read_text(encoding="utf-8")
    assert len(rows) == sum(bool(line) and not line.startswith("#") for line in text.splitlines())
    same = [row.module for row in rows if row.distributions == (row.module.replace("_", "-"),) and row.is_main]
    assert [module for module in same if "." not in module] == []


def test_code_that_is_broken_says_so() -> None:
    with pytest.raises(SyntaxError):
        list(third_party_imports("def f(:", ()))


def test_what_is_imported_stands_first_within_the_plans_bounds() -> None:
    text = requirements_file(["numpy>=1.26", "scikit_learn>=1.4", "pandas>=2"], ["sklearn", "numpy", "numpy", "yaml"])
    needed, _, spare = text.partition("#")
    assert needed.splitlines() == ["numpy>=1.26", "PyYAML", "scikit_learn>=1.4"]
    assert spare.splitlines()[1:] == ["pandas>=2"]


def test_misnamed_and_foreign_packages_are_not_required() -> None:
    text = requirements_file(["sklearn", "opencv-python>=4", "clip"], ["sklearn", "cv2", "apex", "google.genai"])
    assert text.splitlines()[1:] == ["google-genai", "opencv-python>=4", "scikit-learn"]
    assert text.startswith("# NVIDIA's apex")


def test_nothing_needed_is_said() -> None:
    assert requirements_file([], []) == "# the standard library is enough\n"
