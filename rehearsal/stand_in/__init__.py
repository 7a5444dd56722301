"""Derives what the local programs read from the rendered tree, and from nothing else.

A pure translation: the same `deployed/` gives the same `stand-in/`, byte for byte.
"""
