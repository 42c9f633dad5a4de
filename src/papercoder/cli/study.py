"""`papercoder study`: people compare repositories without knowing who made them."""

from pathlib import Path
from typing import Annotated

import typer

from papercoder.cli.options import JsonOption, echo, group, new_console
from papercoder.errors import SettingsError

studies = group("study", "People compare repositories of a paper without knowing who made them.")

StudyArgument = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder of the study.")]


@studies.command("example")
def print_example() -> None:
    """Print an example manifest with comments."""
    from papercoder.evaluation.study.package import example

    echo(example(), nl=False)


@studies.command("new")
def new(
    manifest: Annotated[
        Path, typer.Argument(metavar="MANIFEST", help="A YAML file; `papercoder study example` prints one.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="STUDY", help="Folder to make.")],
) -> None:
    """Blind the repositories of a manifest and write what participants get."""
    from papercoder.console.repositories import show_new_study
    from papercoder.evaluation.study.package import load_manifest, new_study

    show_new_study(new_study(load_manifest(manifest), output), output, new_console())


@studies.command("open")
def open_page(
    study: StudyArgument,
    participant: Annotated[str, typer.Option("--as", metavar="NAME", help="Name or code of the participant.")] = "me",
    port: Annotated[int, typer.Option(help="Port; 0 picks a free one.", min=0, max=65535)] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
) -> None:
    """Answer the questionnaire in a page on this machine. Stop it with Ctrl-C; open it again to continue."""
    try:
        from papercoder.web.server.study import serve_study
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("papercoder"):
            raise
        raise SettingsError(
            "The page needs the extra `web`: pip install 'papercoder[web]'. The file send/study.html of the study asks "
            "the same and needs nothing."
        ) from None

    serve_study(study, participant, port, echo, browser=browser)


@studies.command("results")
def results(
    study: StudyArgument,
    answers: Annotated[
        list[Path] | None, typer.Argument(metavar="[ANSWERS]...", help="Files beside those in STUDY/answers.")
    ] = None,
    open_early: Annotated[
        bool, typer.Option("--open-early", help="Open the key although too few questionnaires are complete.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the answers, open the key and compare the makers."""
    from papercoder.console.repositories import show_collected, show_study_results
    from papercoder.evaluation.study.answers import collect, open_key, read_study
    from papercoder.evaluation.study.pages import write_results
    from papercoder.evaluation.study.results import results as compared

    console = new_console(stderr=as_json)
    blinded = read_study(study)
    collected = collect(blinded, study, answers or [])
    show_collected(collected, blinded.wait_for, console)
    key = open_key(study, blinded, collected.complete, early=open_early)
    found = compared(blinded, key, collected)
    page = write_results(study, found, key, collected.responses)
    if as_json:
        echo(found.model_dump_json(indent=1))
    else:
        show_study_results(found, page, console)
