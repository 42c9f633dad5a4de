"""Markdown, written by people or by converters: marker, MinerU, nougat, docling, olmOCR."""

from papercoder.paper.markdown.reader import read_markdown as read_markdown
