"""Checking: what is wrong with a repository, before any of it runs. Pure; no model, no money."""

from papercoder.stages.checking.checks import check as check
