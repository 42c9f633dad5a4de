import pytest

from tests.paper.latex.expansion.test_flatten import flat

PREAMBLE = r"""
\NewDocumentCommand{\va}{m O{x} o}{#1-#2-\IfNoValueTF{#3}{none}{#3}}
\NewDocumentCommand\vb{s t+ m}{\IfBooleanTF{#1}{star}{plain}\IfBooleanT{#2}{plus}\IfBooleanF{#2}{-}#3}
\DeclareDocumentCommand\vc{d() D<>{def} r[] }{\IfValueTF{#1}{#1}{no}|#2|#3}
\NewDocumentCommand{\vd}{g e{^_}}{\IfNoValueTF{#1}{none}{#1}\IfValueT{#2}{sup#2}\IfValueF{#3}{nosub}}
\NewExpandableDocumentCommand\ve{+m G{g}}{#1#2}\ProvideDocumentCommand\ve{m}{other}
\RenewDocumentCommand\vf{>{\TrimSpaces} m u.}{#1:#2}
\NewDocumentCommand\vg{m}{\IfBlankTF{#1}{blank}{#1}}
\NewDocumentCommand{\vh}{m E{^_}{{t}i}}{#1(#2,#3)}\NewDocumentCommand\vi{E{_^}{{n}} m}{#1\IfValueT{#2}{#2}#3}
\NewDocumentEnvironment{myenv}{O{opt} m}{begin #1 #2 }{ end #2}"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\va{a}\va{a}[b]\va{a}[b][c]", "a-x-nonea-b-nonea-b-c"),
        (r"\vb{a}\vb*{a}\vb+{a}\vb*+{a}", "plain-astar-aplainplusastarplusa"),
        (r"\vc[r]\vc(p)<q>[r]", "no|def|rp|q|r"),
        (r"\vc((a)(b))[r]", "(a)(b)|def|r"),
        (r"\vd\vd{a}^{2}_{i}", "nonenosubasup2"),
        (r"\vh{a}\vh{b}^2\vh{c}_{j}\vh{d}_k^{3}", "a(t,i)b(2,i)c(t,j)d(3,k)"),
        (r"\vi{a}\vi^{2}{b}", "nan2b"),
        (r"\ve{a}\ve{a}{b}", "agab"),
        (r"\vf{a}b.", "a:b"),
        (r"\vg{ }\vg{x}", "blankx"),
        (r"\begin{myenv}{m}x\end{myenv}\begin{myenv}[z]{m}x\end{myenv}", "begin opt m x end mbegin z m x end m"),
    ],
)
def test_arguments_by_letters(source: str, expected: str) -> None:
    assert flat(PREAMBLE + f"«{source}").partition("«")[2] == expected
