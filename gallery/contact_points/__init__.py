"""The ways in which a person can be told."""
