"""Mermaid diagrams as SVG without a browser: rendered by Mermaid itself in a separate process, then cleaned."""
