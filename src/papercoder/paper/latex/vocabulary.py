"""What the reader knows of LaTeX and its packages: the arguments of commands, and the characters that they print.

In a signature `*` is an optional star, `o` an argument in brackets, `p` one in parentheses, `m` one in braces, `g` one
in braces that may be missing, and `r` and `q` are `m` and `o` as tokens. A command that is not listed is unknown: the
text of its arguments is kept, and it is counted.
"""

import unicodedata

from papercoder.paper.latex.siunitx import SIGNATURES as QUANTITIES

SYMBOLS: dict[str, str] = {
    "\\": " ",
    "%": "%",
    "&": "&",
    "_": "_",
    "#": "#",
    "$": "$",
    "{": "{",
    "}": "}",
    " ": " ",
    "\n": " ",
    ",": " ",
    ";": " ",
    ":": " ",
    "quad": " ",
    "qquad": " ",
    "enspace": " ",
    "thinspace": " ",
    "newline": " ",
    "linebreak": " ",
    "hfill": " ",
    "and": ", ",
    "ldots": "...",
    "dots": "...",
    "space": " ",
    "nodata": "...",
    "titlebreak": " ",
    "nobreakspace": " ",
    "textellipsis": "...",
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textunderscore": "_",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textendash": "–",
    "textemdash": "—",
    "textquoteleft": "‘",
    "textquoteright": "’",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "og": "« ",
    "fg": " »",
    "guillemotleft": "«",
    "guillemotright": "»",
    "glqq": "„",
    "grqq": "“",
    "quotedblbase": "„",
    "textperiodcentered": "·",
    "textbullet": "•",
    "textdegree": "°",
    "textregistered": "®",
    "texttrademark": "™",
    "textmu": "µ",
    "texttimes": "×",
    "textpm": "±",
    "textrightarrow": "→",
    "S": "§",
    "P": "¶",
    "dag": "†",
    "ddag": "‡",
    "copyright": "©",
    "pounds": "£",
    "euro": "€",
    "ss": "ß",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "o": "ø",
    "O": "Ø",
    "aa": "å",
    "AA": "Å",
    "l": "ł",
    "L": "Ł",
    "i": "i",
    "j": "j",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "BibTeX": "BibTeX",
    "KwTo": " to ",
    "pm": "±",
    "mp": "∓",
    "times": "×",
    "cdot": "·",
    "div": "÷",
    "le": "≤",
    "leq": "≤",
    "ge": "≥",
    "geq": "≥",
    "neq": "≠",
    "approx": "≈",
    "sim": "~",
    "to": "→",
    "rightarrow": "→",
    "leftarrow": "←",
    "uparrow": "↑",
    "downarrow": "↓",
    "infty": "∞",
    "degree": "°",
    "celsius": "°C",
    "micro": "µ",
    "ohm": "Ω",
    "perthousand": "‰",
    "textperthousand": "‰",
    "textasteriskcentered": "*",
    "textordfeminine": "ª",
    "textordmasculine": "º",
    "textonehalf": "½",
    "textonequarter": "¼",
    "textthreequarters": "¾",
    "textcopyright": "©",
    "textsection": "§",
    "textparagraph": "¶",
    "textdagger": "†",
    "textdaggerdbl": "‡",
    "textbardbl": "‖",
    "textbraceleft": "{",
    "textbraceright": "}",
    "textdollar": "$",
    "texteuro": "€",
    "textleftarrow": "←",
    "textuparrow": "↑",
    "textdownarrow": "↓",
    "textsterling": "£",
    "textyen": "¥",
    "textquotesingle": "'",
    "textvisiblespace": "␣",
    "textexclamdown": "¡",
    "textquestiondown": "¿",
    "textohm": "Ω",
    "textcelsius": "°C",
    "textminus": "-",
    "textdiv": "÷",
    "slash": "/",
    "dash": "–",
    "lbrack": "[",
    "rbrack": "]",
    "DH": "Ð",
    "dh": "ð",
    "TH": "Þ",
    "th": "þ",
    "DJ": "Đ",
    "dj": "đ",
    "NG": "Ŋ",
    "ng": "ŋ",
    "SS": "ẞ",
    "LaTeXe": "LaTeX2e",
    "pdfLaTeX": "pdfLaTeX",
    "XeLaTeX": "XeLaTeX",
    "checkmark": "✓",
    "cmark": "✓",
    "xmark": "✗",
}
"""Commands without arguments, by name."""

DINGBATS = {"51": "✓", "52": "✓", "55": "✗", "56": "✗", "172": "①", "173": "②", "174": "③"}
"""`pifont`'s signs that papers use for yes and no."""

ACCENTS = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "d": "\u0323",
    "c": "\u0327",
    "k": "\u0328",
    "b": "\u0331",
}
"""Accents by the command that sets them, as combining characters."""


def accented(accent: str, letters: str) -> str:
    """The letters with an accent, one of `ACCENTS`, on the first."""
    return unicodedata.normalize("NFC", letters[:1] + ACCENTS[accent] + letters[1:]) if letters else ""


_LATEX = r"""
m      thanks date institute keywords
om     affil affiliation address blfootnote orcidlink email
*omo   author
"""
_CONFERENCES = r"""
m      icmltitlerunning icmlkeywords pdfinfo affiliations titlerunning authorrunning shortauthors workshoptitle
m      ShortHeadings firstpageno jmlrheading jmlrvolume jmlryear jmlrproceedings jmlrsubmitted jmlrpublished
m      jmlrworkshop editor confname confyear paperID cvprPaperID iccvPaperID finalPaperID runninghead runningtitle
m      runningauthor copyrightclause conference numberofauthors conferenceinfo CopyrightYear crdata permission toappear
mm     icmlsetsymbol icmlauthor icmlaffiliation icmlcorrespondingauthor
o      printAffiliationsAndNotice
mmmm   twoauthors
"""
_ACM = r"""
m      acmConference acmYear acmISBN acmDOI setcopyright copyrightyear acmJournal acmVolume acmNumber acmArticle
m      acmMonth acmPrice acmSubmissionID acmBooktitle acmArticleSeq acmArticleType acmCodeLink acmDataLink citestyle
m      settopmatter startPage terms authornote additionalaffiliation authorsaddresses orcid
o      authornotemark
om     ccsdesc received
"""
_IEEE = r"""
m      IEEEpubid IEEEspecialpapernotice specialpapernotice IEEEaftertitletext
mm     markboth markright
"""
_ELSEVIER = r"""
m      journal shorttitle shortauthors
om     ead cortext fntext tnotetext tnoteref nonumnote
om     cormark fnmark tnotemark corref fnref
"""
_PHYSICS = r"""
m      pacs preprint noaffiliation altaffilmark affiliationmark
m      revised accepted published submitjournal correspondingauthor watermark slugcomment lefthead righthead cpright
m      msid pubyear pagerange volume submitto AMSsubjects ccode eid
om     homepage altaffiliation
omg    collaboration
"""
_SPRINGER = r"""
m      journalname offprints dedication dedicatory PACS subclass subjclass urladdr curraddr equalcont
"""
_OTHERS = r"""
m      Author AuthorNames TitleCitation AuthorCitation firstAuthorLast Authors Address corrAuthor corrEmail extraAuth
m      externaleditor history datereceived dateaccepted datepublished daterevised pubvolume issuenum articlenumber
m      doinum hreflink firstnote secondnote isbn leadauthor correspondingauthors authordeclaration equalauthors
m      templatetype dates verticaladjustment authormark presentaddress jnlcitation papertype articletype jmark credit
m      EventEditors EventNoEds EventLongTitle EventShortTitle EventAcronym EventYear EventDate EventLocation EventLogo
m      SeriesVolume ArticleNo Copyright relatedversion supplement titlenote titlefootnote
"""

FRONT_MATTER = "".join((_LATEX, _CONFERENCES, _ACM, _IEEE, _ELSEVIER, _PHYSICS, _SPRINGER, _OTHERS))
"""Lines that each begin with a signature."""


LAYOUT = r"""
m      geometry urlstyle pagestyle thispagestyle pagenumbering arrayrulecolor hypersetup lstset linespread graphicspath
m      usetikzlibrary usepgfplotslibrary pgfplotsset tikzset tcbset tcbuselibrary hyphenation setdefaultlanguage
m      selectlanguage allowdisplaybreaks phantom hphantom vphantom bstctlcite setcitestyle enlargethispage afterpage
m      DeclareGraphicsExtensions setstretch rowfont tabletypesize tablewidth tablecolumns tablefontsize
m      algsetup SetAlFnt SetAlCapFnt SetAlCapNameFnt IncMargin DecMargin SetNlSkip theoremstyle theorembodyfont
m      theoremheaderfont lhead chead rhead lfoot cfoot rfoot fancyhf index glsadd KOMAoptions floatstyle
m      restylefloat DeclareUnicodeCharacter DisableLigatures bibliographystyle nocite typeout message tabulinesep
m      figsetnum figsettitle figsetgrpnum figsetgrptitle figsetplot figsetgrpnote extrarowsep addvspace
m      tabletail tablelasttail setfloatlink bio phantompart
*m     vspace hspace
o      hdashline linebreak nolinebreak pagebreak nopagebreak item footnotemark printbibliography linenumbers
o      modulolinenumbers listoftodos printglossary printacronyms printindex
om     captionsetup rowcolor cellcolor columncolor color pagecolor setlist includepdf includesvg includestandalone
om     fancyhead fancyfoot includegraphics usepackage RequirePackage documentclass addbibresource marginpar marginnote
om     SetCell SetRow SetColumn sidenote missingfigure PassOptionsToPackage PassOptionsToClass tikz todo
mm     fontsize addtocontents nomenclature
mm     setlength addtolength colorlet settowidth settoheight settodepth setkomafont addtokomafont crefalias SetKwInOut
mm     SetKwInput SetKw SetKwFunction SetKwComment SetKwData SetKwArray lstdefinestyle algrenewcommand algnewcommand
mm     counterwithout DeclareFieldFormat setcounter addtocounter numberwithin papercoderthe DeclareCaptionFont
mm     DeclareCaptionLabelFormat DeclareCaptionFormat
mmm    definecolor providecolor specialrule addcontentsline crefname Crefname labelformat SetKwRepeat SetNlSty
mmmm   SetKwProg usefont
pm     cmidrule cline
omm    pdfbookmark rule lstdefinelanguage
*omm   counterwithin
*mmmm  titlespacing
"""
"""Lines that each begin with a signature, as in `commands`."""

_FONTS = """
tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge smaller larger bf it rm sf tt sc sl em
bfseries itshape rmfamily sffamily ttfamily scshape slshape upshape mdseries normalfont boldmath unboldmath selectfont
normalcolor displaystyle textstyle scriptstyle
"""
_SPACES = """
centering raggedright raggedleft RaggedRight RaggedLeft Centering justifying flushbottom raggedbottom sloppy fussy
noindent indent par smallskip medskip bigskip vfill hfill hfil vfil hss vss null strut mathstrut newpage clearpage
cleardoublepage onecolumn columnbreak eject break allowbreak nobreak penalty goodbreak smallbreak medbreak bigbreak
ignorespaces ignorespacesafterend unskip leavevmode mbox hbox vbox vtop kern hskip vskip mskip mkern hrule vrule
hrulefill dotfill negthinspace medspace thickspace onehalfspacing doublespacing singlespacing hang balance FloatBarrier
flushcolsend raggedend frenchspacing nonfrenchspacing obeylines obeyspaces
"""
_LENGTHS = """
itemsep parsep topsep partopsep parskip parindent baselineskip baselinestretch tabcolsep arraycolsep arraystretch
arrayrulewidth textwidth textheight linewidth columnwidth paperwidth paperheight hsize vsize leftmargin rightmargin
leftskip rightskip parfillskip fboxsep fboxrule columnsep columnseprule oddsidemargin evensidemargin topmargin
headheight headsep footskip marginparwidth marginparsep abovecaptionskip belowcaptionskip textfloatsep floatsep
intextsep dbltextfloatsep dblfloatsep abovedisplayskip belowdisplayskip abovedisplayshortskip belowdisplayshortskip jot
bibsep labelsep labelwidth itemindent listparindent hangindent hangafter lineskip lineskiplimit looseness tolerance
emergencystretch hbadness vbadness hfuzz vfuzz widowpenalty clubpenalty interlinepenalty LTcapwidth LTleft LTright
aboverulesep belowrulesep cmidrulewidth lightrulewidth heavyrulewidth extrarowheight
"""
_DOCUMENT = """
maketitle titlepage tableofcontents listoffigures listoftables listofalgorithms frontmatter mainmatter backmatter
appendix appendices nolinenumbers internallinenumbers makeindex makeglossaries phantomsection nofiles xspace ensuremath
newblock bysame nonumber notag noalign hline toprule midrule bottomrule endfirsthead endhead endfoot endlastfoot
tabularnewline kill qed qedhere qedsymbol relax protect begingroup endgroup bgroup egroup special immediate write
openin openout read closein closeout newread newwrite setbox newbox tikzexternalize bibname refname figurename
tablename appendixname abstractname contentsname proofname labelenumi labelenumii labelitemi labelitemii
floatpagefraction textfraction topfraction bottomfraction NoValue BooleanTrue BooleanFalse
"""
_CLASSES = """
IEEEoverridecommandlockouts IEEEpeerreviewmaketitle IEEEdisplaynontitleabstractindextext IEEEraisesectionheading
IEEEmaketitle IEEEtriggeratref iclrfinalcopy neuripsfinalcopy aclfinalcopy cvprfinalcopy iccvfinalcopy eccvfinalcopy
icmlfinalcopy nipsfinalcopy nocopyright And AND at inst startdata enddata rotate movetabledown decimals
decimalcolnumbers colnumbers turnoffedit nocollaboration allauthors tableline tablebreak phn phd phs
suppressAffiliations centerwidetable sep showacknow showmatmethods firstpage lastpage hideLIPIcs printccsdesc
DIFaddbegin DIFaddend DIFdelbegin DIFdelend DIFaddbeginFL DIFaddendFL DIFdelbeginFL DIFdelendFL DIFmodbegin DIFmodend
SetAlgoLined SetAlgoNoLine SetAlgoVlined SetAlgoNoEnd DontPrintSemicolon PrintSemicolon LinesNumbered FL ML NN LL
endbio printcredits flushleft flushright colrule botrule bsp fnmsep figsetstart figsetend figsetgrpstart figsetgrpend
pause LinesNumberedHidden RestyleAlgo SetNoFillComment algorithmicindent nl Indp Indm BlankLine
"""

WITHOUT_ARGUMENTS = "".join((_FONTS, _SPACES, _LENGTHS, _DOCUMENT, _CLASSES))
"""Names of commands that take no arguments and print nothing, and of the lengths of a page."""


_KERNEL = r"""
-      appendix appendices maketitle newline par xspace and ensuremath hline
*o     \
o      item footnotemark linebreak pagebreak nolinebreak nopagebreak
m      abstract label bibliography bibliographystyle nocite thanks text mbox date
m      textbf textit texttt textsc textrm textsf textup textmd textnormal textsl emph underline
m      url path nolinkurl lowercase uppercase MakeUppercase MakeLowercase textsuperscript textsubscript
*m     ref eqref pageref cref Cref autoref nameref vref Vref
*m     vspace hspace tag
om     title footnote footnotetext bibitem usepackage RequirePackage documentclass includegraphics
*om    part chapter section subsection subsubsection paragraph subparagraph caption
mm     href setlength addtolength setcounter addtocounter numberwithin papercoderthe
mmm    multicolumn addcontentsline
*momo  newtheorem
*oom   cite citep citet citealt citealp citeauthor citeyear citeyearpar parencite textcite autocite footcite citenum
"""
"""Commands that keep their meaning even if the source redefines them."""

_PACKAGES = r"""
-      Return RETURN State STATE Statex STATEx EndFor EndWhile EndIf endhead endfirsthead endfoot endlastfoot
-      phantomsection startdata enddata tableofcontents toprule midrule bottomrule tabularnewline
o      hdashline
m      uline uuline uwave dashuline dotuline hl ul so caps textlf texttitle textquote highlight
m      subtitle ding enquote centerline fbox natexlab doi urlprefix eqno leqno
om     tnote
o      tmark
m      cutinhead sidehead tablenotemark tnotex colhead nocolhead IEEEPARstart lettrine dropcap keyword bmhead
m      Input Output KwIn KwOut KwData KwResult KwRet Until UNTIL Comment COMMENT LComment
m      subref labelcref namecref nameCref lcnamecref labelcpageref cpageref Cpageref stepcounter
m      refstepcounter usecounter value arabic roman Roman alph Alph fnsymbol
m      twocolhead tablehead tablefirsthead tablelasthead tablecaption tablecomments tablerefs topcaption bottomcaption
m      nobibliography bibentry nth hologo tableref figureref algorithmref equationref sectionref theoremref appendixref
m      prettyref minisec endnote
mmm    floatconts
omm    unitfrac
omm    mintinline
*m     subcaption shortintertext intertext acs acl acf ac acp acsp aclp acfp gls Gls glspl Glspl acrshort acrlong
*m     acrfull Ac Acp citetext fullref
mm     DeclareAcronym crefrange Crefrange cpagerefrange hyperlink hypertarget tablenotetext
om     lstinline icmltitle subfloat subfigure sidecaption makecell thead shortstack rothead todo blfootnote
om     tcbox hyperref
*om    tcp tcc
mm     captionof nicefrac sfrac flatfrac bibinfo bibfield Call adjustbox labelcrefrange
*mmm   resizebox
pm     cmidrule cline
omm    foreignlanguage rotatebox textcolor colorbox diagbox backslashbox slashbox addstackgap
ooom   parbox
oom    framebox makebox
moom   raisebox
ommm   fcolorbox
omomm  multirow
oom    citeonline citen
oom    Citet Citep Citealt Citeauthor shortcite citeA citeN citenp fullcite onlinecite Cite Parencite Textcite Autocite
oom    supercite smartcite footfullcite citetitle Citealp citefullauthor citealias citetalias citepalias
g      Else ELSE uElse lElse Begin Other INPUT OUTPUT Require Ensure REQUIRE ENSURE
mg     For FOR ForAll FORALL ForEach While WHILE If IF uIf lIf lFor lForEach lWhile uFor ElsIf ELSIF ElseIf ELSEIF
mg     uElseIf lElseIf Function FUNCTION Procedure PROCEDURE Switch Case uCase Fn
gg     Repeat REPEAT
mgg    eIf leIf
mm     Style floatname
om     declaretheorem
mm     newproof
ommmm  newtcbtheorem
*momomm spnewtheorem
omom   newmdtheoremenv
mmm    newfloat
mom    multirowcell scalebox
om     DeclareFloatingEnvironment
m      sisetup
omr    DeclareSIUnit DeclareSIPrefix
mo     newcounter
mom    newcolumntype
ommm   newacronym
o      twocolumn
m      papercoderlabel nllabel lnl IEEEtitleabstractindextext significancestatement acknow matmethods acknowledgements
m      acknowledgments funding dataavailability conflictsofinterest supplementary informedconsent institutionalreview
omm    captionbox ffigbox ttabbox capbtabbox fcapside
omom   subcaptionbox
ommm   ctable
"""

_ACCENTS = "` ' ^ \" ~ = . u v H c d b r k"

_ENVIRONMENTS = """
o      figure figure* table table* sidewaystable sidewaystable* sidewaysfigure algorithm algorithm* algorithmic listing
o      algorithm2e procedure itemize enumerate description threeparttable tcolorbox compactitem compactenum inparaenum
o      enumerate* itemize* tablenotes mdframed proof sidewaysfigure* listing* SCfigure SCtable figurehere tablehere
o      specialtable threeparttablex asparaenum asparaitem compactdesc framed shaded
m      multicols thebibliography alignat alignat* spacing IEEEeqnarray IEEEeqnarray* adjustbox deluxetable
m      deluxetable* splitdeluxetable splitdeluxetable*
om     tabu longtabu
om     tabular array longtable NiceTabular tabularray tblr longtblr talltblr supertabular xtabular
om     mpsupertabular subfigure subtable wrapfloat floatrow subfloatrow longtable* NiceArray
mm     adjustwidth list
omm    restatable
mom    tabular* tabularx tabulary xltabular NiceTabular* NiceTabularX ltabulary supertabular*
ooom   minipage
omom   wrapfigure wraptable
"""


def table(text: str) -> dict[str, str]:
    """Signatures by name, from lines that each begin with a signature; `-` is an empty one."""
    lines = (line.split() for line in text.splitlines() if line)
    return {name: signature.replace("-", "") for signature, *listed in lines for name in listed}


def _commands(text: str) -> dict[str, str]:
    return {f"\\{name}": signature for name, signature in table(text).items()}


SIGNATURES: dict[str, str] = (
    _commands(FRONT_MATTER)
    | _commands(LAYOUT)
    | _commands(_PACKAGES)
    | {f"\\{name}": kinds.translate(str.maketrans("nu", "rr")) for name, kinds in QUANTITIES.items()}
    | {"\\SI": "orqr"}
    | {f"\\{accent}": "m" for accent in _ACCENTS.split()}
    | _commands(_KERNEL)
)
"""The arguments of a command, by its name with the backslash."""

ENVIRONMENTS: dict[str, str] = table(_ENVIRONMENTS)
"""The arguments of an environment, by its name."""

_NUMBERED = "equation align gather multline eqnarray flalign alignat dmath IEEEeqnarray empheq subeqnarray dgroup"
_UNNUMBERED = "equation* align* gather* multline* eqnarray* flalign* alignat* dmath* IEEEeqnarray* displaymath dgroup*"

MATHS: dict[str, str] = dict.fromkeys(_NUMBERED.split(), "numbered") | dict.fromkeys(_UNNUMBERED.split(), "")
"""The environments of displayed maths: `numbered`, or empty."""

_ELSEWHERE = frozenset(
    """
    title icmltitle subtitle label pageref abstract bibliography newtheorem declaretheorem newproof newtcbtheorem
    spnewtheorem newmdtheoremenv newfloat floatname DeclareFloatingEnvironment sisetup DeclareSIUnit DeclareSIPrefix
    newcounter stepcounter refstepcounter newacronym DeclareAcronym cpageref Cpageref cpagerefrange labelcpageref
    usecounter value tablehead tablefirsthead tablelasthead date
    """.split()
)
"""Commands whose arguments are not part of the text; the walk over the tree reads them."""

SILENT = frozenset(name[1:] for name in (*_commands(FRONT_MATTER), *_commands(LAYOUT))) | _ELSEWHERE
"""Commands whose arguments are not printed."""

DROPPED = frozenset(
    """
    IEEEkeywords keywords keyword tikzpicture pgfpicture picture CCSXML comment icmlauthorlist authorgroup pspicture
    axis AMS MSCcodes jelcodes forest tikzcd overpic filecontents highlights graphicalabstract
    """.split()
)
"""Environments whose content is not text."""

PROTECTED = frozenset(_commands(_KERNEL)) | {f"\\{accent}" for accent in _ACCENTS.split()}
"""Commands that keep their meaning even if the source redefines them."""

KNOWN = (
    frozenset(SIGNATURES)
    | {f"\\{name}" for name in (*WITHOUT_ARGUMENTS.split(), *SYMBOLS, *ACCENTS)}
    | {f"\\{character}" for character in "-/!>@*'+<=|)]:"}
    | {"\\iff", "\\@currentlabel", "\\@let@token"}
)
"""All commands that are not counted as unknown."""
