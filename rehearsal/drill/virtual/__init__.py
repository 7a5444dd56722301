"""Plays hours and days of the simulated store's traffic in virtual time, by promtool."""
