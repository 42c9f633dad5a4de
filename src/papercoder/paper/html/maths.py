"""Every form in which a page carries formulas, turned into `math` elements with their LaTeX in `alttext`."""

import re

from lxml import html

from papercoder.paper.markup import Tag, classes_of, fragment, tidy
from papercoder.paper.mathml import tex_of
from papercoder.paper.names import names

_RENDERED = names(
    """
    MathJax_Preview MathJax_Display MathJax MathJax_CHTML MathJax_SVG MathJax_SVG_Display MJXc-display katex-html
    mwe-math-fallback-image-inline mwe-math-fallback-image-display
    """
)
"""Classes of what a script drew, beside the source that it drew it from."""

_DELIMITED = re.compile(r"\s*(?:\\\((.*)\\\)|\\\[(.*)\\\]|\$\$(.*)\$\$|\$(.*)\$)\s*", re.DOTALL)
_TEX_CLASSES = names("math arithmatex tex ltx_Math MathTeX mathjax-latex")


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
