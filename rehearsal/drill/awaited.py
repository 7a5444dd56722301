"""What a step of a drill waits for, in words."""

from __future__ import annotations

from rehearsal.drill.beats import HearBeats, MissBeats
from rehearsal.drill.scenarios.cluster import Lacking
from rehearsal.drill.scenarios.mesh import InTime
from rehearsal.drill.scenarios.replicas import PassedBy
from rehearsal.drill.script import Step
from rehearsal.drill.steps import AwaitRefusal, Mend, Silence, Until, Watch, WatchUntil
from rehearsal.drill.verdict import describe
from rehearsal.drill.virtual.step import VirtualTime


def awaited(step: Step) -> str:
    """What it waits for; of a step that waits for nothing, that it acts."""
    match step:
        case AwaitRefusal():
            what = "waits for a refused delivery"
        case HearBeats() | MissBeats():
            what = "listens to the heartbeats"
        case Watch() | WatchUntil() | VirtualTime():
            what = step.what
        case InTime():
            what = f"asks everybody who asks {step.slow}"
        case PassedBy():
            what = f"looks at whom the proxies of customers ask of {step.replica.service}"
        case Lacking():
            what = f"waits for {step.what}"
        case Silence():
            what = "no page may come twice"
        case Until():
            what = f"waits for {step.what}"
        case Mend():
            what = "waits for resolves"
        case _:
            told = sorted({describe(each.alert, each.labels) for each in step.expectations})
            what = f"waits for {' and '.join(told)}" if told else "acts"
    return what
