"""What the reader knows about LaTeX's own commands and environments: the arguments that they take.

In a signature `*` is an optional star, `o` an argument in brackets, `p` one in parentheses, `m` one in braces, and `g`
one in braces that may be missing. A command that is not listed takes no argument: what follows it is text and is kept.
"""

from papercoder.paper.names import names

_COMMANDS = r"""
-      appendix appendices tableofcontents maketitle newline par noindent centering xspace protect and ensuremath hline
-      toprule midrule bottomrule newpage clearpage Return RETURN State STATE EndFor EndWhile EndIf
*o     \
o      item footnotemark linebreak pagebreak nolinebreak nopagebreak hdashline
m      abstract label ref eqref pageref cref Cref autoref nameref vref Vref subref nocite thanks email keywords
m      textbf textit texttt textsc textrm textsf textup textmd textnormal textsl emph underline uline text mbox
m      url path nolinkurl bibliography bibliographystyle ding lowercase uppercase MakeUppercase MakeLowercase
m      textsuperscript textsubscript enquote vphantom hphantom phantom geometry urlstyle pagestyle thispagestyle
m      pagenumbering newcounter stepcounter refstepcounter arrayrulecolor date authorrunning titlerunning hypersetup
m      icmltitlerunning icmlkeywords printAffiliationsAndNotice lstset linespread natexlab
m      doi urlprefix hl centerline algolabel tablenotetext orcidID orcid shortauthors graphicspath usetikzlibrary
m      newlength hyphenation institute subtitle pdfinfo acmConference acmYear acmISBN acmDOI setcopyright copyrightyear
m      Input Output KwIn KwOut KwData KwResult KwRet Until UNTIL Comment COMMENT
*m     subcaption vspace hspace tag
om     title icmltitle footnote footnotetext author affiliation affil institution subfloat sidecaption bibitem makecell
om     thead shortstack rowcolor cellcolor color captionsetup usepackage RequirePackage documentclass scalebox rothead
om     todo num si unit orcidlink blfootnote ccsdesc setlist address
*om    part chapter section subsection subsubsection paragraph subparagraph caption includegraphics tcp tcc
mm     icmlauthor icmlaffiliation icmlcorrespondingauthor icmlsetsymbol
mm     captionof href setlength addtolength setcounter addtocounter rotatebox papercoderthe numberwithin counterwithin
mm     bibinfo bibfield nicefrac sfrac colorlet foreignlanguage settowidth SetKwInOut SetKwInput SetKw SetKwFunction
mm     SetKwComment SetKwData Call
mmm    definecolor multicolumn specialrule addcontentsline ifthenelse
*mmm   resizebox
pm     cmidrule cline
omm    SI qty textcolor colorbox rule diagbox
oom    parbox framebox makebox
omom   newcolumntype
omomm  multirow
*momo  newtheorem
*oom   cite citep citet citealt citealp citeauthor citeyear citeyearpar parencite textcite autocite footcite citenum
*oom   Citet Citep Citealt Citeauthor shortcite citeA citeN citenp fullcite onlinecite Cite Parencite Textcite
g      Else ELSE uElse lElse Begin Other INPUT OUTPUT Require Ensure REQUIRE ENSURE
mg     For FOR ForAll FORALL ForEach While WHILE If IF uIf lIf lFor lForEach lWhile uFor ElsIf ELSIF ElseIf ELSEIF
mg     uElseIf lElseIf Function FUNCTION Procedure PROCEDURE Switch Case uCase Fn
gg     Repeat REPEAT
mgg    eIf leIf
"""

_ACCENTS = "` ' ^ \" ~ = . u v H c d b r k"

_ENVIRONMENTS = """
o      figure figure* table table* sidewaystable sidewaystable* sidewaysfigure algorithm algorithm* algorithmic listing
o      algorithm2e procedure itemize enumerate description threeparttable tcolorbox compactitem compactenum inparaenum
o      enumerate* itemize* tablenotes mdframed proof
m      multicols thebibliography alignat alignat* spacing IEEEeqnarray IEEEeqnarray* adjustbox
om     tabular array longtable tabu NiceTabular tabularray tblr supertabular subfigure subtable
mm     adjustwidth
omm    restatable
mom    tabular* tabularx tabulary xltabular
ooom   minipage
omom   wrapfigure wraptable
"""


def _table(text: str) -> dict[str, str]:
    lines = (line.split() for line in text.strip().splitlines())
    return {name: signature.replace("-", "") for signature, *listed in lines for name in listed}


SIGNATURES: dict[str, str] = {f"\\{name}": signature for name, signature in _table(_COMMANDS).items()} | {
    f"\\{accent}": "m" for accent in _ACCENTS.split()
}
"""The arguments of a command, by its name with the backslash."""

ENVIRONMENTS: dict[str, str] = _table(_ENVIRONMENTS)
"""The arguments of an environment, by its name."""

_NUMBERED = "equation align gather multline eqnarray flalign alignat dmath IEEEeqnarray empheq subeqnarray"
_UNNUMBERED = "equation* align* gather* multline* eqnarray* flalign* alignat* dmath* IEEEeqnarray* displaymath"

MATHS: dict[str, str] = dict.fromkeys(names(_NUMBERED), "numbered") | dict.fromkeys(names(_UNNUMBERED), "")
"""The environments of displayed maths: `numbered`, or empty."""

SILENT = names(
    """
    icmlsetsymbol todo
    vspace hspace geometry urlstyle pagestyle thispagestyle pagenumbering newcounter stepcounter refstepcounter
    arrayrulecolor date authorrunning titlerunning hypersetup icmltitlerunning icmlkeywords
    icmlcorrespondingauthor printAffiliationsAndNotice lstset linespread natexlab graphicspath usetikzlibrary
    newlength hyphenation author affiliation affil institution institute address email orcidID orcid orcidlink
    thanks keywords shortauthors pdfinfo acmConference acmYear acmISBN acmDOI setcopyright copyrightyear
    icmlauthor icmlaffiliation blfootnote ccsdesc rowcolor cellcolor color captionsetup usepackage
    RequirePackage documentclass setlist setlength addtolength colorlet settowidth definecolor specialrule
    addcontentsline cmidrule cline rule newcolumntype includegraphics bibliographystyle nocite subref phantom
    hphantom vphantom item footnotemark linebreak pagebreak nolinebreak nopagebreak hdashline papercoderthe
    numberwithin counterwithin newtheorem setcounter addtocounter SetKwInOut SetKwInput SetKw SetKwFunction
    SetKwComment SetKwData title icmltitle subtitle label pageref abstract bibliography
    """
)
"""Commands whose arguments are not text of the paper (or are gathered elsewhere)."""

DROPPED = names(
    "IEEEkeywords keywords tikzpicture pgfpicture picture CCSXML comment icmlauthorlist authorgroup pspicture axis"
)
"""Environments whose content is no text."""
