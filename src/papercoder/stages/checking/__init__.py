"""Checking: static checks of a repository. No model is called and none of the code runs."""

from papercoder.stages.checking.checks import check as check
