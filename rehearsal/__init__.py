"""Runs a stack on this machine: renders it, starts it, breaks it, and reads what came."""
