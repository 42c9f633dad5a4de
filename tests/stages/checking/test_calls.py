import pytest

from tests.stages.checking.conftest import Write, found

LIBRARY = """\
class Model:
    def __init__(self, width, depth=2):
        self.width = width
        self.best = None

    def fit(self, data, *, epochs):
        return [data] * epochs


def split(values: list[int]) -> tuple[list[int], list[int]]:
    return values[1:], values[:1]


def scale(value: float) -> float:
    return value
"""


@pytest.mark.parametrize(
    "line",
    [
        "Model()",
        "Model(1, heads=2)",
        "Model(1).fit(2, 3)",
        "Model(1).train(2)",
        "train, valid, test = split([1])",
        "'size: ' + scale(1)",
        "json.gone(1)",
    ],
)
def test_wrong_calls(write: Write, line: str) -> None:
    code = f"import json\n\nfrom library import Model, scale, split\n\n\ndef use():\n    {line}\n"
    assert found(write({"library.py": LIBRARY, "use.py": code}), "calls") == [("use.py", 7, "error")]


def test_right_calls_of_untyped_code_are_fine(write: Write) -> None:
    code = (
        "import numpy as np\n\nfrom library import Model, split\n\n\ndef use(values):\n    model = Model(1)\n"
        "    model.best = np.mean(values)\n    model.best.item()\n    train, test = split(values)\n    total = 0\n"
        "    mixed = {'n': 1, 'names': ['x']}\n    mixed['names'].append('y')\n    mixed['n'] + 1\n"
        "    total += model.best\n    config = {'a': 1, 'b': 'x'}\n    return model.fit(train, epochs=config['a'])\n"
    )
    assert found(write({"library.py": LIBRARY, "use.py": code}), "calls") == []


NETWORK = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(3)
        self.register_buffer("mask", torch.ones(3))

    def forward(self, x):
        if self.training:
            x = self.mask * x
        return self.norm(x)
"""


def test_attributes_of_networks(write: Write) -> None:
    assert found(write({"net.py": NETWORK}), "calls") == []
    assert found(write({"net.py": NETWORK.replace("self.norm(", "self.norms(")}), "calls") == [("net.py", 14, "error")]


def test_a_missing_return(write: Write) -> None:
    code = "def area(width: float) -> float:\n    result = width * 2\n"
    assert found(write({"a.py": code}), "calls") == [("a.py", 1, "error")]
    fine = "def area(width: float) -> float | None:\n    if width:\n        return width\n"
    assert found(write({"a.py": fine}), "calls") == []


def test_a_module_that_cannot_be_read_has_all_names(write: Write) -> None:
    files = {"pack/__init__.py": "", "pack/broken.py": "def f(:\n", "use.py": "from pack import broken\n\nbroken.f()\n"}
    assert found(write(files), "calls") == []


@pytest.mark.parametrize(
    "code",
    [
        "class A:\n    def go(self):\n        return self.rate\n\n\nclass B(A):\n    rate = 1\n",
        "class A:\n    pass\n\n\na = A()\na.rate = 1\na.rate\n",
        "class A:\n    def __init__(self, **given):\n        for name in given: setattr(self, name, 1)\n\n\nA().x\n",
    ],
)
def test_attributes_from_elsewhere(write: Write, code: str) -> None:
    assert found(write({"a.py": code}), "calls") == []


def test_a_spread_sequence_may_fit(write: Write) -> None:
    code = "from library import scale\n\n\ndef use(shape: tuple[int, ...]):\n    return scale(*shape, 2.0)\n"
    assert found(write({"library.py": LIBRARY, "use.py": code}), "calls") == []


def test_unused_values(write: Write) -> None:
    code = '''def log(text: str) -> None:
    """Log."""
    print(text)


def main(values: list[int]) -> None:
    """Main."""
    both = lambda x: (values.append(x), log("a"))
    either = lambda x: log("a") if x else log("b")
    [values.append(x) for x in range(3)]
    both(1), either(2)
    values and log("c")
    result = log("d")
    print(log("e"), result)
'''
    assert found(write({"a.py": code}), "calls") == [("a.py", 13, "error"), ("a.py", 14, "error")]
