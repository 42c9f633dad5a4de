"""Data sets and pretrained weights: found on servers, downloaded into a cache, given by the user, mounted for code."""
