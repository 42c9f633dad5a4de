"""Requirements, claims, interfaces and code as text for prompts."""

from collections.abc import Iterable

from papercoder.artifacts import Claim, FileLogic, Requirement, SourceFile


def requirement_lines(requirements: Iterable[Requirement]) -> str:
    """One line for each requirement; empty if there are none."""
    return "\n".join(f"- {requirement_line(item)}" for item in requirements)


def requirement_line(item: Requirement) -> str:
    """`R3 (method, stated): statement [eq:2] "quote"`."""
    quote = f' "{item.quote}"' if item.quote else ""
    others = f" Alternatives: {'; '.join(item.alternatives)}." if item.alternatives else ""
    return f"{item.id} ({item.kind}, {item.status}): {item.statement} [{item.anchor}]{quote}{others}"


def claim_lines(claims: Iterable[Claim]) -> str:
    """One line for each claim; empty if there are none."""
    return "\n".join(map(_claim_line, claims))


def _claim_line(claim: Claim) -> str:
    return f"- {claim.id} [{claim.anchor}]: {claim.experiment}; {claim.method}; {claim.dataset}; {claim.metric}"


def file_logic(file: FileLogic) -> str:
    """A file's logic design as Markdown."""
    imports = [f"- from `{item.path}`: {', '.join(f'`{name}`' for name in item.names)}" for item in file.imports]
    return "\n".join(
        [file.implements, "", "Imports:", *(imports or ["- nothing from the repository"]), "", interface(file)]
    )


def interfaces(files: Iterable[FileLogic]) -> str:
    """The public interfaces of several files."""
    return "\n\n".join(map(interface, files)) or "None."


def interface(file: FileLogic) -> str:
    """A file's public interface as Python signatures."""
    signatures = "\n".join(file.signatures) or "# nothing public"
    return f"Interface of `{file.path}`:\n\n```python\n{signatures}\n```"


def python_code(file: SourceFile) -> str:
    """A Python file with its path; the fence is longer than fences in its strings."""
    return f"`{file.path}`:\n\n````python\n{file.text}````"


def numbered_code(file: SourceFile) -> str:
    """A file with line numbers, which evidence cites."""
    lines = "\n".join(f"{number:4} {line}" for number, line in enumerate(file.text.splitlines(), 1))
    return f"`{file.path}`:\n\n````\n{lines}\n````"
