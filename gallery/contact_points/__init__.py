"""The ways in which a person can be told: one module for each kind of contact point."""
