"""HTML: LaTeXML's pages, as arXiv and ar5iv serve them, and any other page by its headings."""

from papercoder.paper.html.reader import read_html as read_html
