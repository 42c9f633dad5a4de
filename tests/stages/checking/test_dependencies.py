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


def test_names_of_modules_in_the_requirements(write: Write) -> None:
    code = "import cv2, yaml\nfrom google.cloud import storage\nfrom google.protobuf import message\n"
    root = write({"a.py": code, "requirements.txt": "cv2\nPyYAML\ngoogle-cloud-storage\nsklearn\nprotobuf\n"})
    assert found(root, "dependencies") == [
        ("a.py", 1, "error"), ("requirements.txt", 1, "error"), ("requirements.txt", 4, "error")
    ]  # fmt: skip
    first, second, third = only(root, "dependencies")
    assert "opencv-python-headless" in first.advice
    assert "`opencv-python-headless` (or `opencv-python`" in second.message
    assert "`scikit-learn`" in third.message


def test_foreign_packages(write: Write) -> None:
    root = write({"a.py": "import clip\nimport apex\n", "requirements.txt": "clip\napex\n"})
    assert found(root, "dependencies") == [
        ("a.py", 1, "error"),
        ("a.py", 2, "error"),
        ("requirements.txt", 1, "warning"),
        ("requirements.txt", 2, "warning"),
    ]  # fmt: skip
    assert "torch.amp" in only(root, "dependencies")[1].advice


def test_packages_without_wheels(write: Write) -> None:
    root = write({"a.py": "import gym\n", "requirements.txt": "gym==0.21\n"})
    assert found(root, "dependencies") == [("requirements.txt", 1, "error")]
    assert "gymnasium" in only(root, "dependencies")[0].advice
