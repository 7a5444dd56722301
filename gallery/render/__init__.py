"""Pure functions from a plan to what another program reads."""
