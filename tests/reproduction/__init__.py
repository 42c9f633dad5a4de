"""A run with a repository that follows the convention of trials, for the tests of reproduction."""
