"""Reads of commands, their runs, what came back, and roll-outs. Lists start at `visible_to(actor)`."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, QuerySet

from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.queries import NOTHING, scope_q
from budayang.center.terminals.models import Command, CommandFile, CommandRun, Package, Rollout, Terminal
from budayang.rules.commands import KINDS, STATES, CommandKind

KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
OF_TERMINAL = {"place": "terminal__area__place__path", "organizations": ("terminal__owner_id", "terminal__vendor_id")}


def runs_visible_to(actor: Actor) -> QuerySet[CommandRun]:
    """Runs at terminals that the actor may see; owner units and vendors those at their own machines."""
    mine = scope_q(actor, OF_TERMINAL["place"], OF_TERMINAL["organizations"])  # type: ignore[arg-type]
    return CommandRun.objects.filter(mine).select_related("command", "terminal__area__place", "file")


def commands_visible_to(actor: Actor) -> QuerySet[Command]:
    """Commands with at least one run that the actor may see."""
    if actor.sees_all:
        return Command.objects.all()
    return Command.objects.filter(pk__in=runs_visible_to(actor).values("command"))


def rollouts_visible_to(actor: Actor) -> QuerySet[Rollout]:
    """Roll-outs that reach a terminal in the actor's places; bodies' people see the runs at their machines only."""
    if actor.sees_all:
        return Rollout.objects.select_related("package")
    reach = scope_q(actor, "members__terminal__area__place__path", roles=frozenset(KEEPERS) | {Role.INSPECTOR})
    return Rollout.objects.filter(pk__in=Rollout.objects.filter(reach).values("pk")).select_related("package")


def counts_of(command_ids: Iterable[int], actor: Actor) -> dict[int, dict[str, int]]:
    """command id → state → how many runs that the actor may see."""
    found: dict[int, dict[str, int]] = {one: dict.fromkeys(STATES, 0) for one in command_ids}
    rows = runs_visible_to(actor).filter(command_id__in=list(found)).order_by()
    for command_id, state, count in rows.values_list("command_id", "state").annotate(count=Count("pk")):
        found[command_id][state] = count
    return found


def ring_counts(rollout: Rollout) -> dict[int, dict[str, int]]:
    """ring → state → runs of the roll-out's commands."""
    found: dict[int, dict[str, int]] = {}
    rows = CommandRun.objects.filter(command__rollout=rollout).order_by()
    for ring, state, count in rows.values_list("command__ring", "state").annotate(count=Count("pk")):
        found.setdefault(ring, {})[state] = count
    return found


def ring_sizes(rollout: Rollout) -> dict[int, int]:
    """ring → how many terminals belong to it."""
    return dict(rollout.members.order_by().values_list("ring").annotate(count=Count("pk")))


def recent_runs(actor: Actor, terminal_id: int, limit: int = 5) -> list[CommandRun]:
    """The newest runs at one terminal."""
    return list(runs_visible_to(actor).filter(terminal_id=terminal_id).order_by("-id")[:limit])


def may_order(actor: Actor, kind: CommandKind, terminal: Terminal) -> bool:
    """Whether this person may order this of this machine (without the question of its state)."""
    return actor.may(
        *roles_for(kind),
        place_path=terminal.area.place.path,
        organizations=(terminal.owner_id, terminal.vendor_id),
    )


def roles_for(kind: CommandKind) -> tuple[Role, ...]:
    """Who may order it in their places; bodies' people only of machines of theirs."""
    bodies = {"owner": Role.OWNER_UNIT, "vendor": Role.VENDOR_ENGINEER}
    return (*KEEPERS, *(bodies[one] for one in sorted(kind.bodies)))


def kinds_for(actor: Actor) -> list[CommandKind]:
    """What the actor may order somewhere."""
    return [kind for kind in KINDS if kind.offered and actor.may(*roles_for(kind))]


def orderable(actor: Actor, kind: CommandKind) -> QuerySet[Terminal]:
    """Machines with our program, at work, of which the actor may order it."""
    wanted = Terminal.objects.filter(kind=Terminal.Kind.OWN, state=Terminal.State.ACTIVE)
    roles = frozenset(roles_for(kind))
    mine = scope_q(actor, "area__place__path", ("owner_id", "vendor_id"), roles=roles) if roles else NOTHING
    return wanted.filter(mine).select_related("area__place", "owner", "vendor")


def find_file(actor: Actor, run_id: int) -> CommandFile | None:
    """What a run brought, while it is kept and the actor may see the machine and order such a thing of it."""
    run = runs_visible_to(actor).filter(pk=run_id).first()
    file = CommandFile.objects.filter(run_id=run_id, removed_at__isnull=True).select_related("run__command").first()
    return file if run is not None else None


def packages() -> QuerySet[Package]:
    return Package.objects.all()
