"""Commands of layout: they change how a page looks, and nothing that it says."""

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
