"""Characters that hide code, names that look like others, and packages that sound like others."""

import os

import pytest

from papercoder.repository.packages import popular_name_meant
from papercoder.stages.checking import check
from tests.stages.checking.conftest import Write, found, only


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ('ROLE = "user\u202e \u2066# not an admin\u2069 \u2066"', "error"),
        ("X = 1  # \u200f", "error"),
        ('X = "a\x08b"', "error"),
        ('X = "\x9b2J"', "error"),
        ('X = "pass\u200bword"', "warning"),
        ('X = "\u3164"', "warning"),
        ('X = "a\U000e0041"', "warning"),
    ],
)
def test_hidden_characters_are_found_at_their_line(write: Write, line: str, severity: str) -> None:
    root = write({"a.py": f"import sys\n\n{line}\nprint(sys, X if 'X' in dir() else ROLE)\n"})
    assert found(root, "characters") == [("a.py", 3, severity)]


def test_settings_and_scripts_are_read_too(write: Write) -> None:
    files = {"a.py": "X = 1\n", "config.yaml": "a: 1\nb: \u202e2\n", "reproduce.sh": "\x1b[2K", "data.txt": "\u202e"}
    assert found(write(files), "characters") == [("config.yaml", 2, "error"), ("reproduce.sh", 1, "error")]


def test_other_scripts_and_emoji_are_no_findings(write: Write) -> None:
    names = "Δt, α, σ_max, ñ = 1, 2, 3, 4"
    texts = 'X = "Привет, мир ✔️ 👩\u200d💻 می\u200cخواهم 数据 ＡＢ"  # ещё с'
    text = f"{names}\n{texts}\nprint(Δt, α, σ_max, ñ, X)\n"
    assert only(write({"a.py": text}), "characters") == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("pаyload = 1\n", "U+0430 (cyrillic small letter a) among Latin letters"),
        ("def main():\n    сору = 1\n    return сору\ncopy = main\n", "`сору` looks like `copy`"),
        ("ΕΧΕС = 1\nEXEC = 2\n", "`ΕΧΕС` looks like `EXEC`"),
        ("X = ｅval('1')\n", "Python reads `ｅval` as `eval`"),
        ("ROLE = 'аdmin'\n", "`аdmin` has U+0430"),
    ],
)
def test_names_that_look_like_others_are_found(write: Write, code: str, said: str) -> None:
    first = only(write({"a.py": code}), "characters")[0]
    assert said in first.message
    assert first.severity == ("warning" if "ROLE" in code else "error")


def test_a_file_with_very_many_findings_is_cut(write: Write) -> None:
    assert len(only(write({"a.py": 'print("\u202e")\n' * 100}), "characters")) == 20


@pytest.mark.parametrize("name", [b"a\xff.py", "a\u202ey.py".encode(), b"a\x1b[2J.py", b"a\nb.py"])
def test_a_name_that_cannot_be_printed_is_found_and_shown(write: Write, name: bytes) -> None:
    root = write({"b.py": "X = 1\n"})
    (root / os.fsdecode(name)).write_text("X = 1\n", encoding="utf-8")
    report = check(root)
    assert [(one.check, one.severity) for one in report.findings] == [("files", "error")]
    assert "\\" in report.findings[0].path
    assert report.findings[0].path.isprintable()
    report.model_dump_json()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("reqeusts", "requests"),
        ("request", "requests"),
        ("scikitlearn", "scikit-learn"),
        ("numpyy", "numpy"),
        ("Pandsa", "pandas"),
        ("transf0rmers", "transformers"),
    ],
)
def test_a_package_close_to_a_popular_one_is_named(name: str, meant: str) -> None:
    assert popular_name_meant(name) == meant


@pytest.mark.parametrize("name", ["requests", "numpy", "scikit_learn", "timn", "torchattacks", "lapx", "tensorboardX"])
def test_known_short_and_different_names_are_fine(name: str) -> None:
    assert popular_name_meant(name) is None


def test_the_check_warns_about_a_package_that_sounds_like_another(write: Write) -> None:
    root = write({"a.py": "import reqeusts\n\nprint(reqeusts)\n", "requirements.txt": "reqeusts\n"})
    (one,) = only(root, "dependencies")
    assert one.severity == "warning"
    assert "one edit away from `requests`" in one.message
