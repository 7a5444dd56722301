"""Amazon SNS's Publish."""

from __future__ import annotations

from urllib.parse import parse_qs

from rehearsal.pager.contact_points.model import Answer, Entry, Played, Way
from rehearsal.pager.notifications import Message

_ANSWER = (
    '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
    "<MessageId>{number:032x}</MessageId></PublishResult><ResponseMetadata>"
    "<RequestId>{number:032x}</RequestId></ResponseMetadata></PublishResponse>"
)

_TOO_LONG = (
    '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type>'
    "<Code>InvalidParameter</Code><Message>Invalid parameter: too long</Message></Error>"
    "</ErrorResponse>"
)


def _local(entry: Entry, way: Way) -> Entry:
    # In the words of Alertmanager, which are those of Grafana's own notifier too.
    # An ARN's fourth part is the region.
    region = entry["topic"].split(":")[3]
    return {
        "topic_arn": entry["topic"],
        "subject": entry["subject"],
        "message": entry["body"],
        **_signed(way, region),
    }


def _amp(entry: Entry, way: Way) -> Entry:
    return _signed(way, entry["sigv4"]["region"])


def _signed(way: Way, region: str) -> Entry:
    literal = {"region": region, "access_key": way.key, "secret_key": way.key}
    return {"api_url": way.url, "sigv4": literal}


def _topic(entry: Entry) -> str:
    # Grafana's word for it, or AMP's.
    return str(entry["topic"] if "topic" in entry else entry["topic_arn"])


def _read(body: bytes) -> Message:
    form = parse_qs(body.decode(), keep_blank_values=True)
    if form.get("Action") != ["Publish"]:
        raise ValueError(f"SNS was asked for {form.get('Action')}, not to Publish")
    return Message(title=form.get("Subject", [""])[0], text=form["Message"][0])


def _answer(count: int) -> Answer:
    return Answer(content_type="text/xml", body=_ANSWER.format(number=count))


SNS = Played(
    name="sns",
    grafana="sns",
    fields=frozenset({"topic", "subject", "body", "messageFormat", "authProvider", "settings"}),
    section="sns_configs",
    local=_local,
    amp=_amp,
    provisioned=_local,
    topic=_topic,
    read=_read,
    answer=_answer,
    too_long=Answer(status=400, content_type="text/xml", body=_TOO_LONG),
    service="Amazon SNS",
    protocol="the same protocol, signed with invented keys",
)
