"""What an incoming webhook cannot do, whatever its contact point says."""

from __future__ import annotations

from collections.abc import Iterator

from gallery.contact_points.slack import SLACK
from gallery.stack_file.sections import Settings


def channels_of_one_webhook(settings: Settings) -> Iterator[str]:
    """Slack contact points that share a webhook and name channels that differ.

    The webhook of a Slack app posts to the channel it was made for and ignores, without a word,
    the one that a message names: of two channels one would never hear anything.
    """
    slack = [
        (name, point)
        for name, point in settings.alerting.contact_points.items()
        if point.kind == SLACK.name
    ]
    for secret in sorted({point.secret or "" for _, point in slack}):
        sharing = {name: point.channel for name, point in slack if point.secret == secret}
        if len(set(sharing.values())) > 1:
            named = " and ".join(f'"{name}" for {channel}' for name, channel in sharing.items())
            yield (
                f'gallery:alerting.contact_points give one webhook (secret "{secret}") to {named}, '
                "but a webhook posts to the channel it was made for, whatever a message says; make "
                "a webhook for each channel, and name its secret"
            )
