"""JATS XML, in which publishers and PubMed Central keep articles (ANSI/NISO Z39.96)."""

from papercoder.paper.jats.reader import read_jats as read_jats
