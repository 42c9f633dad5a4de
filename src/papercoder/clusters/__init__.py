"""Clusters: the connection to Ray, which bench and reproduction share."""
