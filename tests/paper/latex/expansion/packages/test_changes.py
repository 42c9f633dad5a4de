import pytest

from tests.paper.latex.expansion.test_flatten import flat, flattened


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"rate \DIFdelbegin \DIFdel{0.1 }\DIFdelend \DIFadd{0.01}", r"rate \DIFdelbegin \DIFdelend 0.01"),
        (r"\sout{old 0.5} new, \st{gone}, \xout{x}", " new, , "),
        (r"\deleted[id=a]{old}\added[id=b]{new}\replaced{right}{wrong}", "newright"),
        (r"\cancel{old}$\cancel{x}$", r"$\cancel{x}$"),
        (r"\usepackage{trackchanges}\add[me]{new}\remove{old}\change[me]{old}{new}", "newnew"),
        (r"\add{a}\change{b}", r"\add{a}\change{b}"),
        (r"\edit1{new}", "{new}"),
        (r"\newcommand{\st}{\text{s.t.}}$a \st b$", r"$a \text{s.t.}b$"),
        (r"\newcommand{\del}[1]{\textcolor{red}{\sout{#1}}}\del{old}", r"\textcolor{red}{}"),
    ],
)
def test_struck_text_is_left_out(source: str, expected: str) -> None:
    assert flat(source).removeprefix(r"\usepackage{trackchanges}") == expected


def test_latexdiff_keeps_its_meaning_despite_the_preamble() -> None:
    source = r"\providecommand{\DIFdel}[1]{{\color{red}\scriptsize #1}}\providecommand{\DIFadd}[1]{#1}"
    assert flat(source + r"\DIFdel{0.1}\DIFadd{0.2}") == "0.2"


def test_what_was_left_out_is_quoted() -> None:
    (loss,) = flattened(r"\sout{old 0.5} \DIFdel{}\st{gone}").losses
    assert loss.message == "2 struck-out passages were left out: “old 0.5”, “gone”."
