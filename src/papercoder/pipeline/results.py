"""Results in the repository: what was measured becomes `results.json`, `results.md` and a section of the README."""

from typing import Any

from papercoder.artifacts import Paper
from papercoder.artifacts.design import Design
from papercoder.artifacts.reproduction import Reproduction, ReproductionOptions
from papercoder.pipeline.publisher import Files, Publisher
from papercoder.pipeline.reproduction import recall
from papercoder.repository.traceability import trace
from papercoder.runs.run import Run
from papercoder.stages import packaging


async def add_results(
    run: Run[Any],
    paper: Paper,
    design: Design,
    files: Files,
    options: ReproductionOptions,
    found: Reproduction,
    publish: Publisher,
) -> Files:
    """Write what the trials measured into the repository; nothing if none has a result.

    Raises:
        ReproductionError: the repository lists no trials, or its packages cannot be installed.
        RunFolderError: the repository cannot be written.
    """
    if not found.measured:
        return ()
    _, trials = await recall(run, files, design.config.values, options)
    text = f"{packaging.conditions(trials)}\n\n{packaging.results_table(found.claims)}"
    code = tuple(file for file in files if file.path.endswith(".py"))
    documents = packaging.documents(paper, design, trace(design.requirements, design.architecture, code), text)
    readme = tuple(file for file in documents if file.path == "README.md")
    return await publish((*packaging.result_files(found.claims, trials), *readme), "Reproduction: results")
