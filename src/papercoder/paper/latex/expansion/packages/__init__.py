"""Packages whose commands take part in expansion: etoolbox, ifthen, xstring, xparse, siunitx, changes."""
