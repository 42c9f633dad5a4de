"""Figures described by a model that reads images, and who gets the descriptions."""

import asyncio
from typing import Any

import pytest

from papercoder.artifacts import (
    NO_FIGURES,
    Claims,
    Figure,
    FigureDescription,
    FigureDescriptions,
    FigureDraft,
    FigureImages,
    Paper,
    Paragraph,
    Section,
)
from papercoder.artifacts.paper import Axis, Component, Connection, Series
from papercoder.errors import ModelError
from papercoder.models.contract import Request
from papercoder.runs.events import Event, Warned
from papercoder.stages.analysis import analyse_file
from papercoder.stages.planning.claims import ReportedResults, extract_claims, unproved
from papercoder.stages.planning.design import make_overall_plan
from papercoder.stages.planning.readings import describe_figures
from papercoder.stages.planning.requirements import complete_requirements, find_requirements
from tests.models.fakes import IMAGE
from tests.scripted import DESIGN
from tests.support import PLAN, Scripted, draft, make_agents, of_kind, requirement

PAPER = Paper(
    title="A Method",
    abstract="It works.",
    source="latex",
    sections=(
        Section(
            anchor="1",
            level=1,
            title="Method",
            blocks=(
                Paragraph(anchor="1¶1", text="The encoder is shown in Figure 1; it is small enough for one machine."),
                Figure(anchor="fig:1", caption="The encoder with its layers."),
            ),
        ),
        Section(
            anchor="2",
            level=1,
            title="Results",
            blocks=(
                Paragraph(anchor="2¶1", text="Figures 10 and 2 show that our error falls all the time, to about 0.5."),
                Figure(anchor="fig:2", caption="The error of both methods."),
            ),
        ),
    ),
)
ENCODER = FigureDraft(
    kind="diagram",
    summary="An encoder of two layers.",
    components=(Component(name="Add & Norm", inside="layer", details="x 6"),),
    connections=(Connection(source="Embedding", target="Add & Norm", label="bypasses Attention"),),
)
ERRORS = FigureDraft(
    kind="plot",
    summary="Two falling curves.",
    axes=(Axis(panel="(a)", direction="x", label="epoch", scale="log", ticks="1 to 100"),),
    series=(Series(panel="(a)", name="Ours", look="red, solid", readings=("1 epoch: 2.0", "100 epochs: 0.42")),),
    unclear="The grey curve.",
)
PICTURES = (
    FigureImages(anchor="fig:1", images=(IMAGE, IMAGE)),
    FigureImages(anchor="fig:2", reason="b.eps is an EPS file; convert it to PDF or PNG"),
)
FIGURES = FigureDescriptions(
    items=(
        FigureDescription(**dict(ENCODER), anchor="fig:1"),
        FigureDescription(**dict(ERRORS), anchor="fig:2"),
        FigureDescription(anchor="fig:3", kind="other", summary="", not_read="it has no picture"),
    )
)
HEADING = "# Figures, read from their images by a model"


def described(answer: Any, pictures: tuple[FigureImages, ...]) -> tuple[FigureDescriptions, Scripted, list[str]]:
    model, events = Scripted({"figure": answer}), list[Event]()
    found = asyncio.run(describe_figures(make_agents(model, events.append), PAPER, pictures))
    return found, model, [event.message for event in of_kind(events, Warned)]


def test_a_figure_is_shown_with_its_caption_and_the_words_about_it() -> None:
    found, model, warnings = described(ENCODER, PICTURES)
    (request,) = model.requests
    assert (request.subject, request.images) == ("fig:1", (IMAGE, IMAGE))
    assert "2 images, the parts of one figure in their order, are attached: figure [fig:1]" in request.text
    assert "\nThe encoder with its layers.\n</document-" in request.text
    assert "[1¶1] The encoder is shown in Figure 1" in request.text
    assert "our error" not in request.text  # Figure 10 is another one
    assert found.items[0] == FigureDescription(**dict(ENCODER), anchor="fig:1")
    assert found.items[1].not_read == "b.eps is an EPS file; convert it to PDF or PNG"
    assert warnings == ["fig:2 is not described: b.eps is an EPS file; convert it to PDF or PNG"]


def test_a_figure_without_a_valid_answer_is_left_out_with_a_warning() -> None:
    found, model, (warning,) = described("I see two axes.", PICTURES[:1])
    assert [request.round for request in model.requests] == [0, 1, 2]
    assert all(request.images for request in model.requests)
    assert found.of(["fig:1"]) == NO_FIGURES
    assert "--model vision=PROVIDER:NAME" in warning


def test_a_model_that_reads_no_images_ends_the_run() -> None:
    def refuse(_: Request) -> str:
        raise ModelError("it reads no images")

    with pytest.raises(ModelError, match="reads no images"):
        described(refuse, PICTURES)


def text_of(request: Request) -> str:
    return "\n\n".join(message.text for message in request.messages)


def test_the_plan_reads_every_description() -> None:
    model = Scripted({"overall_plan": PLAN})
    asyncio.run(make_overall_plan(make_agents(model), PAPER, FIGURES))
    text = text_of(model.requests[0])
    _, _, part = text.partition(HEADING)
    assert part.index("cannot be quoted") < part.index("<document-") < part.index("[fig:1] diagram: An encoder of two")
    assert "- Add & Norm, inside layer: x 6" in part
    assert "- Embedding -> Add & Norm: bypasses Attention" in part
    assert "- (a) x: epoch, log, 1 to 100" in part
    assert "- (a) Ours (red, solid) | 1 epoch: 2.0 | 100 epochs: 0.42" in part
    assert "- The grey curve." in part
    assert "fig:3" not in part
    asyncio.run(make_overall_plan(make_agents(model), PAPER))
    assert HEADING not in text_of(model.requests[1])


def test_a_part_of_the_paper_comes_with_its_figures() -> None:
    found = draft(
        anchor="fig:1", quote="The encoder with its layers", status="derived", statement="There are 6 layers."
    )
    model = Scripted({"requirements": '{"requirements": []}', "gaps": '{"add": [' + found.model_dump_json() + "]}"})
    agents = make_agents(model)
    long = Section(anchor="1.1", level=2, title="More", blocks=(Paragraph(anchor="1.1¶1", text="More words. " * 900),))
    paper = PAPER.model_copy(update={"sections": (PAPER.sections[0], long, PAPER.sections[1])})
    drafts = asyncio.run(find_requirements(agents, paper, FIGURES))
    texts = {request.subject: text_of(request) for request in model.requests}
    assert [("[fig:1] diagram" in text, "[fig:2] plot" in text) for text in texts.values()] == [
        (True, False),
        (False, True),
    ]
    (item,) = asyncio.run(complete_requirements(agents, PAPER, PLAN, drafts, 0, FIGURES)).items
    assert (item.anchor, item.status, item.quote_found) == ("fig:1", "derived", True)
    assert "status `derived`, the figure's anchor" in text_of(model.of("gaps")[0])


def number(**changes: Any) -> dict[str, Any]:
    return {
        "anchor": "fig:2",
        "experiment": "curves",
        "method": "Ours",
        "dataset": "moons",
        "metric": "error",
        "value": 0.42,
        "quote": "Ours: 100 epochs: 0.42",
    } | changes


def test_a_value_from_a_plot_is_a_claim_that_is_marked_and_approximate() -> None:
    results = ReportedResults.model_validate(
        {"numbers": [number(), number(value=0.5, anchor="2¶1", quote="to about 0.5", bound="about")]}
    )
    model = Scripted({"claims": results})
    claims: Claims = asyncio.run(extract_claims(make_agents(model), PAPER, FIGURES))
    assert [(claim.anchor, claim.bound, claim.from_image) for claim in claims.items] == [
        ("2¶1", "about", False),
        ("fig:2", "about", True),
    ]
    assert "read from the image of a plot" in text_of(model.requests[0])
    asyncio.run(extract_claims(make_agents(model), PAPER))
    assert "read from the image of a plot" not in text_of(model.requests[1])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, ""),
        ({"quote": "100 epochs: 0.42"}, ""),
        ({"value": 100}, "take the value after the colon"),
        ({"value": 0.43, "quote": "100 epochs: 0.43"}, 'No value of fig:2 was read as "100 epochs: 0.43"'),
        ({"anchor": "fig:1"}, "No value of fig:1"),
        ({"anchor": "fig:9"}, 'The paper does not say "Ours: 100 epochs: 0.42" [fig:9]'),
    ],
)
def test_a_value_that_no_description_has_is_no_claim(changes: dict[str, Any], problem: str) -> None:
    results = ReportedResults.model_validate({"numbers": [number(**changes)]})
    problems = list(unproved(PAPER, results, FIGURES))
    assert bool(problems) == bool(problem)
    assert problem in "".join(problems)
    assert list(unproved(PAPER, results))  # without descriptions, every such value is unproved


def test_an_analysis_reads_the_figures_that_its_requirements_cite() -> None:
    owned = (requirement("R1", anchor="fig:1", status="derived", quote="The encoder with its layers"),)
    model = Scripted({"analysis": "# model\n\n- R1: so."})
    shown = FIGURES.of(item.anchor for item in owned)
    inputs = (DESIGN.plan, DESIGN.logic, "seed: 0", owned, (), (), "", "tinyfit/model.py")
    asyncio.run(analyse_file(make_agents(model), PAPER, *inputs, shown))
    text = text_of(model.requests[0])
    assert "[fig:1] diagram" in text
    assert "[fig:2] plot" not in text
