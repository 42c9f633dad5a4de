"""Architecture, logic and configuration: what is complained of, refined, and held against the paper."""

import asyncio

import pytest

from papercoder.artifacts import (
    ArchitectureDesign,
    Claims,
    ConfigValue,
    Critique,
    DataSources,
    ExperimentConfig,
    FileLogic,
    FilePlan,
    ImportedNames,
    LogicDesign,
    Requirements,
    Violation,
)
from papercoder.errors import AnswerError
from papercoder.stages.planning import design as logics
from papercoder.stages.planning.design import (
    design_architecture,
    design_bare_architecture,
    design_config,
    design_logic,
    interface_problems,
    key_problems,
    make_overall_plan,
    proved,
    provenance_problems,
)
from tests.support import (
    CONFIG,
    LOGIC,
    PAPER,
    PLAN,
    REQUIREMENTS,
    Scripted,
    architecture,
    make_agents,
    requirement,
    setting,
)

FINE = Critique()
WRONG = Critique(violations=(Violation(where="files", what="too many", correction="fewer"),))

# The overall plan


def test_a_plan_is_made_in_one_call() -> None:
    model = Scripted({"overall_plan": PLAN})
    assert asyncio.run(make_overall_plan(make_agents(model), PAPER)) == PLAN
    assert [request.agent for request in model.requests] == ["overall_plan"]


# Refinement


def test_violations_are_fixed_until_there_are_none_or_the_rounds_are_over() -> None:
    change = '{"edits": [{"field": "approach", "search": "Two", "replace": "Only two"}]}'
    model = Scripted({"architecture": architecture(), "verify": WRONG, "refine": [change, "{}"]})
    made = asyncio.run(design_architecture(make_agents(model), PAPER, PLAN, REQUIREMENTS, 2))
    assert made == architecture().model_copy(update={"approach": "Only two files."})
    assert [(request.agent, request.subject) for request in model.requests[1:]] == [
        ("verify", "architecture"),
        ("refine", "architecture"),
        ("verify", "architecture 2"),
        ("refine", "architecture 2"),
    ]
    revised = model.of("refine")[0].text
    assert "files: too many It should be: fewer" in revised
    assert "approach: Two files." in revised
    assert "To change a file, give it in full." in revised
    assert "Design the repository" in revised


# The architecture


def plan_of(*paths: str, **changes: object) -> ArchitectureDesign:
    last = "tinyfit/experiments.py"
    files = tuple(FilePlan(path=path, purpose="x", owns=("R1", "R2") if path == last else ()) for path in paths)
    return architecture().model_copy(update={"files": files, **changes})


def design_of(*answers: ArchitectureDesign | str, requirements: Requirements = REQUIREMENTS) -> Scripted:
    """The model that was asked; the last answer is taken."""
    model = Scripted({"architecture": list(answers)})
    asyncio.run(design_architecture(make_agents(model), PAPER, PLAN, requirements, 0))
    return model


@pytest.mark.parametrize("design", [architecture(), plan_of("tinyfit/experiments.py", "tinyfit/data/load.py")])
def test_a_good_architecture_is_taken(design: ArchitectureDesign) -> None:
    assert len(design_of(design).requests) == 1


@pytest.mark.parametrize(
    ("design", "problem"),
    [
        (architecture(model=("R1",)), "R2 has no owner."),
        (architecture(model=("R1", "R2"), experiments=("R2",)), "R2 has 2 owners; it needs one."),
        (architecture(model=("R1",), experiments=("R2", "R7")), "R7 is not a requirement."),
        (plan_of("tinyfit/model.py"), "Exactly one file must be `PACKAGE/experiments.py`."),
        (plan_of("tinyfit/experiments.py", "main.py"), "`main.py` is not in the package"),
        (plan_of("tinyfit/experiments.py", "other/x.py"), "several packages (other, tinyfit)"),
        (plan_of("TinyFit/experiments.py"), "`TinyFit` needs another name"),
        (plan_of("tests/experiments.py"), "`tests` needs another name"),
        (plan_of("tinyfit/experiments.py", "../x.py"), "`../x.py` leads out of the repository"),
        (plan_of("random/experiments.py"), "`random/experiments.py` would hide the standard library's `random`"),
        (plan_of("tinyfit/experiments.py", "config.yaml"), "`config.yaml` is written by PaperCoder itself"),
        (plan_of("tinyfit/experiments.py", "tinyfit/notes.txt"), "`tinyfit/notes.txt` is not a Python file"),
        (
            plan_of("tinyfit/experiments.py", "tinyfit/Model.py", "tinyfit/model.py"),
            "are the same file on a case-insensitive file system",
        ),
        (
            plan_of("tinyfit/experiments.py", class_diagram="A --> B"),
            "the class diagram does not start with `classDiagram`",
        ),
        (
            plan_of("tinyfit/experiments.py", sequence_diagram="sequenceDiagram\nx"),
            "the sequence diagram does not parse at line 2, column 2: `x` (unexpected NEWLINE)",
        ),
    ],
)
def test_an_invalid_architecture_is_rejected_with_the_reason(design: ArchitectureDesign, problem: str) -> None:
    assert problem in design_of(design, architecture()).requests[1].text


def test_an_architecture_that_stays_invalid_ends_the_run() -> None:
    with pytest.raises(AnswerError, match="R2 has no owner"):
        design_of(architecture(model=("R1",)))


def test_paths_and_diagrams_are_normalised() -> None:
    written = architecture().model_dump_json().replace('"tinyfit/model.py"', '"./tinyfit/model.py"')
    model = Scripted({"architecture": written.replace("classDiagram", "classDiagram ")})
    design = asyncio.run(design_architecture(make_agents(model), PAPER, PLAN, REQUIREMENTS, 0))
    assert design.owned_by("tinyfit/model.py") == ("R1",)


def test_without_requirements_nothing_is_owned() -> None:
    model = design_of(architecture(none=()), requirements=Requirements(items=()))
    assert "Leave `owns` empty" in model.requests[0].text


def test_a_bare_architecture_has_its_own_entry_point() -> None:
    bare = plan_of("main.py", "model.py")
    model = Scripted({"architecture": [architecture(none=()), bare]})
    assert asyncio.run(design_bare_architecture(make_agents(model), PAPER, PLAN)) == bare
    assert "`main.py` is missing." in model.requests[1].text
    assert "trials" not in model.requests[0].system


# The logic


def logic(*files: FileLogic, packages: tuple[str, ...] = ()) -> LogicDesign:
    return LogicDesign(packages=packages, files=files, shared_knowledge="")


def file(path: str, *imports: str, names: tuple[str, ...] = ()) -> FileLogic:
    return FileLogic(
        path=path, implements="x", imports=tuple(ImportedNames(path=other, names=names) for other in imports)
    )


def test_a_good_logic_is_taken() -> None:
    assert logics.logic_problems(LOGIC, architecture()) == []
    assert list(interface_problems(LOGIC)) == []


@pytest.mark.parametrize(
    ("design", "problem"),
    [
        (logic(file("tinyfit/experiments.py")), "`tinyfit/model.py` of the architecture is missing."),
        (logic(*LOGIC.files, file("tinyfit/x.py")), "`tinyfit/x.py` is not in the architecture."),
        (logic(*LOGIC.files, file("tinyfit/experiments.py")), "`tinyfit/experiments.py` occurs 2 times."),
        (
            logic(file("tinyfit/model.py"), file("tinyfit/experiments.py", "tinyfit/data.py")),
            "`tinyfit/experiments.py` imports `tinyfit/data.py`, which is not a file of the",
        ),
        (
            logic(
                file("tinyfit/model.py", "tinyfit/experiments.py"), file("tinyfit/experiments.py", "tinyfit/model.py")
            ),
            "Import cycle: ",
        ),
        (logic(*LOGIC.files, packages=("numpy 1",)), "`numpy 1` is not a valid line of a requirements file"),
        (logic(*LOGIC.files, packages=("tinyfit>=1",)), "`tinyfit/model.py` would hide the package `tinyfit`"),
    ],
)
def test_a_bad_logic_goes_back_with_the_reason(design: LogicDesign, problem: str) -> None:
    assert problem in "\n".join(logics.logic_problems(design, architecture()))
    model = Scripted({"logic": [design, LOGIC]})
    made = design_logic(
        make_agents(model), PAPER, PLAN, REQUIREMENTS, architecture(), CONFIG, Claims(), DataSources(), 0
    )
    assert asyncio.run(made) == LOGIC
    assert problem in model.requests[1].text


@pytest.mark.parametrize(
    "signature",
    [
        "def f(x: int) -> int",
        "def f(x: int) -> int:",
        "async def f()",
        "class Model",
        "class Model(nn.Module):",
        "Model.fit(self, x: np.ndarray, *, epochs: int = 10) -> None",
        "f(x, y)",
        "LIMIT: int = 3",
        "LIMIT = 3",
    ],
)
def test_signatures_are_taken(signature: str) -> None:
    assert list(interface_problems(logic(FileLogic(path="a.py", implements="x", signatures=(signature,))))) == []


@pytest.mark.parametrize("signature", ["fits a line", "def f(x: int", "def f(1)", "f(x) returns y"])
def test_what_is_no_signature_is_complained_of(signature: str) -> None:
    found = list(interface_problems(logic(FileLogic(path="a.py", implements="x", signatures=(signature,)))))
    assert found == [f"`a.py`: `{signature}` is not a Python signature."]


def test_an_imported_name_is_in_the_other_files_signatures() -> None:
    design = logic(LOGIC.files[0], file("tinyfit/experiments.py", "tinyfit/model.py", names=("predict", "train")))
    assert list(interface_problems(design)) == [
        "`tinyfit/experiments.py` imports `train` from `tinyfit/model.py`, whose signatures do not include it."
    ]


# The configuration


def config(*values: ConfigValue) -> ExperimentConfig:
    return ExperimentConfig(values=(*values, setting("data.synthetic", value=False)))


def test_a_good_configuration_is_taken_as_it_is() -> None:
    assert list(key_problems(CONFIG, DataSources())) == []
    assert list(provenance_problems(CONFIG, PAPER, REQUIREMENTS)) == []
    assert proved(CONFIG, PAPER, REQUIREMENTS) == CONFIG


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (config(setting("a", 1), setting("a", 2)), "The key `a` occurs twice."),
        (config(setting("a", 1), setting("a.b", 2)), "`a` is both a value and a group of keys."),
        (ExperimentConfig(values=(setting("a", 1),)), "The key `data.synthetic` is missing."),
    ],
)
def test_keys_that_cannot_be_written_go_back(found: ExperimentConfig, problem: str) -> None:
    assert list(key_problems(found, DataSources())) == [problem]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (setting("x", 0.06, source="requirement", requirement="R2"), "its source does not state 0.06"),
        (setting("x", 0.05, source="requirement", requirement="R9"), "`R9` is not a requirement that the paper states"),
        (setting("x", 40, source="quote", quote="we train for 40 days"), "the paper does not say"),
        (setting("x", 41, source="quote", quote="We train for 40 epochs"), "its source does not state 41"),
        (setting("x", (40, 3), source="quote", quote="We train for 40 epochs"), "its source does not state 3"),
        (setting("x", 0, source="quote", quote="We train for 40 epochs"), "its source does not state 0"),
        (setting("x", 1, source="quote", quote=""), "the paper does not say"),
    ],
)
def test_a_value_that_its_source_does_not_state_is_assumed_in_the_end(value: ConfigValue, reason: str) -> None:
    model = Scripted({"config": config(value)})
    made = asyncio.run(design_config(make_agents(model), PAPER, PLAN, REQUIREMENTS, DataSources(), None, 0))
    assert reason in model.requests[1].text
    assert len(model.requests) == 2
    assert made.values[0] == value.model_copy(update={"source": "assumed"})


def test_an_assumed_requirement_states_nothing() -> None:
    assumed = Requirements(items=(requirement("R1", statement="The seed is 7.", status="assumed"),))
    value = setting("seed", 7, source="requirement", requirement="R1")
    assert proved(config(value), PAPER, assumed).values[0].source == "assumed"


@pytest.mark.parametrize(
    "value",
    [
        setting("x", 10_000, source="quote", quote="on 10,000 dots"),
        setting("x", (0.05, 16), source="quote", quote="a learning rate of 0.05 and a batch size of 16"),
        setting("x", "gradient descent", source="quote", quote="by gradient descent"),
        setting("x", value=True, source="quote", quote="with no bias"),
        setting("x", 0, source="quote", quote="with no bias"),
    ],
)
def test_a_value_that_the_paper_states_keeps_its_source(value: ConfigValue) -> None:
    assert proved(config(value), PAPER, REQUIREMENTS).values[0] == value
