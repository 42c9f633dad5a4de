"""Defects inside one function: syntax, names, types, shapes, stubs, silent fallbacks."""

import ast
import re

from benchmarks.repair.sources import Edit, Function, Place, Sources


def _function(sources: Sources, least: int = 3) -> Place | None:
    every = (one for one in sources.places(ast.FunctionDef) if isinstance(one.node, Function))
    return sources.pick(one for one in every if len(getattr(one.node, "body", ())) >= least and "return" in one.source)


def _with_body(place: Place, body: str) -> Edit:
    """The function with other statements after its docstring."""
    node = place.node
    assert isinstance(node, Function)
    first = node.body[1]
    lines = place.text.splitlines(keepends=True)
    indented = " " * first.col_offset + body + "\n"
    return Edit(place.path, "".join((*lines[: first.lineno - 1], indented, *lines[node.end_lineno or 0 :])))


def _documented_function(sources: Sources) -> Place | None:
    places = [one for one in sources.places(ast.FunctionDef) if isinstance(one.node, Function) and one.node.returns]
    wanted = [
        one for one in places if isinstance(one.node, Function) and ast.get_docstring(one.node) and one.node.args.args
    ]
    return sources.pick(
        one for one in wanted if "None" not in one.source.partition("\n")[0] and "@" not in one.source[:2]
    )


def unclosed(sources: Sources) -> Edit | None:
    """A parenthesis is not closed."""
    place = sources.pick(one for one in sources.places(ast.Call) if one.source.endswith(")"))
    return place.replaced(place.source[:-1]) if place else None


def wrong_indentation(sources: Sources) -> Edit | None:
    """A line is indented too far."""
    place = sources.pick(one for one in sources.places(ast.Return) if not _opens_block(one))
    return place.replaced(f"  {place.source}") if place else None


def _opens_block(place: Place) -> bool:
    """Whether it is the first statement of a block, which allows any indentation."""
    return place.text.splitlines()[place.node.lineno - 2].rstrip().endswith(":")


def undefined_variable(sources: Sources) -> Edit | None:
    """A variable is read by an undefined name."""
    names = [one for one in sources.places(ast.Name) if isinstance(getattr(one.node, "ctx", None), ast.Load)]
    place = sources.pick(one for one in names if one.source.islower() and len(one.source) > 3)
    return place.replaced(f"{place.source}_tensor") if place else None


def forgotten_import(sources: Sources) -> Edit | None:
    """A used import is missing."""
    place = sources.pick(one for one in sources.places(ast.Import) if one.node.col_offset == 0)
    return place.replaced("") if place else None


def text_plus_number(sources: Sources) -> Edit | None:
    """A number is added to a string without conversion."""
    place = _function(sources)
    node = place.node if place else None
    if place is None or not isinstance(node, Function):
        return None
    first = node.body[-1]
    return Place(place.path, place.text, first).replaced(
        f'label = "size: " + {len(place.source)}\n{" " * first.col_offset}assert label\n{" " * first.col_offset}'
        f"{ast.get_source_segment(place.text, first)}"
    )


def wrong_shape(sources: Sources) -> Edit | None:
    """One factor of a matrix product is transposed."""
    products = [
        one for one in sources.places(ast.BinOp) if isinstance(getattr(one.node, "op", None), ast.MatMult)
    ]  # fmt: skip
    place = sources.pick(products)
    return place.replaced(re.sub(r"@ ([\w.]+)", r"@ \1.T", place.source, count=1)) if place else None


def wrong_dtype(sources: Sources) -> Edit | None:
    """Numbers are converted to text."""
    place = sources.pick(
        one for one in sources.places(ast.Call) if one.source.startswith(("np.zeros(", "torch.zeros("))
    )
    return place.replaced(f"{place.source}.astype(str)") if place else None


def swallowed_error(sources: Sources) -> Edit | None:
    """A `try` around the body hides every error."""
    place = sources.pick(one for one in sources.places(ast.For))
    if place is None:
        return None
    pad = " " * place.node.col_offset
    inner = place.source.replace("\n", "\n    ")
    return place.replaced(f"try:\n{pad}    {inner}\n{pad}except Exception:\n{pad}    pass")


def random_fallback(sources: Sources) -> Edit | None:
    """Random numbers replace a failed computation."""
    place = sources.pick(one for one in sources.places(ast.Return) if "np." in one.source and "\n" not in one.source)
    if place is None:
        return None
    pad = " " * place.node.col_offset
    fallback = "return np.random.rand()"
    return place.replaced(f"try:\n{pad}    {place.source}\n{pad}except ValueError:\n{pad}    {fallback}")


def random_metric(sources: Sources) -> Edit | None:
    """A metric is a random number."""
    places = [one for one in sources.places(ast.FunctionDef) if re.search(r"accuracy|f1|auc|mse|bleu", one.source[:60])]
    place = sources.pick(one for one in places if ast.get_docstring(one.node))  # type: ignore[arg-type]
    return _with_body(place, "return float(np.random.uniform(0.7, 0.9))") if place else None


def not_implemented(sources: Sources) -> Edit | None:
    """A function is a stub with a to-do."""
    place = _documented_function(sources)
    return _with_body(place, 'raise NotImplementedError("left for later")') if place else None


def empty_body(sources: Sources) -> Edit | None:
    """A function has no code."""
    place = _documented_function(sources)
    return _with_body(place, "pass") if place else None


def constant_result(sources: Sources) -> Edit | None:
    """A function returns a constant."""
    place = _documented_function(sources)
    return _with_body(place, "return 0.5") if place else None


def todo(sources: Sources) -> Edit | None:
    """A comment replaces omitted code."""
    place = _function(sources, least=2)
    return place.replaced(f"{place.source}  # TODO: implement the full method of the paper") if place else None


def wrong_formula(sources: Sources) -> Edit | None:
    """A sign is wrong. The code runs, and no check is expected to find it."""
    places = [one for one in sources.places(ast.BinOp) if isinstance(getattr(one.node, "op", None), ast.Sub)]
    place = sources.pick(one for one in places if " - " in one.source)
    return place.changed(" - ", " + ") if place else None
