"""Pages of commands: what was ordered of terminals, a new order, one order live, what it brought."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.terminals import command_actions, command_files, command_queries, profile_queries
from budayang.center.terminals.models import Command, CommandRun, Terminal
from budayang.rules.commands import BY_NAME, EMERGENCY_WORD, FINAL_STATES, KINDS, STATE_NAMES, CommandKind, reason_text

ORDERERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, Role.VENDOR_ENGINEER})
TONES: dict[str, Tone] = {
    "queued": "ask", "delivered": "hand", "running": "hand", "done": "ok", "failed": "stop", "expired": "warn",
    "cancelled": "ask",
}  # fmt: skip
WITH_TEXT = ("show_notice", "out_of_service")
SHOWN_MOST = 300
VALID_CHOICES = ((1800, gettext_lazy("半小时")), (3600, gettext_lazy("1 小时")), (6 * 3600, gettext_lazy("6 小时")),
                 (24 * 3600, gettext_lazy("1 天")), (72 * 3600, gettext_lazy("3 天")))  # fmt: skip


def run_state(run: CommandRun) -> State:
    """A run's state as word and shape; one that was asked to stop and has not answered says so."""
    if run.cancel_asked_at is not None and run.state == "delivered":
        return State("warn", _("正在取消"))
    return State(TONES[run.state], words(STATE_NAMES[run.state]))


def _summary(counts: dict[str, int]) -> State:
    """One state for many runs: the worst that a person should look at, with its number."""
    total = sum(counts.values())
    for state in ("failed", "expired", "running", "delivered", "queued"):
        if counts[state]:
            word = words(STATE_NAMES[state])
            return State(TONES[state], f"{word} {counts[state]}/{total}" if total > 1 else word)
    state = "done" if counts["done"] else "cancelled"
    return State(TONES[state], words(STATE_NAMES[state]))


def ordered_by(command: Command) -> str:
    """Who ordered it, as people say it; a roll-out orders its next ring by itself."""
    return command.created_label or (_("分批升级") if command.rollout_id else command.created_by)


class _Rows:
    """States of a page of commands, in one query."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.counts: dict[int, dict[str, int]] = {}

    def prepare(self, commands: Sequence[Command]) -> None:
        self.counts = command_queries.counts_of([one.pk for one in commands], self.actor)


@allow(OPERATING_ROLES)
def command_list(request: HttpRequest) -> HttpResponse:
    """Every command that reached a terminal which the reader may see."""
    actor = reader(request)
    rows = _Rows(actor)

    def in_state(found: QuerySet[Any], state: str) -> QuerySet[Any]:
        return found.filter(pk__in=command_queries.runs_visible_to(actor).filter(state=state).values("command"))

    may_order = bool(command_queries.kinds_for(actor))
    new = (Action(reverse("console:command_new"), _("发指令"), primary=True),) if may_order else ()
    return listing(
        request,
        title=_("远程指令"),
        note=_("指令由终端自己来取，只对写明的那台有效，过期作废。会影响群众的，等没有人办理时才做，并提前在屏幕上告知。"),
        columns=(
            Column("at", _("时间"), lambda one: one.created_at, sort="created_at", kind="moment"),
            Column("name", _("指令"), lambda one: words(BY_NAME[one.name].label), sort="name"),
            Column("state", _("现在"), lambda one: _summary(rows.counts[one.pk]), kind="state"),
            Column("count", _("终端数"), lambda one: sum(rows.counts[one.pk].values()), kind="number"),
            Column("reason", _("原因"), lambda one: one.reason),
            Column("who", _("谁发的"), ordered_by, sort="created_by"),
            Column("emergency", _("方式"), lambda one: _("紧急，不等人") if one.emergency else _("一般")),
            Column("expires", _("有效到"), lambda one: one.expires_at, sort="expires_at", kind="moment"),
        ),
        queryset=command_queries.commands_visible_to(actor),
        filters=(
            Filter(
                "name", _("指令"), lambda: [(kind.name, words(kind.label)) for kind in KINDS if kind.name != "cancel"],
                lambda found, name: found.filter(name=name),
            ),
            Filter("state", _("状态"), lambda: [(one, words(word)) for one, word in STATE_NAMES.items()], in_state),
            Filter(
                "emergency", _("方式"), lambda: [("1", _("紧急，不等人"))],
                lambda found, _word: found.filter(emergency=True),
            ),
        ),
        search=("reason", "runs__terminal__code", "created_label"),
        default_sort="-at",
        row_url=lambda one: reverse("console:command", args=[one.pk]),
        empty=_("还没有发过指令。点“发指令”，选一种，再选终端、写原因。"),
        export_name=_("远程指令"),
        topic="commands",
        actions=new,
        prepare=rows.prepare,
    )  # fmt: skip


@allow(ORDERERS)
def command_new(request: HttpRequest) -> HttpResponse:
    """Choose what to order, with what it does to the people at the machines."""
    kinds = command_queries.kinds_for(reader(request))
    return render(request, "console/commands/kinds.html", {"kinds": kinds, "terminal": request.GET.get("terminal", "")})


class TerminalField(forms.ModelMultipleChoiceField[Terminal]):
    """Terminals to tick, each with its area."""

    def label_from_instance(self, obj: Terminal) -> str:
        return f"{obj.code} {obj.name}（{obj.area.name}）"


class OrderForm(forms.Form):
    """One order: of which terminals, why, for how long."""

    terminals = TerminalField(
        Terminal.objects.none(), label=gettext_lazy("终端"), to_field_name="code",
        widget=forms.CheckboxSelectMultiple, error_messages={"required": gettext_lazy("请至少选一台终端。")},
    )  # fmt: skip
    text = forms.CharField(
        label=gettext_lazy("屏幕上显示的话"), max_length=command_actions.MOST_TEXT,
        help_text=gettext_lazy("群众会看到，例如：打印机检修，预计 22:30 恢复。"),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("原因"), max_length=120,
        help_text=gettext_lazy("留在记录里；影响群众的指令还会显示在屏幕上。不要写任何人的姓名和号码。"),
    )  # fmt: skip
    valid_s = forms.TypedChoiceField(
        label=gettext_lazy("多久没取走就作废"), coerce=int, choices=VALID_CHOICES,
        help_text=gettext_lazy("终端离线时指令会等它，过了这个时间就不再执行。"),
    )  # fmt: skip
    emergency = forms.BooleanField(
        label=gettext_lazy("紧急：不等人，马上执行"), required=False,
        help_text=gettext_lazy("会打断正在办理的人，并记入审计。只在漏水、冒烟、屏幕出现不当内容这类情况使用。"),
    )  # fmt: skip
    typed = forms.CharField(
        label=gettext_lazy("紧急执行的确认"), required=False,
        help_text=gettext_lazy("选了紧急，请在这里输入“立即执行”四个字。"),
    )  # fmt: skip

    def __init__(self, actor: Actor, kind: CommandKind, found: QuerySet[Terminal], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["terminals"]
        assert isinstance(choice, TerminalField)
        choice.queryset = found
        if kind.name not in WITH_TEXT:
            del self.fields["text"]
        if not kind.waits or not actor.may(*command_queries.KEEPERS):
            del self.fields["emergency"], self.fields["typed"]
        fits = [seconds for seconds, _word in VALID_CHOICES if seconds >= kind.valid_s]
        self.fields["valid_s"].initial = fits[0] if fits else VALID_CHOICES[-1][0]

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if found.get("emergency") and found.get("typed", "").strip() != EMERGENCY_WORD:
            self.add_error("typed", _("请输入“立即执行”，或去掉上面的勾。"))
        return found


@allow(ORDERERS)
def command_order(request: HttpRequest, name: str) -> HttpResponse:
    """Order one thing of some terminals; the list of terminals is narrowed by area and search."""
    actor = reader(request)
    kind = next((one for one in command_queries.kinds_for(actor) if one.name == name), None)
    if kind is None:
        raise Http404
    area, q = request.GET.get("area", ""), request.GET.get("q", "").strip()
    every = command_queries.orderable(actor, kind)
    shown = every.filter(area__code=area) if area else every
    shown = shown.filter(code__icontains=q) | shown.filter(name__icontains=q) if q else shown
    found = Terminal.objects.filter(pk__in=list(shown.order_by("code").values_list("pk", flat=True)[:SHOWN_MOST]))
    found = found.select_related("area").order_by("code")
    initial = {"terminals": [request.GET["terminal"]]} if request.GET.get("terminal") else {}
    # What was ticked is checked against everything that may be ordered, not against what is shown after narrowing.
    form = OrderForm(actor, kind, every if request.method == "POST" else found, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            command = command_actions.order(
                actor, list(given["terminals"]), kind.name, reason=given["reason"], now=timezone.now(),
                arguments={"text": given.get("text", "")}, emergency=bool(given.get("emergency")),
                typed=given.get("typed", ""), valid_s=given["valid_s"],
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("指令已发出。终端在线的几秒内取走，这一页会自己更新。"))
            return redirect("console:command", command.pk)
    places = [(one.code, one.name) for one in areas.visible_to(actor).filter(pk__in=every.values("area"))]
    context = {
        "kind": kind, "form": form, "areas": places, "area": area, "q": q, "total": every.count(),
        "shown": len(found), "most": SHOWN_MOST,
    }  # fmt: skip
    return render(request, "console/commands/order.html", context, status=422 if form.errors else 200)


def _command(request: HttpRequest, pk: int) -> Command:
    found = command_queries.commands_visible_to(reader(request)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@allow(OPERATING_ROLES)
def command_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One command at each of its terminals, live."""
    actor, command = reader(request), _command(request, pk)
    kind = BY_NAME[command.name]
    runs = command_queries.runs_visible_to(actor).filter(command=command).order_by("terminal__code")
    counts = command_queries.counts_of([command.pk], actor)[command.pk]
    shown = [
        {"run": run, "state": run_state(run), "why": words(reason_text(run.reason)), "file": _file_of(run)}
        for run in runs[:SHOWN_MOST]
    ]
    ended = sum(counts[state] for state in FINAL_STATES)
    context = {
        "command": command, "who": ordered_by(command), "kind": kind, "rows": shown, "total": sum(counts.values()),
        "ended": ended,
        "counts": [(State(TONES[one], words(STATE_NAMES[one])), count) for one, count in counts.items() if count],
        "may_cancel": (counts["queued"] or counts["delivered"]) and actor.may(*command_queries.roles_for(kind)),
        "text": command.arguments.get("text", ""), "now": timezone.now(),
    }  # fmt: skip
    whole = request.headers.get("HX-Request") is None
    return render(request, "console/commands/command.html" if whole else "console/commands/_command.html", context)


def _file_of(run: CommandRun) -> Any:
    return getattr(run, "file", None)


@allow(ORDERERS)
@require_POST
def command_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the command back where it has not begun."""
    count = command_actions.cancel(reader(request), _command(request, pk), now=timezone.now())
    if count:
        messages.success(request, _("%(count)d 台还没有开始的已经取消；已经取走的，等终端确认。") % {"count": count})
    else:
        messages.warning(request, _("没有可以取消的：都已经开始或结束了。"))
    return redirect("console:command", pk)


@allow(ORDERERS)
def command_file(request: HttpRequest, run: int) -> HttpResponse:
    """What a run brought. Who looks at it is written into the audit."""
    actor = reader(request)
    file = command_queries.find_file(actor, run)
    if file is None:
        raise Http404
    content = command_files.view_file(actor, file, timezone.now())
    answer = HttpResponse(content, content_type=file.media)
    kind = "inline" if file.media == "image/png" else "attachment"
    answer["Content-Disposition"] = (
        f'{kind}; filename="command-{file.run_id}.{command_files.SUFFIX[file.Media(file.media)]}"'
    )
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def on_terminal(request: HttpRequest, terminal: Terminal) -> dict[str, Any]:
    """What the block `console/commands/_on_terminal.html` on a terminal's page needs."""
    actor, now = reader(request), timezone.now()
    profile = profile_queries.effective(terminal.area.place.path, now, terminal=terminal.code)
    own = terminal.kind == Terminal.Kind.OWN
    return {
        "command_rows": [
            {"run": run, "state": run_state(run), "label": BY_NAME[run.command.name].label,
             "why": words(reason_text(run.reason))}
            for run in command_queries.recent_runs(actor, terminal.pk)
        ],
        "profile_rows": [one for one in profile if one.origin],
        "profile_defaults": sum(not one.origin for one in profile),
        "may_order": own and any(command_queries.may_order(actor, kind, terminal) for kind in KINDS if kind.offered),
    }  # fmt: skip


urlpatterns = [
    path("commands/", command_list, name="commands"),
    path("commands/new/", command_new, name="command_new"),
    path("commands/new/<str:name>/", command_order, name="command_order"),
    path("commands/<int:pk>/", command_detail, name="command"),
    path("commands/<int:pk>/cancel/", command_cancel, name="command_cancel"),
    path("commands/files/<int:run>/", command_file, name="command_file"),
]
