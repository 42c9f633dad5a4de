"""What generated code sees of the data."""

from pathlib import Path

from papercoder.artifacts import DataLock, DataSources, RunData
from papercoder.datasets.cache import DataCache
from papercoder.datasets.fetch import give
from papercoder.datasets.run_data import mounts_for, read_data, record
from papercoder.sandbox.contract import Bind
from tests.datasets.servers import source

FOLDER, FILE, GONE = source(), source(name="labels", kind="private", id=""), source(name="gone")
DATA = DataSources(items=(FOLDER, FILE, GONE, source(name="sklearn", kind="package", id="sklearn.datasets.load_iris")))


def given(tmp_path: Path) -> DataLock:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.csv").write_text("1")
    return DataLock(sources=(give(FOLDER, tmp_path / "mine"), give(FILE, tmp_path / "mine" / "a.csv")))


def test_each_source_has_its_place_and_what_is_missing_is_named(tmp_path: Path) -> None:
    mounts = mounts_for(RunData(sources=DATA, lock=given(tmp_path)), DataCache(tmp_path / "cache"))
    mine = tmp_path / "mine"
    assert mounts.binds == (Bind(mine, "/data/dots"), Bind(mine / "a.csv", "/data/labels/a.csv"))
    assert (mounts.present, mounts.missing, mounts.complete) == (("dots", "labels"), ("gone",), False)
    assert mounts.environment["HF_HUB_OFFLINE"] == "1"


def test_a_run_without_data_has_no_mounts_and_is_offline_all_the_same(tmp_path: Path) -> None:
    mounts = mounts_for(read_data(tmp_path), DataCache(tmp_path / "cache"))
    assert (mounts.binds, mounts.missing, mounts.complete) == ((), (), False)
    assert mounts.environment["TRANSFORMERS_OFFLINE"] == "1"


def test_the_mounts_of_a_run_follow_its_lock(tmp_path: Path) -> None:
    (tmp_path / "planning").mkdir()
    (tmp_path / "planning/data.json").write_text(DataSources(items=(FOLDER,)).model_dump_json())
    record(tmp_path, given(tmp_path).sources[0])
    assert mounts_for(read_data(tmp_path), DataCache(tmp_path / "cache")).complete
    (tmp_path / "mine" / "a.csv").unlink()
    (tmp_path / "mine").rmdir()
    assert mounts_for(read_data(tmp_path), DataCache(tmp_path / "cache")).missing == ("dots",)
