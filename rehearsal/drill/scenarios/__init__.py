"""Every outage that can be played, in the order in which `drill all` plays them.

Neighbours break different services: a second outage of one within ten minutes is a finding of
its own (EndpointDegraded), and takes ten minutes to be over. The notifier is restarted before
any outage whose end would be told beside a new page.
"""

from __future__ import annotations

from rehearsal.drill.scenarios.budgets import (
    ERRORS_BURST,
    ERRORS_SLOW,
    JOURNEY_BROKEN,
    NIGHT_TRAFFIC,
)
from rehearsal.drill.scenarios.cluster import NODE_DRAINED, QUOTA_FULL, ROLLOUT_BROKEN
from rehearsal.drill.scenarios.delivery import (
    ALERTMANAGER_RESTART,
    CONTACT_POINTS,
    EVALUATOR_RESTART,
    PAGER_REFUSES,
    QUIET,
)
from rehearsal.drill.scenarios.endpoints import (
    DOOR_HALF_DEAD,
    ENDPOINT_DOWN,
    ENDPOINT_FLAPPING,
    ENDPOINT_HANGS,
    ENDPOINT_SLOW,
    REDIS_DOWN,
    STORE_DOWN,
    TWO_ENDPOINTS_DOWN,
)
from rehearsal.drill.scenarios.hosts import HOST_DOWN, HOST_FLAPPING, HOST_TERMINATED, HOST_TRAFFIC
from rehearsal.drill.scenarios.mesh import (
    CALLEE_SLOW,
    CERTIFICATES_EXPIRING,
    ISTIOD_DOWN,
    POLICY_WRONG,
)
from rehearsal.drill.scenarios.pipeline import COLLECTOR_DOWN, PROBER_DOWN, REMOTE_WRITE_BLOCKED
from rehearsal.drill.scenarios.replicas import REPLICA_FAILING
from rehearsal.drill.script import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    QUIET,
    CONTACT_POINTS,
    ALERTMANAGER_RESTART,
    ENDPOINT_DOWN,
    ENDPOINT_HANGS,
    TWO_ENDPOINTS_DOWN,
    REDIS_DOWN,
    PAGER_REFUSES,
    EVALUATOR_RESTART,
    HOST_DOWN,
    HOST_TERMINATED,
    ENDPOINT_SLOW,
    PROBER_DOWN,
    ENDPOINT_FLAPPING,
    COLLECTOR_DOWN,
    REMOTE_WRITE_BLOCKED,
    HOST_TRAFFIC,
    STORE_DOWN,
    DOOR_HALF_DEAD,
    ISTIOD_DOWN,
    CERTIFICATES_EXPIRING,
    HOST_FLAPPING,
    POLICY_WRONG,
    CALLEE_SLOW,
    REPLICA_FAILING,
    ERRORS_BURST,
    JOURNEY_BROKEN,
    ERRORS_SLOW,
    NIGHT_TRAFFIC,
    NODE_DRAINED,
    QUOTA_FULL,
    ROLLOUT_BROKEN,
)
