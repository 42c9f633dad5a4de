"""Requirements and interfaces as the lines in which agents read them."""

from collections.abc import Iterable

from papercoder.artifacts import Claim, FileLogic, Requirement, SourceFile


def requirement_lines(requirements: Iterable[Requirement]) -> str:
    """One line a requirement; empty where there are none."""
    return "\n".join(f"- {requirement_line(item)}" for item in requirements)


def requirement_line(item: Requirement) -> str:
    """`R3 (method, stated): what [eq:2] "the paper's words"`."""
    quote = f' "{item.quote}"' if item.quote else ""
    others = f" Alternatives: {'; '.join(item.alternatives)}." if item.alternatives else ""
    return f"{item.id} ({item.kind}, {item.status}): {item.statement} [{item.anchor}]{quote}{others}"


def claim_lines(claims: Iterable[Claim]) -> str:
    """One line a claim; empty where there are none."""
    return "\n".join(map(_claim_line, claims))


def _claim_line(claim: Claim) -> str:
    return f"- {claim.id} [{claim.anchor}]: {claim.experiment}; {claim.method}; {claim.dataset}; {claim.metric}"


def file_logic(file: FileLogic) -> str:
    """A file's logic design as Markdown."""
    imports = [f"- from `{item.path}`: {', '.join(f'`{name}`' for name in item.names)}" for item in file.imports]
    return "\n".join(
        [file.implements, "", "Imports:", *(imports or ["- nothing of the repository"]), "", interface(file)]
    )


def interfaces(files: Iterable[FileLogic]) -> str:
    """Several files' public interfaces."""
    return "\n\n".join(map(interface, files)) or "There are none."


def interface(file: FileLogic) -> str:
    """A file's public interface as Python signatures."""
    signatures = "\n".join(file.signatures) or "# nothing public"
    return f"Interface of `{file.path}`:\n\n```python\n{signatures}\n```"


def python_code(file: SourceFile) -> str:
    """A Python file under its name; the fence is longer than those that its strings may hold."""
    return f"`{file.path}`:\n\n````python\n{file.text}````"


def numbered_code(file: SourceFile) -> str:
    """A file with its lines' numbers, as evidence names them."""
    lines = "\n".join(f"{number:4} {line}" for number, line in enumerate(file.text.splitlines(), 1))
    return f"`{file.path}`:\n\n````\n{lines}\n````"
