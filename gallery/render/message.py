"""The page's text: one template that Grafana and Alertmanager both understand.

Sources: Grafana "Notification template reference", Prometheus "Notification template reference".
Only what stands in both is used.
"""

from __future__ import annotations

# The group of these templates in Grafana.
MESSAGE_TEMPLATE = "gallery"

_ALERT = """\
{{ .Status | toUpper }} {{ .Labels.alertname }}\
{{ if .Labels.host }} {{ .Labels.host }}{{ else if .Labels.service }} {{ .Labels.service }}{{ end }}
What: {{ .Annotations.what }}
Fired: {{ .StartsAt.UTC.Format "2006-01-02 15:04:05" }} UTC\
{{ if .Annotations.hold }}, {{ .Annotations.hold }} after it began{{ end }}\
{{ if eq .Status "resolved" }}; resolved: \
{{ .EndsAt.UTC.Format "2006-01-02 15:04:05" }} UTC{{ end }}
Customers: {{ .Annotations.customers }}
Runbook: {{ .Annotations.runbook_url }}
{{ if .Annotations.dashboard_path }}Dashboard: @GRAFANA@{{ .Annotations.dashboard_path }}
{{ end }}Labels: {{ range $i, $pair := .Labels.SortedPairs }}{{ if $i }}, {{ end }}\
{{ $pair.Name }}={{ $pair.Value }}{{ end }}

"""

# SNS takes the subject: ASCII, one line, fewer than a hundred characters, so without the cluster,
# whose name is the user's. What fires is counted alone, for a message goes on listing what was
# over a quarter of an hour ago.
_TITLE = """\
{{ define "gallery.title" }}{{ template "gallery.subject" . }} ({{ .GroupLabels.cluster }}){{ end }}
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

_TEXT = (
    '{{ define "gallery.text" }}'
    "{{ range .Alerts.Firing }}@ALERT@{{ end }}"
    "{{ range .Alerts.Resolved }}@ALERT@{{ end }}"
    "{{ end }}\n"
)

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
    """The definitions `gallery.title`, `gallery.subject`, `gallery.text` and `gallery.severity`.

    `grafana_url` is where the dashboards are, without a slash at its end; None where the
    notifier is Grafana itself, which knows its address.
    """
    alert = _ALERT.replace("@GRAFANA@", grafana_url or _OWN_ADDRESS)
    return _TITLE + _TEXT.replace("@ALERT@", alert) + _SEVERITY
