"""Commands of titles, authors and journals: what they hold is no text of the paper, so it is left out.

Signatures come first, as in `commands`. What stands within `\\author{...}` need not be listed.
"""

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
