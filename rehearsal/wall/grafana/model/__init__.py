"""The part of Grafana's dashboard JSON that the wall draws.

A key or a value that is not named here is refused with its place: what cannot be drawn as Grafana
would is never drawn otherwise. Sizes and colours are Grafana's (schema version 41, Grafana 12).
"""
