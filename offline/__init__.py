"""Runs the program of a stack without an engine: what it registers, as a tree of files."""
