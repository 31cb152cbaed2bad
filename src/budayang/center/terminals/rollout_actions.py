"""Software in rings: one terminal, a tenth, all; the next ring begins by rule, and failures stop it by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.wording import words
from budayang.center.terminals import command_actions, command_queries, profile_queries
from budayang.center.terminals.models import Command, CommandRun, Package, Rollout, RolloutMember, Terminal
from budayang.rules.commands import OPEN_STATES, ROLLOUT_NAMES, ROLLOUT_TRANSITIONS, judge_rollout, ring_of

JOB = Actor.job("terminals.rollout")


@transaction.atomic
def start_rollout(
    actor: Actor, package: Package, terminals: Sequence[Terminal], *, reason: str, now: datetime
) -> Rollout:
    """Bring a package to terminals, beginning with one. The rings are fixed now, by each terminal's `update_ring`."""
    reason = reason.strip()
    if not reason:
        raise Refused(_("请写明为什么升级，它会显示在每台终端的屏幕上。"))
    chosen = [one for one in terminals if one.kind == Terminal.Kind.OWN and one.state == Terminal.State.ACTIVE]
    if not chosen:
        raise Refused(_("选出的终端里没有在用的一体机，没有可以升级的。"))
    for one in chosen:
        actor.require(*command_queries.KEEPERS, place_path=one.area.place.path)
    under_way = RolloutMember.objects.filter(terminal__in=chosen, rollout__state__in=("running", "paused"))
    if (first := under_way.select_related("terminal").first()) is not None:
        raise Refused(_("%(code)s 还在另一次升级里，先等它结束或取消它。") % {"code": first.terminal.code})
    values = profile_queries.values_of(chosen, now)
    rings = ring_of([(one.code, str(values[one.pk]["update_ring"])) for one in chosen])
    rollout = Rollout.objects.create(package=package, reason=reason[:120], created_at=now, created_by=actor.name)
    RolloutMember.objects.bulk_create(
        RolloutMember(rollout=rollout, terminal=one, ring=rings[one.code]) for one in chosen
    )
    for path in sorted({one.area.place.path for one in chosen}):
        details = {"version": package.version, "terminals": sum(one.area.place.path == path for one in chosen)}
        record(actor, "terminals.start_rollout", subject=_subject(rollout), place_path=path, details=details, at=now)
    _begin_ring(rollout, 0, now)
    return rollout


@transaction.atomic
def steer(actor: Actor, rollout: Rollout, event: str, *, now: datetime, note: str = "") -> Rollout:
    """A person pauses, resumes or cancels it. Who resumes bears the failures until now: they are not counted again."""
    members = RolloutMember.objects.filter(rollout=rollout).select_related("terminal__area__place")
    for path in sorted({one.terminal.area.place.path for one in members}):
        actor.require(*command_queries.KEEPERS, place_path=path)
    # kept in Chinese: a page says it in its reader's language
    why = {"pause": "由%(who)s停下：%(note)s", "cancel": "由%(who)s取消：%(note)s"}.get(event, "")
    _move(rollout, event, why % {"who": actor.label or actor.name, "note": note or "没有写原因"} if why else "", now)
    record(actor, f"terminals.{event}_rollout", subject=_subject(rollout), details={"note": note[:80]}, at=now)
    if event != "resume":
        for command in Command.objects.filter(rollout=rollout):
            command_actions.cancel(JOB, command, now=now)
    else:
        _resume(rollout, now)
    return rollout


def _resume(rollout: Rollout, now: datetime) -> None:
    """Go on with the next ring: who resumes has judged the failures of the present one."""
    waiting = CommandRun.objects.filter(command__rollout=rollout, state__in=sorted(OPEN_STATES)).count()
    if waiting:
        raise Refused(_("还有 %(count)d 台没有结果，等它们结束再继续。") % {"count": waiting})
    _next_ring(rollout, now)


def judge_all(now: datetime) -> int:
    """The due loop `terminals.rollouts`: each running roll-out goes on, ends, or stops itself."""
    return sum(_judge(one, now) for one in Rollout.objects.filter(state="running").select_related("package"))


@transaction.atomic
def _judge(rollout: Rollout, now: datetime) -> int:
    states = command_queries.ring_counts(rollout).get(rollout.ring, {})
    done = CommandRun.objects.filter(command__rollout=rollout, command__ring=rollout.ring, state="done")
    last_done_at = done.aggregate(last=Max("ended_at"))["last"]
    verdict = judge_rollout(rollout.ring, _last_ring(rollout), states, last_done_at, now)
    if verdict.step == "wait":
        return Rollout.objects.filter(pk=rollout.pk, state="running").exclude(why=verdict.why).update(why=verdict.why)
    if verdict.step == "next":
        return _next_ring(rollout, now)
    try:
        _move(rollout, verdict.step, verdict.why, now)
    except Refused:
        return 0  # a person or another worker moved it a moment ago
    if verdict.step == "pause":
        # What no terminal has begun must not go on while somebody looks.
        for command in Command.objects.filter(rollout=rollout):
            command_actions.cancel(JOB, command, now=now)
    record(JOB, f"terminals.{verdict.step}_rollout", subject=_subject(rollout), details={"why": verdict.why}, at=now)
    return 1


def _last_ring(rollout: Rollout) -> int:
    return int(rollout.members.aggregate(last=Max("ring"))["last"] or 0)


def _next_ring(rollout: Rollout, now: datetime) -> int:
    after = rollout.ring + 1
    if after > _last_ring(rollout):
        _move(rollout, "finish", "全部终端都有了结果", now)
        return 1
    # Compare and set: two workers that judged at the same moment begin the ring once.
    if not Rollout.objects.filter(pk=rollout.pk, state="running", ring=rollout.ring).update(ring=after, why=""):
        return 0
    rollout.ring = after
    _begin_ring(rollout, after, now)
    return 1


def _begin_ring(rollout: Rollout, ring: int, now: datetime) -> None:
    # Those of an earlier ring that were cancelled when it stopped come along now.
    members = RolloutMember.objects.filter(rollout=rollout, ring__lte=ring)
    settled = CommandRun.objects.filter(command__rollout=rollout, state__in=("done", "failed"))
    wanted = Terminal.objects.filter(pk__in=members.values("terminal"), state=Terminal.State.ACTIVE)
    wanted = wanted.exclude(pk__in=settled.values("terminal"))
    terminals = list(wanted.select_related("area__place"))
    if terminals:
        arguments: dict[str, Any] = {"manifest": rollout.package.manifest}
        reason = rollout.reason
        command_actions.order(
            JOB, terminals, "update_software", reason=reason, now=now, arguments=arguments, rollout=rollout, ring=ring
        )
    _tell(rollout, now)


def _move(rollout: Rollout, event: str, why: str, now: datetime) -> None:
    after = ROLLOUT_TRANSITIONS.get((rollout.state, event))
    if after is None:
        raise Refused(_("这次升级现在是“%(state)s”，不能这样改。") % {"state": words(ROLLOUT_NAMES[rollout.state])})
    changes: dict[str, Any] = {"state": after, "why": why[:200]}
    if after in ("done", "cancelled"):
        changes["ended_at"] = now
    if not Rollout.objects.filter(pk=rollout.pk, state=rollout.state).update(**changes):
        raise Refused(_("这次升级刚刚已被别人改动，请刷新页面再看。"))
    rollout.refresh_from_db()
    _tell(rollout, now)


def _tell(rollout: Rollout, now: datetime) -> None:
    payload = {"rollout": rollout.pk, "state": rollout.state, "ring": rollout.ring}
    emit("commands.rollout", subject=_subject(rollout), place_path="", payload=payload, occurred_at=now, now=now)


def _subject(rollout: Rollout) -> str:
    return f"rollout:{rollout.pk}"
