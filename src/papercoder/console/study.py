"""A study in the terminal: what was made, which answers are there, and the results."""

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from papercoder.artifacts import Problem, StudyResults
from papercoder.evaluation.study.answers import KEY, Collected
from papercoder.evaluation.study.package import NewStudy
from papercoder.evaluation.study.pages import figure, headline, p_value, pair_words, percent
from papercoder.report.formatting import plural, size

_MOST_PROBLEMS = 20


def show_new_study(made: NewStudy, folder: Path, console: Console) -> None:
    """The repositories with their sizes, and what to send and to keep."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("paper", "name", "lines", "languages"):
        table.add_column(name, justify="right" if name == "lines" else "left")
    for paper in made.study.papers:
        for each in paper.repositories:
            languages = ", ".join(f"{one.language} {one.lines:,}" for one in each.languages[:4])
            table.add_row(paper.id, each.name, f"{each.lines:,}", languages)
    console.print(table)
    asked = ", ".join(f"{paper.id} {len(paper.required)}" for paper in made.study.papers)
    for text in (
        f"answers to give: {asked}",
        *(f"send to participants: {page} ({size(page.stat().st_size)})" for page in made.pages),
        f"answer here: papercoder study open {folder}",
        f"keep to yourself: {folder / KEY} says who made what. Put the files that come back into {folder / 'answers'}.",
    ):
        console.print(text, soft_wrap=True, highlight=False)


def show_collected(collected: Collected, wait_for: int, console: Console) -> None:
    """How many answers there are, and what is wrong with some."""
    people = plural(len(collected.participants), "participant")
    counted = f"{collected.complete} of {wait_for} complete questionnaires"
    console.print(f"{people}, {counted}", soft_wrap=True, highlight=False)
    _show_problems(collected.problems, console)


def _show_problems(problems: Iterable[Problem], console: Console) -> None:
    found = list(problems)
    for each in found[:_MOST_PROBLEMS]:
        console.print(f"{each.kind}: {each.where}: {each.message}", soft_wrap=True, highlight=False, markup=False)
    if len(found) > _MOST_PROBLEMS:
        console.print(f"and {len(found) - _MOST_PROBLEMS} more problems", highlight=False)


def show_study_results(results: StudyResults, page: Path, console: Console) -> None:
    """Makers, pairs, agreement, models, and the page."""
    for text in results.remarks:
        console.print(text, soft_wrap=True, highlight=False, markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("maker", "rankings", "rank score", "first", "faithful", "would use it", "easier"):
        table.add_column(name, justify="left" if name == "maker" else "right")
    for each in results.makers:
        first = "–" if each.first is None else f"{each.first:.0%}"
        figures = (figure(each.rank_score), first, figure(each.faithful), percent(each.use), percent(each.easier))
        table.add_row(each.maker, str(each.ranked), *figures)
    console.print(table)
    lines = [f"{pair_words(pair)}, p {p_value(pair.p_value)}" for pair in results.pairs]
    lines += [
        f"{each.measure}, {each.about}: {'nothing varies' if each.value is None else f'{each.value:.2f}'}"
        for each in results.agreement
    ]
    lines += [
        f"people and {each.judge}: {'nothing varies' if each.rho is None else f'rho {each.rho:.2f}'}"
        for each in results.correlations
    ]
    for text in (headline(results), *lines, f"page: {page}"):
        console.print(text, soft_wrap=True, highlight=False, markup=False)
