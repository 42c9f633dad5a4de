from papercoder.repository.packages import carriers
from tests.stages.checking.conftest import Write, found, only

CODE = "import cv2\nimport sklearn.metrics\nfrom google.protobuf import message\nimport torch.nn as nn\n"


def test_distributions_have_other_names_than_imports(write: Write) -> None:
    lines = "opencv-python>=4\nscikit-learn\nprotobuf\ntorch==2.4.0+cpu\npytest\n"
    assert found(write({"a.py": CODE, "requirements.txt": lines}), "dependencies") == []


def test_missing_unused_and_invalid_lines(write: Write) -> None:
    lines = "opencv-python\nsklearn is good\n\n# nothing\ntorch\nprotobuf\nseaborn  # plots\n"
    root = write({"a.py": CODE, "requirements.txt": lines})
    assert found(root, "dependencies") == [
        ("a.py", 2, "error"), ("requirements.txt", 2, "error"), ("requirements.txt", 7, "warning")
    ]  # fmt: skip
    assert only(root, "dependencies")[0].advice.startswith("Add `scikit-learn`")


def test_what_may_be_missing_is_not_asked_for(write: Write) -> None:
    code = "try:\n    import wandb\nexcept ImportError:\n    wandb = None\n"
    tests = "import pytest\nimport hypothesis\n"
    root = write({"a.py": code, "tests/test_a.py": tests, "requirements.txt": "\n"})
    assert found(root, "dependencies") == [("tests/test_a.py", 2, "warning")]


def test_other_places_for_packages(write: Write) -> None:
    project = '[project]\nname = "x"\ndependencies = ["numpy"]\n'
    assert found(write({"a.py": "import numpy\n", "pyproject.toml": project}), "dependencies") == []
    assert found(write({"b.py": "import scipy\n", "setup.py": "", "pyproject.toml": ""}), "dependencies") == []


def test_the_carriers_of_a_module() -> None:
    assert {"opencv-python", "opencv-python-headless"} <= carriers("cv2.aruco")
    assert "protobuf" in carriers("google.protobuf")
    assert "torch" in carriers("torch.nn")
