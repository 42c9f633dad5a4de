import pytest

from papercoder.stages.checking.repository import read_settings, read_tree
from papercoder.stages.checking.settings import flow_of_settings
from tests.stages.checking.conftest import Write, found, only

CONFIG = """\
seed: 0
model:
  width: 4
  depth: 2
training:
  rate: 0.1
  schedule:
    warmup: 3
runs:
  - name: one
"""
START = {"config.yaml": CONFIG, "config.smoke.yaml": CONFIG}
LOAD = "import yaml\n\n\ndef load(path):\n    with open(path) as file:\n        return yaml.safe_load(file)\n\n\n"
REST = "    print(config['seed'], config['model'].items(), config['runs'][0]['name'])\n"

STYLES = {
    "nested": """\
def main():
    config = load('c')
    x = config['training']['rate'] + config['training']['schedule']['warmup']
""",
    "sub-dictionary": """\
def main():
    config = load('c')
    go(config['training'])


def go(t):
    s = t['schedule']
    return t['rate'] * s.get('warmup')


def rest(config):
""",
    "attribute of self": """\
class T:
    def __init__(self, cfg):
        self.cfg = cfg

    def go(self):
        return self.cfg['rate'], self.cfg['schedule']['warmup']


def main():
    config = load('c')
    T(config['training']).go()
""",
    "namespace": """\
from types import SimpleNamespace


def main():
    config = load('c')
    t = SimpleNamespace(**config['training'])
    return t.rate, t.schedule['warmup']


def rest(config):
""",
    "keywords": """\
def go(rate, schedule):
    return rate + schedule['warmup']


def main():
    config = load('c')
    go(**config['training'])
""",
    "loop": """\
def main():
    config = load('c')
    for name, value in config['training'].items():
        print(name, value)
""",
    "by name alone": """\
def go(training_config):
    return training_config['rate'], training_config['schedule']['warmup']


def main():
    config = load('c')
""",
    "closure": """\
def main():
    config = load('c')

    def inner():
        return config['training']['rate'], config['training']['schedule']['warmup']

    inner()
""",
}


@pytest.mark.parametrize("style", STYLES)
def test_reads_are_followed(write: Write, style: str) -> None:
    assert only(write({**START, "main.py": LOAD + STYLES[style] + REST}), "config") == []


@pytest.mark.parametrize("style", sorted(STYLES.keys() - {"keywords", "loop"}))
def test_a_missing_key_is_found_in_every_style(write: Write, style: str) -> None:
    config = CONFIG.replace("warmup", "warm_up")
    root = write({"config.yaml": config, "config.smoke.yaml": config, "main.py": LOAD + STYLES[style] + REST})
    findings = only(root, "config")
    assert [(one.severity, one.path) for one in findings] == [("error", "main.py"), ("warning", "config.yaml")]
    assert "warmup" in findings[0].message
    assert "warm_up" in findings[0].advice


def test_unread_keys_are_grouped(write: Write) -> None:
    read = "config['seed'], config['runs'], config['model']['width']"
    shown = "\n\ndef shown(config):\n    print(config)\n"
    root = write({**START, "main.py": f"{LOAD}def main():\n    config = load('c')\n    return {read}\n{shown}"})
    assert [(one.line, one.message) for one in only(root, "config")] == [
        (4, "No code reads `model.depth`."), (5, "No code reads `training`."), (9, "No code reads `runs`.")
    ] or found(root, "config") == [("config.yaml", 4, "warning"), ("config.yaml", 5, "warning")]  # fmt: skip


def test_the_two_files_agree(write: Write) -> None:
    smoke = "seed: '0'\nmodel:\n  width: 1\n  extra: 1\n"
    full = "seed: 0\nmodel:\n  width: 1e-3\n  depth: 2\n"
    code = LOAD + "def main():\n    config = load('c')\n    use(**config)\n"
    root = write({"config.yaml": full, "config.smoke.yaml": smoke, "main.py": code})
    assert found(root, "config") == [
        ("config.yaml", 4, "error"), ("config.smoke.yaml", 1, "warning"), ("config.smoke.yaml", 3, "warning"),
        ("config.smoke.yaml", 4, "warning"), ("config.yaml", 3, "warning"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["a: [1\n", "- 1\n", "a: &x [*x]\nb: {", "\x00"])
def test_broken_settings_are_an_error(write: Write, text: str) -> None:
    root = write({"config.yaml": text, "main.py": "X = 1\n"})
    assert [path for path, _, _ in found(root, "config")] == ["config.yaml"]


def test_aliases_do_not_explode(write: Write) -> None:
    lines = ["a0: &a0 {x: 1, y: 2}"] + [f"a{n}: &a{n} {{l: *a{n - 1}, r: *a{n - 1}}}" for n in range(1, 30)]
    root = write({"config.yaml": "\n".join(lines), "main.py": "X = 1\n"})
    assert "it has an alias" in only(root, "config")[0].message


def test_attributes_of_what_a_setting_made_are_no_settings(write: Write) -> None:
    code = f"""\
{LOAD}
def walk(node):
    node = node.left
    node = node.right
    return walk(node.middle)


def main():
    walk(load('c')['training']['rate'])
"""
    flow = flow_of_settings(read_tree(write({"main.py": code})).modules, read_settings("config.yaml", CONFIG))
    held = {keys for patterns in (*flow.names.values(), *flow.returned.values()) for keys in patterns}
    assert held == {(), ("training", "rate")}


def test_a_call_of_super_reaches_base_classes_alone(write: Write) -> None:
    code = f"""\
{LOAD}
class Base:
    def __init__(self, config):
        self.rate = config['training']['rate'], config['training']['schedule']['warmup']


class Fit(Base):
    def __init__(self, config):
        super().__init__(config)


class Net:
    def __init__(self, layer):
        self.width = layer.width


def main():
    Fit(load('c'))
"""
    assert only(write({**START, "main.py": f"{code}\n\ndef rest(config):\n{REST}"}), "config") == []
