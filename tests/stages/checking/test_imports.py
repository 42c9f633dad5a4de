import pytest

from papercoder.stages.checking import check
from tests.stages.checking.conftest import Write, found, only

START = {
    "config.yaml": "seed: 0\n",
    "config.smoke.yaml": "seed: 0\n",
    "src/__init__.py": "",
    "src/model.py": "class Model:\n    pass\n",
    "requirements.txt": "",
}


@pytest.mark.parametrize(
    "line",
    [
        "from model import Model",
        "from src.models import Model",
        "from src.model import Modle",
        "from src import Model",
        "import src.models",
        "from .src.model import Model",
    ],
)
def test_what_is_not_there_is_an_error(write: Write, line: str) -> None:
    assert found(write({**START, "main.py": f"{line}\n"}), "imports") == [("main.py", 1, "error")]


@pytest.mark.parametrize(
    "line",
    [
        "from src.model import Model",
        "from src import model",
        "import src.model",
        "try:\n    from src.gone import Model\nexcept ImportError:\n    Model = None",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from src.gone import Model",
    ],
)
def test_what_is_there_or_may_fail_is_fine(write: Write, line: str) -> None:
    assert found(write({**START, "main.py": f"{line}\n"}), "imports") == []


def test_the_advice_names_the_owner(write: Write) -> None:
    files = {**START, "src/data.py": "", "main.py": "from src.data import Model\n"}
    assert only(write(files), "imports")[0].advice == "`src.model` has it; import it from there."


def test_names_from_stars_and_conditions_count(write: Write) -> None:
    files = {
        "package/__init__.py": "from package.inner import *\n",
        "package/inner.py": "if True:\n    with open('x') as file:\n        deep, (pair, *rest) = 1, (2, 3)\n",
        "use.py": "from package import deep, pair, rest, file\n",
    }
    assert found(write(files), "imports") == []


def test_modules_that_hide_others(write: Write) -> None:
    files = {**START, "main.py": "", "random.py": "", "torch.py": "", "requirements.txt": "torch\n"}
    report = check(write(files))
    assert ("imports", "random.py") in {(one.check, one.path) for one in report.errors}
    assert ("dependencies", "torch.py") in {(one.check, one.path) for one in report.errors}


def test_a_cycle_that_fails_is_an_error_and_one_that_does_not_a_warning(write: Write) -> None:
    failing = {
        **START,
        "main.py": "from src.a import one\n",
        "src/a.py": "from src.b import two\n\n\ndef one():\n    return two()\n",
        "src/b.py": "from src.a import one\n\n\ndef two():\n    return one()\n",
    }
    assert found(write(failing), "cycles") == [("src/b.py", 1, "error")]
    loose = {"src/b.py": "import src.a\n\n\ndef two():\n    return src.a.one()\n"}
    assert found(write({**failing, **loose}), "cycles") == [("src/a.py", 1, "warning")]
    late = {"src/b.py": "def two():\n    from src.a import one\n    return one()\n"}
    assert found(write({**failing, **late}), "cycles") == []


def test_a_package_is_checked_as_such(write: Write) -> None:
    files = {
        "__init__.py": "from repository.inner import NAME\nfrom .inner import NAME as OTHER\n",
        "inner.py": "NAME = 1\n",
        "types.py": "from . import inner\nfrom repository import gone\n",
    }
    assert found(write(files), "imports") == [("types.py", 2, "error")]
