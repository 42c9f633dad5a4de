"""Formulas of web pages: finds them in MathML and other forms, and turns MathML into LaTeX."""

import re
import unicodedata
from collections.abc import Sequence

from lxml import html

from papercoder.paper.markup import Tag, classes_of, depth_of, fragment, tidy

_SIGNS = "∑∏∫∮∈∉∋≤≥≠≪≫×⋅·∗→←↦⇒⇔⟶∞∂∇∼≈≃≅≡±∓∥∣⟨⟩⌊⌋⌈⌉∀∃∪∩⊂⊆⊃⊇∖∅∝∘⊙⊗⊕⊤⊥∧∨¬√…⋯⋮⋱ℓℏ′†"
_SIGN_NAMES = """
    sum prod int oint in notin ni leq geq neq ll gg times cdot cdot ast to leftarrow mapsto Rightarrow Leftrightarrow
    longrightarrow infty partial nabla sim approx simeq cong equiv pm mp | mid langle rangle lfloor rfloor lceil rceil
    forall exists cup cap subset subseteq supset supseteq setminus emptyset propto circ odot otimes oplus top bot wedge
    vee neg surd ldots cdots vdots ddots ell hbar prime dagger
"""
_COMMANDS = dict(zip(_SIGNS, _SIGN_NAMES.split(), strict=True))
_FUNCTIONS = frozenset(
    """
    arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf limsup ln log max min
    Pr sec sin sinh sup tan tanh
    """.split()
)
_ACCENTS = {
    "^": "hat",
    "ˆ": "hat",
    "~": "tilde",
    "˜": "tilde",
    "∼": "tilde",
    "¯": "bar",
    "‾": "bar",
    "―": "overline",
    "_": "bar",
    "→": "vec",
    "⃗": "vec",
    "˙": "dot",
    ".": "dot",
    "¨": "ddot",
    "⏞": "overbrace",
    "⏟": "underbrace",
}
_VARIANTS = {
    "bold": "mathbf",
    "bold-italic": "boldsymbol",
    "double-struck": "mathbb",
    "script": "mathcal",
    "bold-script": "mathcal",
    "fraktur": "mathfrak",
    "sans-serif": "mathsf",
    "monospace": "mathtt",
}
_STYLED = {
    "DOUBLE-STRUCK": "mathbb",
    "BOLD SCRIPT": "mathcal",
    "SCRIPT": "mathcal",
    "FRAKTUR": "mathfrak",
    "BOLD": "mathbf",
    "SANS-SERIF": "mathsf",
    "MONOSPACE": "mathtt",
}
_LEAVES = frozenset("mi mn mo mtext ms".split())
_SILENT = frozenset("annotation annotation-xml mphantom none mprescripts mspace".split())
_SCRIPTS = {
    "msub": "_",
    "msup": "^",
    "msubsup": "_^",
    "munder": "_",
    "mover": "^",
    "munderover": "_^",
}
_DEEPEST = 50
"""Levels of elements; a deeper formula reads as its characters."""

_INVISIBLE = re.compile("[\u2061-\u2064\u200b\u200a\ufeff]")


def tex_of(math: Tag) -> str:
    """The LaTeX of a `math` element: its own annotation if it has one, else its elements converted."""
    for annotation in math.iter():
        if _name(annotation) == "annotation" and "tex" in (annotation.get("encoding") or "").lower():
            return tidy(annotation.text or "")
    if depth_of(math) > _DEEPEST:
        return tidy("".join(math.itertext()))
    return tidy(_row(list(math)) or _text(math.text or ""))


def _name(tag: Tag) -> str:
    return re.split("[:}]", tag.tag)[-1].lower() if isinstance(tag.tag, str) else ""


def _row(tags: Sequence[Tag]) -> str:
    return tidy(" ".join(filter(None, map(_tex, tags))))


def _tex(tag: Tag) -> str:
    name, children = _name(tag), [child for child in tag if isinstance(child.tag, str)]
    if name in _LEAVES:
        return _leaf(name, "".join(tag.itertext()), tag.get("mathvariant") or "")
    if name in _SCRIPTS:
        return _scripts(_SCRIPTS[name], children)
    if name in _SILENT:
        return ""
    if name == "mfenced":
        inside = f" {(tag.get('separators') or ',')[:1]} ".join(map(_tex, children))
        return f"{_text(tag.get('open') or '(')} {inside} {_text(tag.get('close') or ')')}"
    if name == "mtable":
        return "\\begin{matrix} " + " \\\\ ".join(map(_table_row, children)) + " \\end{matrix}"
    return _composed(name, children) or _text(tag.text or "")


def _composed(name: str, children: Sequence[Tag]) -> str:
    if name == "mfrac" and len(children) == 2:
        return f"\\frac{{{_tex(children[0])}}}{{{_tex(children[1])}}}"
    if name == "mroot" and len(children) == 2:
        return f"\\sqrt[{_tex(children[1])}]{{{_tex(children[0])}}}"
    if name == "msqrt":
        return f"\\sqrt{{{_row(children)}}}"
    return _row(children[:1] if name == "semantics" else children)


def _table_row(tag: Tag) -> str:
    return " & ".join(_row(list(cell)) for cell in tag if _name(cell) == "mtd")


def _scripts(signs: str, children: Sequence[Tag]) -> str:
    if len(children) != len(signs) + 1:
        return _row(children)
    base, scripts = _tex(children[0]), [_tex(child) for child in children[1:]]
    accent = "".join(children[-1].itertext()).strip() if _name(children[-1]) == "mo" else ""
    is_stacked = _name(children[0].getparent()) in ("mover", "munder")
    if is_stacked and len(signs) == 1 and accent in _ACCENTS:
        command = "underline" if signs == "_" and _ACCENTS[accent] == "bar" else _ACCENTS[accent]
        return f"\\{command}{{{base}}}"
    grouped = base if len(base) == 1 or re.fullmatch(r"\\[A-Za-z]+(?:\{[^{}]*\})?|[()|\[\]]", base) else f"{{{base}}}"
    return (grouped or "{}") + "".join(
        f"{sign}{{{script}}}" for sign, script in zip(signs, scripts, strict=True) if script
    )


def _leaf(name: str, text: str, variant: str) -> str:
    text = tidy(_INVISIBLE.sub("", text))
    if not text:
        return ""
    if name in ("mtext", "ms"):
        return f"\\text{{{text}}}" if any(map(str.isalpha, text)) else text
    if text in _FUNCTIONS and name in ("mi", "mo"):
        return f"\\{text}"
    command = _VARIANTS.get(variant, "")
    if not command and name in ("mi", "mo") and len(text) > 1 and text.isalpha():
        command = "mathrm"
    return f"\\{command}{{{_text(text)}}}" if command else _text(text)


def _text(text: str) -> str:
    return tidy("".join(map(_sign, text)))


def _sign(sign: str) -> str:
    """A character as LaTeX; Greek and styled letters by their Unicode names."""
    if sign in _COMMANDS:
        return f"\\{_COMMANDS[sign]} "
    if sign in "{}%#&_$":
        return f"\\{sign}"
    if sign == "−":
        return "-"
    name = unicodedata.name(sign, "")
    if greek := re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", name):
        letter = "lambda" if greek[2] == "LAMDA" else greek[2].lower()
        return f"\\{letter if greek[1] == 'SMALL' else letter.capitalize()} "
    plain = unicodedata.normalize("NFKC", sign)
    if name.startswith(("MATHEMATICAL ", "DOUBLE-STRUCK", "SCRIPT ")) and plain != sign and len(plain) == 1:
        style = next((command for words, command in _STYLED.items() if words in name), "")
        return f"\\{style}{{{_sign(plain).strip()}}}" if style else _sign(plain)
    return sign


_RENDERED = frozenset(
    """
    MathJax_Preview MathJax_Display MathJax MathJax_CHTML MathJax_SVG MathJax_SVG_Display MJXc-display katex-html
    mwe-math-fallback-image-inline mwe-math-fallback-image-display
    """.split()
)
"""Classes of elements that a script has rendered; the LaTeX is next to them."""

_DELIMITED = re.compile(r"\s*(?:\\\((.*)\\\)|\\\[(.*)\\\]|\$\$(.*)\$\$|\$(.*)\$)\s*", re.DOTALL)
_TEX_CLASSES = frozenset("math arithmatex tex ltx_Math MathTeX mathjax-latex".split())


def normalize_maths(root: Tag) -> None:
    """Replace scripts, rendered formulas and pictures of formulas by `math` elements, in place."""
    for script in list(root.iter("script")):
        if (kind := (script.get("type") or "").lower()).startswith("math/"):
            _replace(script, _from_script(script, kind))
    for tag in list(root.iter("mjx-container", "span", "div", "img")):
        if tag.getparent() is not None and (formula := _from_tag(tag)) is not None:
            _replace(tag, formula)
    for tag in list(root.iter("span", "div", "img", "mjx-container")):
        if tag.getparent() is not None and classes_of(tag) & _RENDERED:
            _remove(tag)


def tex(maths: Tag) -> str:
    """A formula's LaTeX."""
    source = maths.get("alttext") or tex_of(maths)
    return tidy(source.replace("%\n", ""))


def _from_script(script: Tag, kind: str) -> Tag:
    if "mml" not in kind:
        return _formula(script.text or "", is_block="mode=display" in kind.replace(" ", ""))
    found = fragment(script.text or "", "math")
    return found if found is not None else _formula("", is_block=False)


def _from_tag(tag: Tag) -> Tag | None:
    """The formula of an element that is one, in any other form than a script's or a plain `math`."""
    classes = classes_of(tag)
    if tag.tag == "img":
        return _from_picture(tag) if classes & {"ltx_Math", "math", "tex", "mwe-math-fallback-image-inline"} else None
    if tag.tag == "mjx-container" or (classes & {"katex", "mwe-math-element"}):
        found = next(tag.iter("math"), None)
        if found is None:
            return None
        is_block = tag.get("display") == "true" or "katex-display" in classes_of(tag.getparent())
        return _formula(tex(found), is_block=is_block or found.get("display") == "block")
    if "MathJax" in classes and tag.get("data-mathml") and not _has_source(tag):
        return fragment(tag.get("data-mathml"), "math")
    if classes & _TEX_CLASSES and not tag.xpath("boolean(.//math)"):
        match = _DELIMITED.fullmatch("".join(tag.itertext()))
        if match:
            source = next(part for part in match.groups() if part is not None)
            return _formula(source, is_block="display" in classes or match[2] is not None or match[3] is not None)
        return _formula("".join(tag.itertext()), is_block=False) if classes & {"ltx_Math", "MathTeX"} else None
    return None


def _from_picture(picture: Tag) -> Tag | None:
    if picture.getparent() is not None and picture.getparent().xpath("boolean(.//math)"):
        return None
    match = _DELIMITED.fullmatch(picture.get("alt") or "")
    source = next((part for part in match.groups() if part is not None), "") if match else picture.get("alt") or ""
    return _formula(source, is_block=False) if source else None


def _has_source(rendered: Tag) -> bool:
    """Whether the formula's source follows what MathJax drew from it; it became a `math` element before."""
    following = (tag for tag in rendered.itersiblings() if isinstance(tag.tag, str))
    return getattr(next(following, None), "tag", "") == "math"


def _formula(source: str, *, is_block: bool) -> Tag:
    return html.Element("math", alttext=tidy(source), display="block" if is_block else "inline")


def _replace(old: Tag, new: Tag) -> None:
    new.tail = old.tail
    old.getparent().replace(old, new)


def _remove(tag: Tag) -> None:
    parent, before = tag.getparent(), tag.getprevious()
    if tag.tail and before is not None:
        before.tail = (before.tail or "") + tag.tail
    elif tag.tail:
        parent.text = (parent.text or "") + tag.tail
    parent.remove(tag)
