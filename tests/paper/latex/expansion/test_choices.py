""""""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.paper.latex.expansion.test_flatten import flat, flattened

PREAMBLE = r"""
\newtoggle{long}\toggletrue{long}\newbool{bb}\booltrue{bb}\newboolean{cc}\def\empt{}\def\foo{foo}\let\foob\foo
\newcounter{ctr}\setcounter{ctr}{3}\newcommand{\yesno}[2]{\ifthenelse{\equal{#1}{#2}}{Y}{N}}"""


def branch(source: str) -> str:
    return flat(PREAMBLE + f"«{source}»").partition("«")[2].rpartition("»")[0]


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (r"\iftoggle{long}", "A"),
        (r"\nottoggle{long}", "B"),
        (r"\ifbool{bb}", "A"),
        (r"\notbool{bb}", "B"),
        (r"\ifdef{\foo}", "A"),
        (r"\ifdef{\nofoo}", "B"),
        (r"\ifundef\foo", "B"),
        (r"\ifcsdef{foo}", "A"),
        (r"\ifcsundef{nofoo}", "A"),
        (r"\ifdefempty{\empt}", "A"),
        (r"\ifdefempty{\foo}", "B"),
        (r"\ifdefvoid{\nofoo}", "A"),
        (r"\ifdefmacro{\foo}", "A"),
        (r"\ifdefstring{\foo}{foo}", "A"),
        (r"\ifcsstring{foo}{bar}", "B"),
        (r"\ifdefequal{\foo}{\foob}", "A"),
        (r"\ifdefequal{\foo}{\empt}", "B"),
        (r"\ifstrequal{a}{a}", "A"),
        (r"\ifstrequal{a}{b}", "B"),
        (r"\ifstrempty{}", "A"),
        (r"\ifblank{ }", "A"),
        (r"\notblank{x}", "A"),
        (r"\ifnumcomp{3}{>}{2}", "A"),
        (r"\ifnumequal{3}{2+1}", "A"),
        (r"\ifnumgreater{\value{ctr}}{7}", "B"),
        (r"\ifnumless{1+1}{3}", "A"),
        (r"\ifnumodd{3}", "A"),
        (r"\ifdimcomp{1pt}{<}{2pt}", "A"),
        (r"\ifdimgreater{1pt}{2pt}", "B"),
        (r"\ifboolexpr{ bool {bb} and ( toggle {long} or bool {cc} ) }", "A"),
        (r"\ifboolexpr{ test {\ifnumless{1}{2}} and not test {\ifstrequal{a}{a}} }", "B"),
        (r"\ifthenelse{\equal{a}{b}}", "B"),
        (r"\ifthenelse{\boolean{bb} \and \boolean{cc}}", "B"),
        (r"\ifthenelse{\boolean{bb} \OR \boolean{cc}}", "A"),
        (r"\ifthenelse{\NOT \boolean{cc}}", "A"),
        (r"\ifthenelse{3 > 2}", "A"),
        (r"\ifthenelse{\value{ctr} = 3}", "A"),
        (r"\ifthenelse{\isodd{4}}", "B"),
        (r"\ifthenelse{\isundefined{\nofoo}}", "A"),
        (r"\ifthenelse{\lengthtest{1pt < 2pt}}", "A"),
        (r"\ifthenelse{\isempty{ }}", "A"),
        (r"\ifthenelse{\( 1 < 2 \or 3 < 2 \) \and \not 1 = 2}", "A"),
        (r"\IfStrEq{a}{a}", "A"),
        (r"\IfSubStr{abc}{bc}", "A"),
        (r"\IfBeginWith{abc}{bc}", "B"),
        (r"\IfInteger{12}", "A"),
    ],
)
def test_tests_with_two_branches(test: str, expected: str) -> None:
    assert branch(test + "{A}{B}") == expected


def test_a_test_within_a_macro() -> None:
    assert branch(r"\yesno{a}{a}\yesno{a}{b}") == "YN"


def test_switches_keep_to_their_group() -> None:
    assert branch(r"{\togglefalse{long}\iftoggle{long}{A}{B}}\iftoggle{long}{A}{B}") == "{B}A"
    assert branch(r"\settoggle{long}{false}\setbool{cc}{true}\iftoggle{long}{A}{B}\ifcc A\else B\fi") == "BA"


def test_stars_and_options_that_a_macro_looks_for() -> None:
    source = r"\def\opt{\@ifnextchar[{\opta}{\optb}}\def\opta[#1]{A#1}\def\optb{B}\def\st{\@ifstar{S}{N}}"
    assert branch(source + r"\opt[x]\opt y\st*\st x") == "AxByS" + "Nx"


def test_packages_and_undefined_names() -> None:
    source = r"\usepackage{loaded}\makeatletter\@ifpackageloaded{loaded}{A}{B}\@ifundefined{nofoo}{A}{B}"
    assert flat(source).endswith("AA")


def test_a_test_that_cannot_be_decided_keeps_both_branches() -> None:
    result = flattened(r"\iftoggle{of the class}{A}{B}\ifnumless{\value{page}}{3}{C}{D}")
    assert "".join(result.tokens).split() == ["A", "BC", "D"]
    assert "\\iftoggle, \\ifnumless" in result.losses[0].message


@given(st.text(alphabet="{}\\()<=>12 andotrequlb", max_size=30))
def test_any_expression_ends(expression: str) -> None:
    flat(rf"\ifthenelse{{{expression}}}{{A}}{{B}}\ifboolexpr{{{expression}}}{{A}}{{B}}")
