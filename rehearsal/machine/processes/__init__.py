"""Starts, watches and stops the programs of a rehearsal, and leaves none behind."""
