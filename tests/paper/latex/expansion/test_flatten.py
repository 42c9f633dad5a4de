""""""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.paper.files import Memory
from papercoder.paper.latex.expansion import Flattened, flatten
from papercoder.paper.latex.expansion.expander import Sources
from papercoder.paper.latex.tokens import join


def flattened(source: str, **files: str) -> Flattened:
    beside = {name.replace("_", "."): text.encode() for name, text in files.items()}
    return flatten(Sources(Memory({"main.tex": source.encode(), **beside}, "the test"), "main.tex"))


def flat(source: str, **files: str) -> str:
    return join(flattened(source, **files).tokens)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\newcommand{\x}{y}a \x b", "a yb"),
        (r"\newcommand{\x}{y\xspace}a \x b", r"a y\xspace b"),
        (r"\newcommand\pair[2]{(#1,#2)}\pair{a}{b}", "(a,b)"),
        (r"\newcommand{\opt}[2][z]{#1#2}\opt{a}\opt[q]{b}", "zaqb"),
        (r"\def\half#1{\frac{#1}{2}}$\half x$", r"$\frac{x}{2}$"),
        (r"\def\be{\begin{equation}}\def\ee{\end{equation}}\be a\ee", r"\begin{equation}a\end{equation}"),
        (r"\DeclareMathOperator*{\argmin}{arg\,min}$\argmin_x$", r"$\operatorname*{arg\,min}_x$"),
        (r"\let\eps=\varepsilon$\eps$", r"$\varepsilon$"),
        (r"\newcommand{\a}{\alpha}$\a x$", r"$\alpha x$"),
        (r"\newenvironment{eq}{\begin{align}}{\end{align}}\begin{eq}a\end{eq}", r"\begin{align}a\end{align}"),
        (r"\iffalse gone \else kept\fi!", r"kept!"),
        (r"\iffalse gone \iftrue too \fi gone\fi kept", "kept"),
        (r"\newif\iflong\longtrue\iflong yes\else no\fi", "yes"),
        (r"\newif\iflong\iflong yes\else no\fi", "no"),
        (r"$a \iff b$", r"$a \iff b$"),
    ],
)
def test_expansion(source: str, expected: str) -> None:
    assert flat(source) == expected


def test_what_the_reader_knows_keeps_its_meaning() -> None:
    assert flat(r"\renewcommand{\section}[1]{boo}\section{Hi}") == r"\section{Hi}"


def test_a_wrapped_command_keeps_its_own_meaning() -> None:
    source = r"\let\olding\ding\renewcommand{\ding}[1]{\small{\olding{#1}}}\ding{51}"
    assert flat(source) == r"\small{\ding{51}}"


def test_included_files_stand_in_place() -> None:
    assert flat(r"a \input{one} b \include{two.tex}", one_tex="1", two_tex=r"2\endinput 3") == "a 1 b 2"


def test_a_cycle_ends() -> None:
    assert flat(r"x\input{main}y") == "xy"


def test_missing_files_are_reported() -> None:
    (loss,) = flattened(r"\input{gone}\input{../../etc/passwd}").losses
    assert loss.kind == "missing_file"
    assert "gone" in loss.message


def test_files_within_the_source_are_carried() -> None:
    source = "\\begin{filecontents}{refs.bib}\n@book{a,}\n\\end{filecontents}text"
    sources = Sources(Memory({"main.tex": source.encode()}, "the test"), "main.tex")
    assert join(flatten(sources).tokens) == "text"
    assert sources.text("refs.bib") == "\n@book{a,}\n"


def test_macros_of_a_style_file_beside_the_paper() -> None:
    assert flat(r"\usepackage{mine}$\R$", mine_sty=r"\newcommand{\R}{\mathbb{R}}") == r"$\mathbb{R}$"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "source",
    [
        r"\def\x{\x\x}\x",
        r"\newcommand{\x}[1]{\x{#1#1}}\x{a}",
        "".join(rf"\def\a{chr(97 + i)}{{\a{chr(98 + i)}\a{chr(98 + i)}}}" for i in range(25)) + r"\aa",
        r"\newcommand{\x}{" * 3_000,
        r"\newenvironment{q}{\begin{q}}{\end{q}}\begin{q}\end{q}",
        r"\def\x{a}" + r"\appto\x{\x\x}" * 40 + r"\x",
        r"\def\x{aaaaaaaa}" + r"\edef\x{\x\x}" * 40 + r"\x",
        r"\loop a\iftrue\repeat",
        r"\expandafter" * 5_000,
        r"\csname " * 5_000,
        r"\ifnum" * 5_000,
        r"\ifnum\numexpr" + "(" * 5_000 + "1>0 a\\fi",
        r"\ifnum" + r"\count" * 5_000 + "1>0 a\\fi",
        r"\def\x#1\end{#1}" + r"\x" * 5_000,
        r"\num{" * 5_000,
        r"\usepackage{a}" * 5_000,
    ],
)
def test_definitions_without_end_end(source: str) -> None:
    assert len(flattened(source).tokens) < 5_000_000


@given(st.text(alphabet="\\{}[]#1 xdefnewcommandiffalse\n", max_size=80))
def test_any_text_flattens(source: str) -> None:
    flat(r"\newcommand{\x}[1]{#1}" + source)


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
