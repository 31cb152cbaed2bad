"""Work of the terminals room with a due time, and the one reader of its own news: the summary of each terminal."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.terminals import (
    command_actions,
    command_files,
    profile_actions,
    relay_actions,
    rollout_actions,
    supply_actions,
    supply_forecasts,
    watching_verdicts,
)
from budayang.center.terminals.component_actions import retire_components
from budayang.center.terminals.inbox import consume_inbox
from budayang.center.terminals.models import EnrolmentCode, Inbox, Outgoing
from budayang.center.terminals.summary_actions import NEWS, repair, take_news

INBOX_DAYS = 180  # requirements: logs are kept half a year
OUTGOING_DAYS = 30


def tidy(now: datetime) -> int:
    """Remove consumed inbox rows, settled outgoing rows and dead codes past their term; returns how many."""
    inbox = Inbox.objects.filter(done_at__lt=now - timedelta(days=INBOX_DAYS))
    old = now - timedelta(days=OUTGOING_DAYS)
    outgoing = Outgoing.objects.filter(Q(acked_at__lt=old) | Q(replaced_at__lt=old) | Q(expires_at__lt=old))
    codes = EnrolmentCode.objects.filter(expires_at__lt=old)
    return inbox.delete()[0] + outgoing.delete()[0] + codes.delete()[0]


def read_command_states(now: datetime) -> int:
    """Take what terminals say of the commands they got."""
    return consume_inbox(("command.state",), lambda row: command_actions.take_state(row, now), now)


def read_relays(now: datetime) -> int:
    """Take what relays say of their machines' keys and of their own time."""
    return consume_inbox(relay_actions.RELAY_KINDS, lambda row: relay_actions.take_relay_news(row, now), now)


def read_counts(now: datetime) -> int:
    """Take readings of meters: what paper, toner and cards were used."""
    return consume_inbox(("counts",), lambda row: supply_actions.take_counts(row, now), now)


CONSUMERS: tuple[Consumer, ...] = (
    # Lists and the overview show it, so it is prompt. A few at once where much is written for each: on SQLite everybody
    # else waits for the transaction.
    Consumer("terminals.now", NEWS, take_news, prompt=True, at_once=50),
    Consumer("terminals.relays_enrolled", ("terminals.enrolled",), relay_actions.greet),
    Consumer("terminals.watching", watching_verdicts.NEWS, watching_verdicts.take_news),
    Consumer("terminals.supplies", supply_actions.NEWS, supply_actions.take_news, at_once=10),
)
DUES: tuple[Due, ...] = (
    Due(name="terminals.tidy", every_s=3600, run=tidy),
    Due(name="terminals.repair_now", every_s=60, run=repair),
    Due(name="terminals.retire_components", every_s=600, run=retire_components),
    Due(name="terminals.relays", every_s=0.3, run=read_relays),
    Due(name="terminals.watching_due", every_s=5, run=watching_verdicts.judge_due),
    Due(name="terminals.command_states", every_s=0.3, run=read_command_states),
    Due(name="terminals.commands", every_s=0.5, run=command_actions.look),
    Due(name="terminals.profiles", every_s=0.5, run=profile_actions.hand_on),
    Due(name="terminals.rollouts", every_s=2, run=rollout_actions.judge_all),
    Due(name="terminals.counts", every_s=1, run=read_counts),
    Due(name="terminals.supplies_due", every_s=5, run=supply_forecasts.judge_due),
    Due(name="terminals.command_files", every_s=3600, run=command_files.remove_old),
)
