"""RESULTS.md, from results that nobody measured."""

import platform
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from benchmarks.machine import Machine, this_machine
from benchmarks.many.section import section as of_many
from benchmarks.overhead.section import section as of_overhead
from benchmarks.reading.section import section as of_reading
from benchmarks.repair.section import section as of_repair
from benchmarks.results import Plot, Section, Table, document, write_results
from benchmarks.resumption.section import section as of_resumption
from benchmarks.speed.sections import sections as of_speed
from benchmarks.startup.section import section as of_startup
from benchmarks.tokens.section import section as of_tokens
from lxml import etree

from tests.benchmarks import made_up

MACHINE = Machine(cores=2, memory_gib=15.6, system="Linux (x86_64)", versions=(("Python", "3.11.7"),), busy=0.25)
SECTIONS = [
    *of_speed(made_up.SPEED),
    of_overhead(made_up.OVERHEAD),
    of_many(made_up.MANY),
    of_resumption(made_up.RESUMPTION),
    of_startup(made_up.STARTUP),
    of_reading(made_up.READING),
    of_repair(made_up.REPAIR),
    of_tokens(made_up.TOKENS),
]


def test_the_document_says_what_was_measured_on_and_when() -> None:
    text = document(SECTIONS, MACHINE, date(2026, 1, 2))
    assert (
        "on 2 January 2026, on Linux (x86_64) with 2 cores and 16 GiB, load 0.2 before it, with Python 3.11.7" in text
    )
    assert text.count("\n## ") == len(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)
def test_every_section_has_its_command_a_meaning_and_rows_that_fit_their_heads(section: Section) -> None:
    assert section.command.startswith("python -m benchmarks.")
    assert section.meaning.endswith(".")
    assert section.tables
    for table in section.tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.heads)}


@pytest.mark.parametrize("plot", [plot for section in SECTIONS for plot in section.plots], ids=lambda plot: plot.name)
def test_plots_are_svg_with_a_background_of_their_own(plot: Plot) -> None:
    root = etree.fromstring(plot.svg.encode())
    first = next(child for child in root if etree.QName(child).localname == "rect")
    assert etree.QName(root).localname == "svg"
    assert "fill: var(--sheet)" in first.attrib["style"]
    assert (first.attrib["width"], first.attrib["height"]) == ("100%", "100%")


def test_the_ratios_are_those_of_the_figures() -> None:
    speed, tokens, overhead, many, resumption, startup, _, repair, by_agent = SECTIONS
    assert "at most 10.0% more" in speed.meaning
    assert "at 32 files the full pipeline takes 25% of the time that it takes in layers, and 50%" in speed.meaning
    assert "The answers of the example take 80%." in speed.meaning
    assert speed.tables[-1].rows[0] == ["coding", "10", "40", "10", "30"]
    assert "Prompt tokens grow as N^1.00" in tokens.meaning
    assert (
        "dollars of the whole line, with requirements, verification, reviews and tests, grow as N^1.00"
        in tokens.meaning
    )
    assert "makes it 1.25 times as long" in overhead.meaning
    assert "90 papers at once take 2.0 times as long as one alone" in many.meaning
    assert "36 calls a second, where a model of the modelled pace would see 18" in many.meaning
    assert "after 2.0 times the start of the bare command, 0.67 times" in resumption.meaning
    assert "25 times as long as Python alone" in startup.meaning
    assert "2.0 times the completion tokens of the published stages" in by_agent.meaning
    assert "0.5 times the prompt tokens of the published client" in by_agent.meaning
    assert "The largest parts are review (90%) and coding (10%)" in by_agent.meaning
    assert "Found by none: wrong dtype, wrong formula, wrong shape." in repair.meaning


def test_what_was_not_measured_is_said() -> None:
    without = replace(made_up.MANY, on_ray=None)
    assert "Not measured on Ray" in of_many(without).render()
    assert "not measured" in of_many(made_up.MANY).render()  # the processors of Ray's processes
    assert "Only checking was asked" in of_repair(made_up.REPAIR).render()


def test_the_command_writes_the_document_and_the_plots_and_deletes_old_ones(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "former.svg").write_text("<svg/>")
    path = write_results(SECTIONS, MACHINE, date(2026, 1, 2), tmp_path)
    shown = {plot.name for section in SECTIONS for plot in section.plots}
    assert {each.stem for each in (tmp_path / "plots").iterdir()} == shown
    assert all(f"(plots/{name}.svg)" in path.read_text(encoding="utf-8") for name in shown)


def test_a_table_is_markdown() -> None:
    table = Table(("what", "s"), [["a|b", "1"]])
    assert table.render() == "| what | s |\n| --- | ---: |\n| a/b | 1 |"


def test_this_machine_is_described_without_a_name() -> None:
    described = this_machine().described()
    assert platform.node() not in described or not platform.node()
    assert str(Path.home()) not in described
    assert "Python" in described
