"""Orders to terminals: made, signed, taken back, and moved along by what the terminals say of them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.sealing import center_keys
from budayang.center.terminals import command_queries, sending
from budayang.center.terminals.inbox import InboxRow
from budayang.center.terminals.models import Command, CommandRun, Rollout, Terminal
from budayang.rules.commands import (
    BY_NAME,
    CLOCK_TOLERANCE_S,
    EMERGENCY_WORD,
    FINAL_STATES,
    MOST_VALID_S,
    CommandKind,
    next_state,
)
from budayang.wire.commands import Command as WireCommand
from budayang.wire.commands import CommandState, sign_command

log = structlog.get_logger(__name__)

NUMBERS = 2**53 - 2
# The terminal refuses what is past its term itself; only when it says nothing at all does the center end the run.
AFTER_TERM_S = CLOCK_TOLERANCE_S + 60
MOST_TEXT = 60
LOOK_AT_ONCE = 500


@transaction.atomic
def order(
    actor: Actor,
    terminals: Sequence[Terminal],
    name: str,
    *,
    reason: str,
    now: datetime,
    arguments: Mapping[str, Any] | None = None,
    emergency: bool = False,
    typed: str = "",
    not_before: datetime | None = None,
    valid_s: int | None = None,
    rollout: Rollout | None = None,
    ring: int | None = None,
) -> Command:
    """Order something of terminals. Each gets its own signed message and its own run.

    `emergency`: it does not wait for the people at the machine; `typed` must then be EMERGENCY_WORD, and the audit says
    so. `valid_s`: how long it may wait for the terminal, from `not_before` on.

    Raises:
        Refused: an unknown command, no reason, no terminal, one that cannot obey, or an emergency without its word.
        Forbidden: one of the machines is not the actor's to order this of.
    """
    kind = _kind(name, rollout)
    reason = reason.strip()
    if not reason:
        raise Refused(_("请写明原因，它会留在记录里，影响群众的指令还会显示在屏幕上。"))
    chosen = list({one.pk: one for one in terminals}.values())
    _check_terminals(actor, chosen, kind)
    if emergency:
        _check_emergency(actor, chosen, kind, typed)
    begins = max(not_before or now, now)
    term = min(valid_s or kind.valid_s, MOST_VALID_S)
    command = Command.objects.create(
        name=name, arguments=_arguments(kind, arguments or {}), reason=reason[:120], emergency=emergency,
        created_at=now, created_by=actor.name, created_label=actor.label, not_before_at=begins,
        expires_at=begins + timedelta(seconds=term), rollout=rollout, ring=ring,
    )  # fmt: skip
    runs = [
        CommandRun(
            command=command, terminal=one, number=secrets.randbelow(NUMBERS) + 1, changed_at=now,
            due_at=command.expires_at + timedelta(seconds=AFTER_TERM_S),
        )
        for one in chosen
    ]  # fmt: skip
    bodies = [(run.terminal_id, _signed(command, run.number, run.terminal.code)) for run in runs]
    for run, message in zip(runs, sending.put(bodies, "command", now, expires_at=command.expires_at), strict=True):
        run.outgoing = message
    CommandRun.objects.bulk_create(runs)
    _audit(actor, "terminals.command", command, chosen, now)
    _tell(command, [one.code for one in chosen], "queued", now)
    return command


def _kind(name: str, rollout: Rollout | None) -> CommandKind:
    kind = BY_NAME.get(name)
    if kind is None or not (kind.offered or rollout is not None):
        raise Refused(_("没有名为 %(name)s 的指令。") % {"name": name})
    return kind


def _check_terminals(actor: Actor, terminals: Sequence[Terminal], kind: CommandKind) -> None:
    if not terminals:
        raise Refused(_("请至少选一台终端。"))
    roles = command_queries.roles_for(kind)
    for one in terminals:
        actor.require(*roles, place_path=one.area.place.path, organizations=(one.owner_id, one.vendor_id))
    for one in terminals:
        if one.kind != Terminal.Kind.OWN:
            raise Refused(_("%(code)s 是部门专机，不运行本平台的程序，收不到指令。") % {"code": one.code})
        if one.state != Terminal.State.ACTIVE:
            word = one.get_state_display()
            raise Refused(_("%(code)s 现在是“%(state)s”，收不到指令。") % {"code": one.code, "state": word})


def _check_emergency(actor: Actor, terminals: Sequence[Terminal], kind: CommandKind, typed: str) -> None:
    for one in terminals:
        actor.require(*command_queries.KEEPERS, place_path=one.area.place.path)
    if not kind.waits:
        raise Refused(_("“%(label)s”本来就不等人，不用紧急执行。") % {"label": _(kind.label)})
    if typed.strip() != EMERGENCY_WORD:
        raise Refused(
            _("紧急执行会打断正在办理的人。确定的话，请在确认框里输入“%(word)s”。") % {"word": EMERGENCY_WORD}
        )


def _arguments(kind: CommandKind, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the kind takes, and nothing else: free text is short and travels as text."""
    if kind.name == "test_print":
        return {"order": str(given.get("order") or "")[:40]}
    if kind.name == "self_test":
        return {"item": str(given.get("item") or "")[:64]}
    if kind.name in ("show_notice", "out_of_service"):
        text = " ".join(str(given.get("text") or "").split())
        if not text:
            raise Refused(_("请写明屏幕上显示的话。"))
        if len(text) > MOST_TEXT:
            raise Refused(_("屏幕上显示的话最多 %(most)d 个字。") % {"most": MOST_TEXT})
        return {"text": text}
    if kind.name == "update_software":
        return {"manifest": dict(given["manifest"])}
    return {}


def _signed(command: Command, number: int, terminal: str) -> dict[str, Any]:
    message = WireCommand(
        id=number, terminal=terminal, name=command.name, arguments=command.arguments, reason=command.reason,
        emergency=command.emergency, not_before_ms=_ms(command.not_before_at), expires_ms=_ms(command.expires_at),
    )  # fmt: skip
    found: dict[str, Any] = msgspec.to_builtins(sign_command(center_keys().audit_private, message))
    return found


@transaction.atomic
def cancel(actor: Actor, command: Command, *, now: datetime, runs: Sequence[CommandRun] | None = None) -> int:
    """Take a command back where it has not begun; returns at how many terminals.

    What no terminal has fetched is withdrawn at once. What one has fetched is cancelled by a message, and the run says
    so when the terminal confirms it. What is running is left to end.
    """
    wanted = CommandRun.objects.filter(command=command, state__in=("queued", "delivered"), cancel_asked_at__isnull=True)
    if runs is not None:
        wanted = wanted.filter(pk__in=[one.pk for one in runs])
    open_runs = list(wanted.select_related("terminal__area__place", "command"))
    kind = BY_NAME[command.name]
    for run in open_runs:
        where = run.terminal
        actor.require(
            *command_queries.roles_for(kind),
            place_path=where.area.place.path,
            organizations=(where.owner_id, where.vendor_id),
        )
    waiting = [run for run in open_runs if run.state == "queued" and advance(run, "withdrawn", at=now, now=now)]
    sending.withdraw([run.outgoing_id for run in waiting if run.outgoing_id], now)
    fetched = [run for run in open_runs if run not in waiting]
    CommandRun.objects.filter(pk__in=[run.pk for run in fetched]).update(cancel_asked_at=now, changed_at=now)
    term = now + timedelta(seconds=BY_NAME["cancel"].valid_s)
    messages = []
    for run in fetched:
        message = WireCommand(
            id=secrets.randbelow(NUMBERS) + 1, terminal=run.terminal.code, name="cancel",
            arguments={"id": run.number}, reason=command.reason, not_before_ms=_ms(now), expires_ms=_ms(term),
        )  # fmt: skip
        signed = msgspec.to_builtins(sign_command(center_keys().audit_private, message))
        messages.append((run.terminal_id, signed))
    sending.put(messages, "command", now, expires_at=term)
    if open_runs:
        _audit(actor, "terminals.cancel_command", command, [run.terminal for run in open_runs], now)
    return len(open_runs)


def take_state(row: InboxRow, now: datetime) -> None:
    """A terminal says how far a command is. What it says of a command that was never its own changes nothing."""
    try:
        said = msgspec.convert(row.body, CommandState)
    except msgspec.ValidationError:
        log.warning("command.state unreadable", terminal=row.terminal)
        return
    run = (
        CommandRun.objects.filter(number=said.id, terminal_id=row.terminal_id)
        .select_related("command", "terminal__area__place")
        .first()
    )
    if run is None:
        log.warning("command.state of no command of this terminal", terminal=row.terminal)
        return
    advance(run, said.state, at=row.at, now=now, reason=said.reason, result=said.result)


def advance(
    run: CommandRun,
    event: str,
    *,
    at: datetime,
    now: datetime,
    reason: str = "",
    result: Mapping[str, Any] | None = None,
) -> bool:
    """Move a run by one event of the table; False when it does not fit or a rival was first. In a transaction."""
    before = run.state
    after = next_state(before, event)
    if after is None:
        return False
    changes: dict[str, Any] = {"state": after, "changed_at": now}
    if after == "delivered":
        changes["delivered_at"] = at
    if after == "running":
        changes |= {"began_at": at, "due_at": at + timedelta(seconds=BY_NAME[run.command.name].limit_s)}
    if after in FINAL_STATES:
        changes |= {"ended_at": at, "reason": reason[:200], "result": dict(result or {})}
    # The state stands in the condition: the terminal's word and the loop that gives a run up may meet.
    if not CommandRun.objects.filter(pk=run.pk, state=before).update(**changes):
        return False
    run.refresh_from_db(fields=list(changes))
    _tell(run.command, [run.terminal.code], after, now, at=at, run=run)
    return True


def look(now: datetime) -> int:
    """The due loop `terminals.commands`: what was fetched is delivered, what is past its term has expired."""
    moved = 0
    fetched = CommandRun.objects.filter(state="queued", outgoing__acked_at__isnull=False)
    for run in fetched.select_related("command", "terminal__area__place", "outgoing")[:LOOK_AT_ONCE]:
        acked_at = run.outgoing.acked_at if run.outgoing else None
        with transaction.atomic():
            moved += advance(run, "delivered", at=acked_at or now, now=now)
    due = CommandRun.objects.filter(state__in=("queued", "delivered", "running"), due_at__lte=now)
    for run in due.select_related("command", "terminal__area__place")[:LOOK_AT_ONCE]:
        with transaction.atomic():
            if run.state == "running":
                moved += advance(run, "lost", at=now, now=now, reason="no_answer")
            else:
                moved += advance(run, "expired", at=run.command.expires_at, now=now)
                sending.withdraw([run.outgoing_id] if run.outgoing_id else [], now)
    return moved


def _audit(actor: Actor, action: str, command: Command, terminals: Sequence[Terminal], now: datetime) -> None:
    """One line for each area that the command reaches, so that everybody who reads it reads of his own places."""
    by_place: dict[str, list[str]] = {}
    for one in terminals:
        by_place.setdefault(one.area.place.path, []).append(one.code)
    for path, codes in sorted(by_place.items()):
        details = {"name": command.name, "terminals": sorted(codes), "emergency": command.emergency}
        record(actor, action, subject=f"command:{command.pk}", place_path=path, details=details, at=now)


def _tell(
    command: Command,
    codes: Sequence[str],
    state: str,
    now: datetime,
    *,
    at: datetime | None = None,
    run: CommandRun | None = None,
) -> None:
    """News `commands.<name>`: for live pages, and for the room that ordered it."""
    payload: dict[str, Any] = {"command": command.pk, "terminals": list(codes), "state": state}
    if run is not None:
        payload |= {"arguments": command.arguments, "reason": run.reason, "result": run.result}
    path = run.terminal.area.place.path if run is not None else ""
    emit(
        f"commands.{command.name}",
        subject=f"command:{command.pk}",
        place_path=path,
        payload=payload,
        occurred_at=at or now,
        now=now,
    )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
