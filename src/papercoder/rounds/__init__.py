"""The bounded rounds after coding: review and revise, run and repair."""
