"""Data sources: their ids and requirements are checked, their quotes and addresses searched in the paper."""

import asyncio
from typing import Any

import pytest

from papercoder.artifacts import (
    ConfigValue,
    DataSource,
    DataSourceDraft,
    DataSourceDrafts,
    DataSources,
    ExperimentConfig,
)
from papercoder.errors import AnswerError
from papercoder.stages.planning.data import is_public_url, list_data_sources, problems
from papercoder.stages.planning.design import key_problems
from tests.support import PAPER, PLAN, REQUIREMENTS, Scripted, make_agents, setting


def source(**changes: Any) -> DataSourceDraft:
    """A data set as the agent lists it."""
    fields: dict[str, Any] = {
        "name": "dots",
        "kind": "hf_dataset",
        "id": "someone/dots",
        "requirements": ("R2",),
        "anchor": "2¶1",
        "quote": "on 10,000 dots",
        "fallback": "synthetic",
    }
    return DataSourceDraft(**{**fields, **changes})


def listed(*items: DataSourceDraft, then: tuple[DataSourceDraft, ...] = ()) -> tuple[DataSources, Scripted]:
    """The sources that planning makes of an answer, and of a second one."""
    model = Scripted({"data": [DataSourceDrafts(items=items), DataSourceDrafts(items=then or items)]})
    return asyncio.run(list_data_sources(make_agents(model), PAPER, PLAN, REQUIREMENTS)), model


def test_a_source_keeps_its_quote_and_says_whether_the_paper_names_its_id() -> None:
    (item,), model = listed(source())[0].items, listed(source())[1]
    assert (item.anchor, item.quote_found, item.id_found) == ("2¶1", True, False)
    assert len(model.requests) == 1
    assert "R2 (training, stated)" in model.requests[0].text
    named = PAPER.model_copy(update={"abstract": "We use the Someone/Dots data."})
    model = Scripted({"data": DataSourceDrafts(items=(source(),))})
    (item,) = asyncio.run(list_data_sources(make_agents(model), named, PLAN, REQUIREMENTS)).items
    assert item.id_found


def test_a_quote_that_the_paper_does_not_contain_is_rejected_once_and_then_marked() -> None:
    found, model = listed(source(quote="on MNIST"))
    assert 'the paper does not say "on MNIST"' in model.requests[1].text
    assert [item.quote_found for item in found.items] == [False]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": "https://example.org/x"}, "`dots`: the id of the kind `hf_dataset` is OWNER/NAME on the Hub"),
        ({"kind": "doi", "id": "zenodo 5"}, "`dots`: the id of the kind `doi` is a DOI"),
        ({"kind": "openml", "id": "iris"}, "`dots`: the id of the kind `openml` is the number"),
        ({"kind": "private", "id": "ask"}, "`dots`: the id of the kind `private` is empty, not `ask`."),
        ({"kind": "url", "id": "http://localhost/x"}, "is not a public http or https address."),
        ({"requirements": ("R9",)}, "`dots`: there is no requirement R9."),
    ],
)
def test_invalid_sources_are_rejected(change: dict[str, Any], problem: str) -> None:
    (found,) = problems(DataSourceDrafts(items=(source(**change),)), REQUIREMENTS)
    assert problem in found


def test_names_must_differ_also_on_file_systems_that_ignore_case() -> None:
    drafts = DataSourceDrafts(items=(source(), source(name="Dots")))
    assert list(problems(drafts, REQUIREMENTS)) == ["The name `dots` occurs 2 times."]


def test_an_answer_that_stays_invalid_is_an_error() -> None:
    with pytest.raises(AnswerError, match="not a public"):
        listed(source(kind="url", id="file:///etc/passwd"))


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("https://example.org/data.zip", True),
        ("http://93.184.216.34/data", True),
        ("http://169.254.169.254/latest", False),
        ("http://127.0.0.1:8000/", False),
        ("http://[::1]/", False),
        ("http://db.internal/", False),
        ("http://printer.local/", False),
        ("https://user:secret@example.org/", False),
        ("ftp://example.org/", False),
        ("http://example.org:port/", False),
    ],
)
def test_only_addresses_of_public_servers_are_accepted(address: str, public: bool) -> None:
    assert is_public_url(address) is public


def test_a_corrected_address_leaves_the_outline_as_it_is() -> None:
    found = DataSource(**dict(source(hash=f"md5:{'0' * 32}")), quote_found=True)
    corrected = found.model_copy(update={"id": "someone/points", "revision": "v2", "hash": ""})
    outlines = [DataSources(items=(item,)).outline for item in (found, corrected)]
    assert outlines[0] == outlines[1]
    assert outlines[0].items[0].name == "dots"


@pytest.mark.parametrize(("kind", "missing"), [("url", ["The key `data.root` is missing."]), ("generated", [])])
def test_the_configuration_names_the_folder_of_data_that_is_in_files(kind: Any, missing: list[str]) -> None:
    config = ExperimentConfig(values=(setting("data.synthetic", value=False),))
    data = DataSources(items=(DataSource(**dict(source(kind=kind))),))
    assert list(key_problems(config, data)) == missing
    values: tuple[ConfigValue, ...] = (*config.values, setting("data.root", "data"))
    assert list(key_problems(ExperimentConfig(values=values), data)) == []
