"""The demonstration's departments' own machines and the relay that watches them: plugs and pages are the sandbox's."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from budayang import data
from budayang.center.platform.actors import Actor
from budayang.center.terminals import actions, queries, watching_actions, watching_queries
from budayang.center.terminals.models import Terminal
from budayang.data.cast import DemoWatched

SYSTEM = Actor.system()
SANDBOX_PORT = 8810
INTERVAL_S = 10  # what somebody switches on the sandbox's page shows within seconds
PLUG = "rpc/Switch.GetStatus?id=0"


def load(now: datetime) -> None:
    """Each machine once; what people changed since stays."""
    demo = data.demo()
    known = {relay.code: relay for relay in relays()}
    for relay in demo.relays:
        if relay.code not in known:
            known[relay.code] = actions.register_terminal(
                SYSTEM, code=relay.code, name=relay.name, area=relay.area, owner=relay.owner, spot=relay.number,
                kind="relay", now=now, is_demo=True,
            )  # fmt: skip
    for number, row in enumerate(demo.watched, 1):
        if queries.find_terminal(SYSTEM, row.code) is None:
            _add(row, number, known[row.relay], now)


def relays() -> list[Terminal]:
    """The relays of the cast that are there."""
    codes = [one.code for one in data.demo().relays]
    return list(watching_queries.relays_visible_to(SYSTEM).filter(code__in=codes))


def _add(row: DemoWatched, number: int, relay: Terminal, now: datetime) -> None:
    machine = actions.register_terminal(
        SYSTEM, code=row.code, name=row.name, area=row.area, owner=row.owner, spot=row.number, kind="watched", now=now,
        is_demo=True,
    )  # fmt: skip
    watching_actions.set_relay(SYSTEM, machine.pk, relay.pk, now)
    sandbox = settings.BUDAYANG.sandbox_url
    # The sandbox's devices stand beside its own port, wherever that is.
    port = row.page_port + (urlsplit(sandbox).port or SANDBOX_PORT) - SANDBOX_PORT
    where = {
        "plug": {"url": f"{sandbox}/plugs/{number}/{PLUG}", "path": "apower"},
        "http": {"url": f"http://{urlsplit(sandbox).hostname}:{port}/", "text": "自助办理"},
    }
    for kind in row.sources:
        watching_actions.add_source(SYSTEM, machine.pk, kind=kind, settings=where[kind], interval_s=INTERVAL_S, now=now)
