"""Diagrams as models write them; each case was held against mermaid 11."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts.base import without_fence
from papercoder.diagrams.mermaid import class_diagram_complaint, sequence_diagram_complaint

CLASSES = """\
%%{init: {'theme': 'neutral'}}%%
classDiagram
    direction LR
    class Config {
        +seed: int
        +load(path: str) Config$
    }
    class Dataset {
        <<abstract>>
        +x: ndarray %% (n, d)
        +split(n: int, seed: int) tuple~ndarray, ndarray~
    }
    class `src.model.Model` {
        -weights: list~ndarray~
        +forward(x: np.ndarray, scale: float | None = None) -> np.ndarray
        +fit(data: dict[str, Any], *args, **kwargs) None*
    }
    Dataset <|-- SyntheticDataset : inherits
    Config "1" --> "0..*" Dataset : configures
    Trainer *-- Model
    Trainer ..> Config : reads eq. (3)
    note for Trainer "eq. (3)"
"""
SEQUENCES = """\
sequenceDiagram
    autonumber
    participant main
    participant D as Data loader
    actor U as User
    U->>main: python main.py --config FILE
    main->>+D: load(config["data"], n=3)
    D-->>-main: X, y
    loop for seed in range(5)
        main->>model.py: fit(X, y)
        alt converged
            model.py-->>main: weights -> dict
        else not yet
            model.py->>model.py: step()
        end
        Note over main,D: same split
    end
    activate main
    main->>main: save results.json
    deactivate main
    par one
        main->>D: x
    and two
        main->>D: y
    end
"""


def test_what_models_draw_is_taken() -> None:
    assert class_diagram_complaint(CLASSES) is None
    assert sequence_diagram_complaint(SEQUENCES) is None


def test_a_brace_without_its_other_half_is_refused() -> None:
    lines = CLASSES.splitlines()
    for index, line in enumerate(lines):
        if line.strip() == "}" or line.endswith("{"):
            assert class_diagram_complaint("\n".join([*lines[:index], *lines[index + 1 :]])) is not None


def test_a_fence_around_a_diagram_is_left_out() -> None:
    assert without_fence("```mermaid\nclassDiagram\nclass A\n```\n") == "classDiagram\nclass A"
    assert without_fence("classDiagram\nclass A") == "classDiagram\nclass A"
    assert class_diagram_complaint(f"```mermaid\n{CLASSES}```") is None


@pytest.mark.parametrize(
    "line",
    [
        "class A",
        "class A {}",
        "class A { +x: int }",
        'class A["label"]',
        "class A~T~ {\n+items: list~T~\n}",
        "class A <<interface>>",
        "class src.model",
        "class Ä",
        "class A {\n+x: int\n\n+y: int;\n}",
        "class A {\nint x\nString y\n}",
        "class A {\n@staticmethod\n+f()\n--\n}",
        "namespace N {\nclass A {\n+x: int\n}\n}",
        "A : +int x",
        "A : foo()",
        "A <|-- B",
        "A --|> B : extends",
        "A..|>B",
        'A "1" --> "*" B : has',
        "A <--> B",
        "A o--o B",
        "A ()-- B",
        "A -- B",
        "A .. B",
        "A --> B~int~",
        'note "text"',
        "style A fill:#fff",
        "title A method",
    ],
)
def test_lines_of_class_diagrams_are_taken(line: str) -> None:
    assert class_diagram_complaint(f"classDiagram\n{line}") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "classDiagram",
        "classDiagram\n%% nothing",
        "graph TD\nA --> B",
        "sequenceDiagram\nA->>B: x",
        "classDiagram\nabstract class A",
        "classDiagram\nclass A;",
        "classDiagram\nA --> B;",
        "classDiagram\nA -> B",
        "classDiagram\nA => B",
        "classDiagram\nA -.-> B",
        "classDiagram\nA --|> B, C",
        "classDiagram\nA -- B : x : y",
        "classDiagram\nclass A, B",
        "classDiagram\nclass A {\n+x: int",
        "classDiagram\n}",
        "classDiagram\nclass A {\n+x: {int: str}\n}",
        "classDiagram\nclass A {\n+f() Dict{str}\n}",
        "classDiagram\nclass A\n{\n+x: int\n}",
        "classDiagram\nnote left of A : x",
        "classDiagram\nThis shows the classes.",
    ],
)
def test_what_is_no_class_diagram_is_refused(text: str) -> None:
    assert class_diagram_complaint(text) is not None


@pytest.mark.parametrize(
    "line",
    [
        *(f"A{arrow}B: x" for arrow in ("->>", "-->>", "->", "-->", "-x", "--x", "-)", "--)", "<<->>", "<<-->>")),
        "A ->> B : f(a, b): c",
        "A->>B:",
        "A->>A: self",
        "A->>B: f(x=1) -> y",
        "A->>B: x = {a: 1} # c",
        "A->>B: #35; x;",
        "main.py->>data-loader: x",
        "src/main.py->>B: x",
        "Data loader->>B: x",
        "Ä->>B: x",
        "loopback->>B: x",
        "optimizer->>parser: step",
        "participant main.py as Main",
        'participant A as Alice "the" (x)<br/>y',
        "participant A B",
        "create participant C\nA->>C: x",
        "Note right of A: x",
        "note over A,B: x",
        "opt x\nA->>B: y\nend",
        "critical x\nA->>B: y\noption z\nA->>B: k\nend",
        "rect rgb(0, 0, 0)\nloop x\nA->>B: x\nend\nend",
        "break x\nA->>B: y\nend",
        "title A method",
        "A->>B: x %% why",
        "A->>+B: x\nB-->>-A: y",
    ],
)
def test_lines_of_sequence_diagrams_are_taken(line: str) -> None:
    assert sequence_diagram_complaint(f"sequenceDiagram\n{line}") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A->>B: x",
        "classDiagram\nclass A",
        "sequenceDiagram\nA->>B",
        "sequenceDiagram\nA->>B x",
        "sequenceDiagram\nA=>>B: x",
        "sequenceDiagram\nA~>B: x",
        "sequenceDiagram\nA -- B: x",
        "sequenceDiagram\nA->>B: a; b",
        "sequenceDiagram\nA->>end: x",
        "sequenceDiagram\nA->>loop: x",
        "sequenceDiagram\nA,B->>C: x",
        "sequenceDiagram\nNote A: x",
        "sequenceDiagram\nNote over A,B,C: x",
        "sequenceDiagram\nloop x\nA->>B: y",
        "sequenceDiagram\nend",
        "sequenceDiagram\nelse x",
        "sequenceDiagram\nloop x\nand y\nend",
        "sequenceDiagram\nloop 3 times; x\nA->>B: x\nend",
        "sequenceDiagram\ndeactivate A",
        "sequenceDiagram\nA->>B: x\nB-->>-A: y",
        "sequenceDiagram\nThen the model is trained.",
    ],
)
def test_what_is_no_sequence_diagram_is_refused(text: str) -> None:
    assert sequence_diagram_complaint(text) is not None


def test_the_complaint_names_the_line() -> None:
    assert "at `A => B`" in (class_diagram_complaint("classDiagram\nclass A\nA => B") or "")
    assert "`loop` without `end`" in (sequence_diagram_complaint("sequenceDiagram\nloop x") or "")
    assert "`B`, which is not active" in (sequence_diagram_complaint("sequenceDiagram\nB-->>-A: y") or "")


@given(st.text() | st.text(st.sampled_from(list('AB->:{}~"`<|.*;#%+ \nend()')), max_size=80))
def test_reading_a_diagram_never_fails(text: str) -> None:
    for head in ("", "classDiagram\n", "sequenceDiagram\n"):
        assert isinstance(class_diagram_complaint(head + text), str | None)
        assert isinstance(sequence_diagram_complaint(head + text), str | None)
