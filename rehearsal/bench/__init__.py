"""Measures what the project promises of its speed; ratios are taken within one run."""
