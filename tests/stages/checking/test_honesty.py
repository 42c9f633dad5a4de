import shutil
from pathlib import Path

import pytest

from papercoder.stages.checking import check
from tests.stages.checking.conftest import GOOD, Write, found


@pytest.mark.parametrize(
    ("body", "severity"),
    [
        ("def f(x) -> int:\n    ...\n", "error"),
        ("def f(x):\n    raise NotImplementedError\n", "error"),
        ("def f(x):\n    pass\n", "warning"),
        ("def f(x) -> float:\n    return None\n", "error"),
        ("def f(x):\n    '''Doc.'''\n    return 0.5\n", "warning"),
        ("X = 1  # TODO: more\n", "warning"),
    ],
)
def test_stubs(write: Write, body: str, severity: str) -> None:
    assert [kind for _, _, kind in found(write({"a.py": body}), "stubs")] == [severity]


@pytest.mark.parametrize(
    "body",
    [
        "from abc import ABC, abstractmethod\n\n\nclass A(ABC):\n    @abstractmethod\n    def f(self) -> int: ...\n",
        "class A:\n    def f(self):\n        raise NotImplementedError\n\n\nclass B(A):\n    def f(self): return 1\n",
        "def f(kind):\n    if kind == 1:\n        return 2\n    raise NotImplementedError(kind)\n",
        "from typing import Protocol\n\n\nclass P(Protocol):\n    def f(self) -> int: ...\n",
    ],
)
def test_no_stubs(write: Write, body: str) -> None:
    assert found(write({"a.py": body}), "stubs") == []


@pytest.mark.parametrize(
    ("body", "severity"),
    [
        ("try:\n    x = 1\nexcept:\n    pass\n", "warning"),
        ("try:\n    x = 1\nexcept Exception:\n    x = 0\n", "warning"),
        ("import random\n\ntry:\n    x = 1\nexcept OSError:\n    x = random.random()\n", "error"),
        ("import numpy as np\n\naccuracy = 0.9 + np.random.uniform(0, 0.1)\n", "error"),
        ("row = {'accuracy': 0.934}\n", "warning"),
        ("import numpy as np\n\ndummy_data = np.random.rand(3, 4)\n", "warning"),
    ],
)
def test_fallbacks(write: Write, body: str, severity: str) -> None:
    assert [kind for _, _, kind in found(write({"a.py": body}), "fallbacks")] == [severity]


@pytest.mark.parametrize(
    "body",
    [
        "try:\n    x = 1\nexcept KeyError:\n    pass\n",
        "try:\n    x = 1\nexcept Exception as failure:\n    print(failure)\n",
        "try:\n    x = 1\nexcept Exception:\n    raise ValueError from None\n",
        "best_accuracy = 0.0\naccuracy = compute()\nreward = rng.normal()\n",
    ],
)
def test_no_fallbacks(write: Write, body: str) -> None:
    assert found(write({"a.py": body}), "fallbacks") == []


def test_paths(write: Write) -> None:
    code = (
        "import argparse\nimport json\n\nDATA = '/home/me/data.csv'\n\n\ndef main():\n"
        "    p = argparse.ArgumentParser()\n    p.add_argument('--config', default='configs/base.yaml')\n"
        "    open('there.json')\n    open('gone.json')\n"
        "    open('made.json', 'w')\n    return json.load(open('made.json'))\n"
    )
    assert [(line, kind) for _, line, kind in found(write({"a.py": code, "there.json": ""}), "paths")] == [
        (4, "warning"), (9, "warning"), (11, "warning")
    ]  # fmt: skip


def test_how_it_starts(write: Write) -> None:
    root = write({"config.yaml": "a: 1\n", "main.py": "X = open('config.yaml')\n", "reproduce.sh": "python run.py\n"})
    assert [(path, kind) for path, _, kind in found(root, "entry")] == [
        ("reproduce.sh", "error"), ("main.py", "warning")
    ]  # fmt: skip


def test_marks(tmp_path: Path) -> None:
    root = Path(shutil.copytree(GOOD, tmp_path / "copy"))
    path = root / "src" / "evaluation.py"
    path.write_text(path.read_text().replace("# R5:", "# R77:"))
    messages = [one.message for one in check(root).findings]
    assert messages == ["No comment marks R5: Accuracy on the test points.", "There is no requirement R77."]
    (root / "TRACEABILITY.json").write_text("{}")
    assert found(root, "marks") == [("TRACEABILITY.json", 1, "error")]
