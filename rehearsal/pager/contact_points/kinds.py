"""Every kind of contact point that the rehearsal plays."""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.pager.contact_points.email import EMAIL
from rehearsal.pager.contact_points.model import Played
from rehearsal.pager.contact_points.pagerduty import PAGERDUTY
from rehearsal.pager.contact_points.slack import SLACK
from rehearsal.pager.contact_points.sns import SNS
from rehearsal.pager.contact_points.teams import TEAMS
from rehearsal.pager.contact_points.webhook import WEBHOOK

# In the order in which a receiver's integrations are named.
KINDS: Mapping[str, Played] = {
    kind.name: kind for kind in (PAGERDUTY, SLACK, EMAIL, SNS, WEBHOOK, TEAMS)
}
