"""Grafana's JSON model of a dashboard as far as it is drawn here, and what Grafana makes of it."""
