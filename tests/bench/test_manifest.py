"""Manifests: their entries, and one sentence with a place for every mistake."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from papercoder.bench.manifest import entries, model_for_repeat, model_name
from papercoder.bench.manifest_file import example, load_manifest
from papercoder.errors import SettingsError
from papercoder.settings import TEXT_ROLES
from tests.bench.benches import TINY, write_manifest


def error_of(path: Path) -> str:
    with pytest.raises(SettingsError) as refused:
        load_manifest(path)
    message = str(refused.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert message.endswith(".")
    return message.removeprefix(str(path))


def test_a_entry_for_every_paper_variant_model_and_repeat_in_a_fixed_order(tmp_path: Path) -> None:
    path = write_manifest(
        tmp_path,
        texts=2,
        variants=[{"name": "full"}, {"name": "as-published", "profile": "papercoder", "refine": 0}],
        models=["openai:gpt-5-mini", {"name": "mixed", "model": TINY, "roles": {"planning": "openai:gpt-5"}}],
        repeats=2,
    )
    todo = entries(load_manifest(path), tmp_path / "out")
    assert [entry.id for entry in todo[:5]] == [
        "p1--full--openai-gpt-5-mini--1",
        "p1--full--openai-gpt-5-mini--2",
        "p1--full--mixed--1",
        "p1--full--mixed--2",
        "p1--as-published--openai-gpt-5-mini--1",
    ]
    assert len({entry.id for entry in todo}) == len(todo) == 16
    assert [entry.id for entry in entries(load_manifest(path), tmp_path / "out")] == [entry.id for entry in todo]
    assert {entry.folder for entry in todo} == {tmp_path / "out" / entry.id for entry in todo}
    assert (todo[4].settings.profile, todo[4].settings.refine) == ("papercoder", 0)
    assert todo[2].settings.model_for("planning") == "openai:gpt-5"


def test_models_of_the_users_settings_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERCODER_MODELS__CODING", "openai:o3")
    monkeypatch.setenv("PAPERCODER_REFINE", "3")
    settings = entries(load_manifest(write_manifest(tmp_path)), tmp_path)[0].settings
    assert {settings.model_for(role) for role in TEXT_ROLES} == {TINY}
    assert settings.refine == 3


def test_what_a_papers_blacklist_names_is_no_reference_of_its_runs(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, papers=[{"id": "p1", "paper": "p1.md", "blacklist": "b.txt"}])
    (tmp_path / "b.txt").write_text("# PaperBench\nhttps://github.com/x/rice\n\nnone\n", encoding="utf-8")
    assert entries(load_manifest(path), tmp_path)[0].settings.blacklist == ("https://github.com/x/rice",)
    (tmp_path / "b.txt").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match=r"b\.txt cannot be read as text"):
        entries(load_manifest(path), tmp_path)


def test_a_judge_has_its_own_server_and_prices(tmp_path: Path) -> None:
    there = {"base_url": "http://gpu:8000/v1", "price_prompt": 0.0, "price_completion": 0.0}
    judge = {"model": "openai:gpt-5", "price_prompt": 2.0, "price_completion": 8.0}
    path = write_manifest(tmp_path, models=[{"name": "own", "model": "vllm:own", **there}], judge=judge)
    entry = entries(load_manifest(path), tmp_path)[0]
    assert entry.evaluation is not None
    assert (entry.settings.base_url, entry.settings.price_prompt) == ("http://gpu:8000/v1", 0.0)
    asked = entry.evaluation.settings
    assert (asked.model_for("judge"), asked.base_url, asked.price_prompt) == ("openai:gpt-5", None, 2.0)


def test_a_entry_can_be_pickled_with_its_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_manifest(tmp_path, judge={"model": "openai:gpt-5"}, resources={"smoke": {"cpus": 2}})
    entry = entries(load_manifest(path), tmp_path)[0]
    sent = pickle.dumps(entry)
    monkeypatch.setenv("PAPERCODER_REFINE", "3")
    assert pickle.loads(sent) == entry
    assert pickle.loads(sent).settings.refine == 1
    assert entry.folder.is_absolute()
    assert Path(entry.source).is_absolute()


@pytest.mark.parametrize(
    ("gpus", "settings", "allowed"),
    [(1, {}, True), (0, {}, False), (None, {}, False), (1, {"gpu": False}, False), (0, {"gpu": True}, True)],
)
def test_gpus_are_allowed_if_a_step_needs_them(
    tmp_path: Path, gpus: int | None, settings: dict[str, bool], allowed: bool
) -> None:
    path = write_manifest(
        tmp_path, variants=[{"name": "full", **settings}], resources={"tests": {"cpus": 2}, "smoke": {"gpus": gpus}}
    )
    entry = entries(load_manifest(path), tmp_path)[0]
    assert entry.settings.gpu == allowed


def test_repeats_of_the_simulated_model_have_different_seeds() -> None:
    assert model_for_repeat("simulated:files=3", 1) == "simulated:files=3"
    assert model_for_repeat("simulated:files=3", 2) == "simulated:files=3,seed=1"
    assert model_for_repeat("simulated:seed=7,files=3", 3) == "simulated:files=3,seed=9"
    assert model_for_repeat("openai:gpt-5", 3) == "openai:gpt-5"


def test_judges_depend_on_the_papers_files(tmp_path: Path) -> None:
    (tmp_path / "gold").mkdir()
    (tmp_path / "rubric.json").write_text("{}")
    papers = [{"id": "a", "paper": "p1.md", "gold": "gold", "rubric": "rubric.json"}, {"id": "b", "paper": "p2.md"}]
    path = write_manifest(tmp_path, papers=papers, judge={"model": "openai:gpt-5", "samples": 3})
    for name in ("p1.md", "p2.md"):
        (tmp_path / name).write_text("# A paper\n")
    first, second = (entry.evaluation for entry in entries(load_manifest(path), tmp_path))
    assert first is not None
    assert second is not None
    assert first.judges == ("reference-free", "reference-based")
    assert (first.gold, first.rubric) == (tmp_path / "gold", tmp_path / "rubric.json")
    assert second.judges == ("reference-free",)
    assert second.samples == 3


def test_paths_are_relative_to_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "prompts").mkdir()
    path = write_manifest(
        tmp_path / "here" / "..", variants=[{"name": "mine", "prompts": "prompts"}], models="recorded:said"
    )
    monkeypatch.chdir("/")
    entry = entries(load_manifest(path), tmp_path)[0]
    assert entry.settings.prompts == tmp_path / "prompts"
    assert entry.settings.model == f"recorded:{tmp_path / 'said'}"
    assert Path(entry.source) == tmp_path / "p1.md"


def test_prompts_of_the_users_settings_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAPERCODER_PROMPTS", "mine")
    assert entries(load_manifest(write_manifest(tmp_path)), tmp_path)[0].settings.prompts == tmp_path / "mine"


@pytest.mark.parametrize(
    ("given", "store"),
    [
        ("shared", "file://{}/shared"),
        ("file://shared", "file://{}/shared"),
        ("local://shared", "file://{}/shared"),
        ("/mnt/shared", "file:///mnt/shared"),
        ("file:///mnt/shared", "file:///mnt/shared"),
        ("s3://bucket/x", "s3://bucket/x"),
    ],
)
def test_a_store_folder_becomes_an_absolute_address(tmp_path: Path, given: str, store: str) -> None:
    assert load_manifest(write_manifest(tmp_path, store=given)).store == store.format(tmp_path)


@pytest.mark.parametrize(
    "name", ["../x", "/etc", "a/b", "..", ".hidden", "a--b", "-o", "a b", "", "x" * 61, "ü", "a\n"]
)
def test_unsafe_or_ambiguous_names_are_errors(tmp_path: Path, name: str) -> None:
    said = error_of(write_manifest(tmp_path, papers=[{"id": name, "paper": "p1.md"}]))
    assert said.startswith(", papers, item 1, id: ")


PAPERS = [{"id": "a", "paper": "p1.md"}]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"papers": []}, ", papers: tuple should have at least 1 item after validation, not 0."),
        ({"paper": "x"}, ", paper: unknown key; see `papercoder bench example`."),
        ({"reproduction": {"budget": "soon"}}, ", reproduction, budget: 'soon' is not a duration"),
        (
            {"papers": [{"id": "a", "paper": "a.md", "reproduction": {"scale": 2}}]},
            ", papers, item 1, reproduction, scale: input should be less than or equal to 1.",
        ),
        (
            {"reproduction": {}, "variants": [{"name": "x", "sandbox": "none"}]},
            ", reproduction: no variant executes code, because each has `sandbox: none`.",
        ),
        ({"papers": [{"id": "a"}]}, ", papers, item 1, paper: this key is required."),
        (
            {"papers": [{"id": "a", "paper": 1706.03762}]},
            ", papers, item 1, paper: must be text; write it in quotes.",
        ),
        (
            {"papers": [*PAPERS, {"id": "A", "paper": "p1.md"}]},
            ": two papers have the id 'a'",
        ),
        ({"papers": [{**PAPERS[0], "paper": "none.pdf"}]}, ", papers, a, paper: "),
        ({"papers": [{**PAPERS[0], "gold": "none"}]}, ", papers, a, gold: "),
        ({"variants": [{"name": "x", "refnie": 1}]}, ", variants, x, refnie: unknown setting."),
        ({"variants": [{"name": "x", "refine": -1}]}, ", variants, x, with the model simulated: refine: "),
        ({"variants": [{"name": "x", "max_cost": 1}]}, ", variants, x, max_cost: applies to all entries together"),
        ({"variants": [{"name": "x", "model": "openai:x"}]}, ", variants, x, model: write it in an item of `models`."),
        ({"models": "gpt-5"}, ", models, item 1, model: must be PROVIDER:NAME, such as openai:gpt-6-luna."),
        ({"models": ["openai:a", {"model": "openai:a"}]}, ": two models have the name 'openai-a'"),
        ({"models": [{"model": "openai:a", "roles": {"cook": "openai:b"}}]}, ", models, item 1, roles, cook"),
        ({"repeats": "2"}, ", repeats: "),
        (
            {"repeats": 2, "models": "recorded:x"},
            ", repeats: recorded is a recording and always",
        ),
        ({"judge": {"model": "openai:x", "judges": ["nobody"]}}, ", judge, judges, item 1: "),
        ({"judge": {"model": "openai:x", "base_url": "gpu"}}, ", judge: base-url: "),
        ({"resources": {"fly": {"cpus": 1}}}, ", resources, fly"),
        ({"max_cost": -1}, ", max_cost: "),
        (
            {"resources": {"smoke": {"gpus": 1.5}}},
            ", resources, smoke, gpus: more than one GPU must be",
        ),
        ({"store": ""}, ", store: "),
        ({"store": "memory://x"}, ", store: memory is lost with its process"),
        ({"papers": [{**PAPERS[0], "gold": "p1.md"}]}, ", papers, a, gold: "),
        ({"papers": [{**PAPERS[0], "rubric": "."}]}, ", papers, a, rubric: "),
        ({"variants": [{"name": "x", "prompts": "none"}]}, ", variants, x, with the model simulated: prompts: "),
    ],
)
def test_every_mistake_is_one_sentence_with_its_place(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    assert error_of(write_manifest(tmp_path, **changes)).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", ", line 1, column 8: "),
        ("name: a\nname: b\n", ", line 2, column 1: duplicate key 'name'"),
        ("[1]: 2\n", ", line 1, column 1: a key is not plain text"),
        ("!!python/object:os.system {}\n", ", line 1, column 1: could not determine a constructor"),
        ("", ": "),
        ("- a\n", ": "),
        ("name: 2024-01-01\n", ", papers: this key is required."),
        ("name: a\n2024-01-01: b\n", ", papers: this key is required."),
        ("name: a\npapers: &a [*a]\n", ": an alias (`*`) refers to a value that contains it"),
    ],
)
def test_a_file_that_is_not_a_manifest_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(text)
    assert error_of(path).startswith(message)


def test_a_missing_manifest_is_an_error(tmp_path: Path) -> None:
    assert "the manifest does not exist" in error_of(tmp_path / "none.yaml")
    assert "the manifest does not exist" in error_of(tmp_path)


def test_the_example_is_a_manifest(tmp_path: Path) -> None:
    (tmp_path / "paper.pdf").touch()
    (tmp_path / "ablation.yaml").write_text(example())
    manifest = load_manifest(tmp_path / "ablation.yaml")
    assert len(entries(manifest, tmp_path)) == 9
    profiles = [entry.settings.profile for entry in entries(manifest, tmp_path)]
    assert (profiles[0], profiles[5], profiles[-1]) == ("paper", "papercoder", "full")


@pytest.mark.parametrize(
    ("spec", "name"),
    [("openai:gpt-4.1", "openai-gpt-4-1"), ("simulated:files=3,speed=9", "simulated"), ("a:b/c:free", "a-b-c-free")],
)
def test_a_model_without_a_name_is_named_after_its_specification(spec: str, name: str) -> None:
    assert model_name(spec) == name
