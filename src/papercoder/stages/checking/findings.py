"""The two ways to say that something is wrong."""

from papercoder.artifacts.checking import Finding


def error(check: str, path: str, line: int, message: str, advice: str) -> Finding:
    """It fails when the code runs, or makes up what it reports."""
    return Finding(check=check, severity="error", path=path, line=line, message=message, advice=advice)


def warning(check: str, path: str, line: int, message: str, advice: str) -> Finding:
    """It wants a second look."""
    return Finding(check=check, severity="warning", path=path, line=line, message=message, advice=advice)
