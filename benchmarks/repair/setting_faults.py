"""Defects of settings, paths, marks, and of how the code starts."""

import ast
import re

from benchmarks.repair.sources import Edit, Sources, also_in

_READ = re.compile(r"""\[["'](\w+)["']\]""")


def _read_keys(sources: Sources) -> set[str]:
    return {key for text in sources.modules.values() for key in _READ.findall(text)}


def _key_lines(sources: Sources, name: str) -> list[str]:
    """Lines `key: value` of a settings file whose key the code reads."""
    lines = sources.files.get(name, "").splitlines(keepends=True)
    keys = _read_keys(sources)
    return [line for line in lines if (found := re.match(r"\s+(\w+): \S", line)) and found[1] in keys]


def missing_key(sources: Sources) -> Edit | None:
    """config.yaml lacks a key that the code reads."""
    line = sources.pick(_key_lines(sources, "config.yaml"))
    if line is None:
        return None
    return also_in(Edit("config.yaml", sources.files["config.yaml"].replace(line, "", 1)), *sources.files)


def misspelt_key(sources: Sources) -> Edit | None:
    """The code reads a key by another name."""
    keys = {line.split(":")[0].strip() for line in _key_lines(sources, "config.yaml")}
    found = []
    for path, text in sources.modules.items():
        found += [(path, match) for match in _READ.finditer(text) if match[1] in keys]
    chosen = sources.pick(found)
    if chosen is None:
        return None
    path, match = chosen
    text = sources.files[path]
    return Edit(path, text[: match.start(1)] + f"{match[1]}_value" + text[match.end(1) :])


def missing_smoke_key(sources: Sources) -> Edit | None:
    """config.smoke.yaml lacks a key."""
    line = sources.pick(_key_lines(sources, "config.smoke.yaml"))
    text = sources.files.get("config.smoke.yaml", "")
    return also_in(Edit("config.smoke.yaml", text.replace(line, "", 1)), "config.yaml") if line else None


def number_as_text(sources: Sources) -> Edit | None:
    """A number is written so that YAML takes it for a text."""
    text = sources.files.get("config.yaml", "")
    line = sources.pick(line for line in _key_lines(sources, "config.yaml") if re.search(r": \d+\.\d+$", line.strip()))
    return Edit("config.yaml", text.replace(line, re.sub(r"\d+\.\d+", "1e-3", line), 1)) if line else None


def quoted_number(sources: Sources) -> Edit | None:
    """A number is in quotation marks in one of the two files."""
    name = "config.smoke.yaml"
    line = sources.pick(line for line in _key_lines(sources, name) if re.search(r": \d+$", line.rstrip()))
    if line is None:
        return None
    return Edit(name, sources.files[name].replace(line, re.sub(r"(\d+)$", r'"\1"', line.rstrip()) + "\n", 1))


def wrong_default_path(sources: Sources) -> Edit | None:
    """The default of `--config` leads nowhere."""
    text = sources.files.get("main.py", "")
    changed = text.replace('"config.yaml"', '"configs/base.yaml"', 1)
    return Edit("main.py", changed) if changed != text else None


def wrong_script_path(sources: Sources) -> Edit | None:
    """reproduce.sh starts a file that is not there."""
    text = sources.files.get("reproduce.sh", "")
    return Edit("reproduce.sh", text.replace(" main.py --config", " run.py --config", 1)) if "main.py" in text else None


def absolute_path(sources: Sources) -> Edit | None:
    """The code contains an absolute path."""
    places = [one for one in sources.places(ast.Subscript) if one.source.endswith(('["path"]', "['path']"))]
    place = sources.pick(places)
    return place.replaced('"/home/user/datasets/train.csv"') if place else None


def unknown_mark(sources: Sources) -> Edit | None:
    """A mark names a requirement that there is not."""
    path = sources.pick(path for path, text in sources.modules.items() if "# R" in text)
    return Edit(path, re.sub(r"# R\d+:", "# R999:", sources.files[path], count=1)) if path else None


def missing_mark(sources: Sources) -> Edit | None:
    """The line that implements a requirement has lost its mark."""
    path = sources.pick(path for path, text in sources.modules.items() if "# R" in text)
    return Edit(path, re.sub(r"# R\d+: ", "# ", sources.files[path], count=1)) if path else None


def no_results(sources: Sources) -> Edit | None:
    """The results are computed, and not written."""
    writes = [one for one in sources.places(ast.Expr) if re.match(r"(\w+\.)?(write|save|dump)\w*\(", one.source)]
    place = sources.pick(one for one in writes if "result" in one.source or "row" in one.source)
    return place.replaced("pass") if place else None


def no_start(sources: Sources) -> Edit | None:
    """main.py defines everything, and starts nothing."""
    text = sources.files.get("main.py", "")
    return Edit("main.py", text.partition("if __name__")[0]) if "if __name__" in text else None


def work_at_import(sources: Sources) -> Edit | None:
    """The settings are loaded when a module is imported."""
    place = sources.pick(sources.places(ast.ImportFrom))
    if place is None:
        return None
    return Edit(
        place.path, f'{place.text}\n\nwith open("config.yaml") as settings_file:\n    TEXT = settings_file.read()\n'
    )
