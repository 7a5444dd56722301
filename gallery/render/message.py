"""The page's text: one template that Grafana and Alertmanager both understand.

Sources: Grafana "Notification template reference", Prometheus "Notification template reference",
Go's text/template. Only what stands in all of them is used.

However many alerts a message is about, its length has a bound: the first are told in full, some
more by their labels, the rest by their number (`Bound`), and what may be of any length is cut.
"""

from __future__ import annotations

from gallery.contact_points.kinds import KINDS
from gallery.contact_points.message import Bound, text_of

# The group of these templates in Grafana.
MESSAGE_TEMPLATE = "gallery"

# SNS takes the subject: ASCII, one line, fewer than a hundred characters, so without the cluster,
# whose name is the user's. What fires is counted alone, for a message goes on listing what was
# over a quarter of an hour ago.
_TITLE = """\
{{ define "gallery.title" }}{{ template "gallery.subject" . }} \
({{ printf "%.100s" .GroupLabels.cluster }}){{ end }}
{{ define "gallery.subject" }}\
{{ if .Alerts.Firing }}FIRING {{ .GroupLabels.alertname }}\
{{ template "gallery.which" .Alerts.Firing }}\
{{ else }}RESOLVED {{ .GroupLabels.alertname }}\
{{ template "gallery.which" .Alerts.Resolved }}{{ end }} \
in {{ .GroupLabels.environment }}{{ end }}
{{ define "gallery.which" }}{{ if gt (len .) 1 }}: {{ len . }} alerts{{ else }}{{ range . }}\
{{ if .Labels.host }} {{ .Labels.host }}\
{{ else if .Labels.service }} {{ .Labels.service }}{{ end }}\
{{ end }}{{ end }}{{ end }}
"""

_ALERT = """\
{{ define "gallery.alert" }}\
{{ .Status | toUpper }} {{ .Labels.alertname }}\
{{ if .Labels.host }} {{ .Labels.host }}{{ else if .Labels.service }} {{ .Labels.service }}{{ end }}
{{ with .Annotations.what }}What: {{ printf "%.250s" . }}
{{ end }}\
Fired: {{ .StartsAt.UTC.Format "2006-01-02 15:04:05" }} UTC\
{{ with .Annotations.hold }}, {{ . }} after it began{{ end }}\
{{ if eq .Status "resolved" }}; resolved: \
{{ .EndsAt.UTC.Format "2006-01-02 15:04:05" }} UTC{{ end }}
{{ with .Annotations.customers }}Customers: {{ printf "%.300s" . }}
{{ end }}{{ end }}
{{ define "gallery.own" }}{{ range $i, $pair := . }}{{ if $i }}, {{ end }}\
{{ $pair.Name }}={{ printf "%.60s" $pair.Value }}{{ end }}{{ end }}
"""

# Of its labels an alert has those that tell it from the others; what all have in common, the
# alert's name among them, stands at the end, once. Beside what fires, what resolved is not told
# in full. `$names` is as long as the lines by labels are together, and `$rest` what is not told.
_TEXT = """\
{{ define "@TEXT@" }}\
{{ $names := "" }}\
{{ $rest := .Alerts.Firing }}\
{{ range $i, $alert := .Alerts.Firing }}\
{{ if lt $i @IN_FULL@ }}@FULL@\
{{ else if lt (len $names) @NAMES@ }}@BY_NAME@{{ end }}{{ end }}\
{{ with $rest }}And {{ len . }} more firing.
{{ end }}\
{{ $rest = .Alerts.Resolved }}\
{{ range $i, $alert := .Alerts.Resolved }}\
{{ if and (lt $i @IN_FULL@) (not $.Alerts.Firing) }}@FULL@\
{{ else if lt (len $names) @NAMES@ }}@BY_NAME@{{ end }}{{ end }}\
{{ with $rest }}And {{ len . }} more resolved.
{{ end }}\
{{ with .CommonAnnotations.runbook_url }}Runbook: {{ . }}
{{ end }}\
{{ with .CommonAnnotations.dashboard_path }}Dashboard: @GRAFANA@{{ . }}
{{ end }}\
{{ if gt (len .Alerts) 1 }}Common labels{{ else }}Labels{{ end }}: \
{{ range $i, $pair := .CommonLabels.SortedPairs }}{{ if $i }}, {{ end }}\
{{ $pair.Name }}={{ printf "%.100s" $pair.Value }}{{ end }}
{{ end }}
"""
_OWN_LABELS = "($alert.Labels.Remove $.CommonLabels.Names).SortedPairs"
_FULL = """\
{{ $rest = slice $rest 1 }}\
{{ template "gallery.alert" $alert }}\
{{ with @OWN_LABELS@ }}Labels: {{ template "gallery.own" . }}

{{ end }}"""
_BY_NAME = """\
{{ $rest = slice $rest 1 }}{{ $names = printf "%s RESOLVED %v" $names @OWN_LABELS@ }}\
{{ $alert.Status | toUpper }} {{ template "gallery.own" @OWN_LABELS@ }}
"""

# PagerDuty's own words. What wakes is the default: a message of no one severity must not be quiet.
_SEVERITY = (
    '{{ define "gallery.severity" }}'
    '{{ if eq .CommonLabels.severity "ticket" }}warning'
    '{{ else if eq .CommonLabels.severity "info" }}info'
    "{{ else }}critical{{ end }}{{ end }}\n"
)

# Grafana's address ends in a slash or not, depending on who is asked.
_OWN_ADDRESS = '{{ reReplaceAll "/$" "" $.ExternalURL }}'


def templates(grafana_url: str | None) -> str:
    """The definitions that contact points ask for: titles, a text for each kind, the severity.

    `grafana_url` is where the dashboards are, without a slash at its end; None where the
    notifier is Grafana itself, which knows its address.
    """
    texts = "".join(_text(kind.name, kind.bound) for kind in KINDS.values())
    address = grafana_url or _OWN_ADDRESS
    return _TITLE + _ALERT + texts.replace("@GRAFANA@", address) + _SEVERITY


def _text(kind: str, bound: Bound) -> str:
    parts = {
        "@TEXT@": text_of(kind),
        "@FULL@": _FULL,
        "@BY_NAME@": _BY_NAME,
        "@OWN_LABELS@": _OWN_LABELS,
        "@IN_FULL@": str(bound.in_full),
        "@NAMES@": str(bound.names),
    }
    text = _TEXT
    for placeholder, part in parts.items():
        text = text.replace(placeholder, part)
    return text
