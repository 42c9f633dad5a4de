"""Diagrams that tests render."""

CLASSES = """\
classDiagram
    class Main {
        +main(argv: list~str~) int
    }
    class Trainer {
        -model: Denoiser
        +train(data: Dataset, steps: int) Log
    }
    class Denoiser {
        <<abstract>>
        +forward(x: Tensor) Tensor*
        +load(path: Path) Denoiser$
    }
    class Dataset:::wide
    class `Odd.Name`["A printed name"]
    Main --> Trainer : builds
    Trainer "1" *-- "1..*" Denoiser : owns
    MLP --|> Denoiser
    Trainer ..> Dataset
    MLP o-- Layer
    Layer <-- MLP : knows
    Layer --> Layer : next
    Dataset : +int size
    <<interface>> Dataset
    note for MLP "three layers"
    note "for the paper"
    %% a comment
    direction LR
"""

SEQUENCE = """\
sequenceDiagram
    autonumber
    title A run
    actor U as User
    participant M as main.py
    box Extra
        participant T
    end
    U->>M: start
    M->>+T: train(data)
    loop every step
        T->>T: step
        alt diverged
            T--xM: stop
        else fine
            T-->>M: loss<br/>and rate
        end
    end
    T-->>-M: log
    activate M
    Note over M,T: results.json
    note right of T: it holds the model
    Note left of U: waits
    deactivate M
    M-)U: done
    rect rgb(240, 240, 255)
        M<<->>T: both
    end
"""
