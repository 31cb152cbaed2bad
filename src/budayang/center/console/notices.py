"""Pages of the notices: the log, one fault's timeline, every message and delivery, and what concerns the reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.incidents import severity_state, where
from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.notice_forms import PreferenceForm
from budayang.center.console.reader import reader
from budayang.center.maintenance import notice_actions as actions
from budayang.center.maintenance import notice_messages
from budayang.center.maintenance import notice_queries as queries
from budayang.center.maintenance.models import Notice, NoticeDelivery, NoticeEvent, NoticeLine, NoticeMessage
from budayang.center.platform import queries as platform
from budayang.center.platform.access import ANY_STAFF, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.roles import FIELD_ROLES, OPERATING_ROLES, Role
from budayang.center.platform.wording import words
from budayang.rules.escalation import BODY_NAMES, STEP_NAMES, StepKind
from budayang.rules.maintenance import SEVERITY_NAMES, Severity
from budayang.rules.notices import CHANNEL_NAMES, GROUP_CHANNELS, MESSAGE_NAMES, RUN_NAMES, SEND_NAMES

CONFIRMERS = frozenset(actions.CONFIRMERS)
TOLD = ANY_STAFF | FIELD_ROLES
"""Whoever can be told of something, and says how."""
RUN_TONES: dict[str, Tone] = {
    "running": "stop",
    "acknowledged": "hand",
    "exhausted": "warn",
    "held": "ask",
    "closed": "ok",
}
SEND_TONES: dict[str, Tone] = {
    "queued": "hand",
    "sending": "hand",
    "sent": "ok",
    "delivered": "ok",
    "failed": "warn",
    "given_up": "stop",
    "cancelled": "ask",
}
ERRORS = {
    "timeout": "对方超时没有应答",
    "connect": "连不上对方",
    "broken": "对方的应答不完整",
    "address": "地址不在允许的范围里",
    "no address": "这个人没有填写地址",
    "keys": "密钥打不开，请重新填写渠道",
    "smtp": "邮件服务器没有收下",
}
EVENTS = {
    "began": "开始通知",
    "waits": "等人确认到",
    "held": "暂不通知",
    "freed": "重新通知",
    "acknowledged": "确认收到",
    "exhausted": "步骤走完，无人确认",
    "closed": "故障恢复",
    "settled": "归因有了证据",
    "undelivered": "没有发成",
    "wrote_alarm": "故障通知写好，发给",
    "wrote_reminder": "未恢复提醒写好，发给",
    "wrote_recovery": "恢复通知写好，发给",
}


def run_state(row: Notice) -> State:
    """Where the telling of a fault stands, by word and shape."""
    return State(RUN_TONES[row.state], words(RUN_NAMES[row.state]))


def send_state(state: str) -> State:
    """Where a delivery stands, by word and shape."""
    return State(SEND_TONES[state], words(SEND_NAMES[state]))


def error_words(error: str) -> str:
    """A class of error for people: "http 401" and robots' own codes stay as they are."""
    return words(ERRORS[error]) if error in ERRORS else error


class _Told:
    """Who was told of the notices of a page, in one query."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}

    def prepare(self, rows: Sequence[Notice]) -> None:
        lines = NoticeLine.objects.filter(notice__in=[one.pk for one in rows], state="sent", kind="alarm")
        found: dict[int, dict[str, None]] = {}
        for line in lines.select_related("staff", "channel").order_by("pk"):
            name = line.staff.name if line.staff else (line.channel.name if line.channel else "")
            found.setdefault(line.notice_id or 0, {})[name] = None
        self.names = {pk: "、".join(names) for pk, names in found.items()}


def _places(actor: Actor) -> list[tuple[str, str]]:
    return [(one.path, one.name) for one in platform.places_visible_to(actor)]


@allow(OPERATING_ROLES)
def notice_list(request: HttpRequest) -> HttpResponse:
    """Every fault that people were to be told of, newest first."""
    actor, told = reader(request), _Told()
    return listing(
        request,
        title=_("通知记录"),
        note=_("一起故障一行：什么时候开始通知、通知了谁、谁确认的。随上级故障停用的现象不单独通知。"),
        columns=(
            Column("title", _("故障"), lambda row: words(row.incident.title), sort="incident__title"),
            Column("where", _("地点"), lambda row: where(row.incident), sort="place_path"),
            Column("severity", _("等级"), lambda row: severity_state(row.severity), sort="severity", kind="state"),
            Column("state", _("状态"), run_state, sort="state", kind="state"),
            Column("told", _("通知了谁"), lambda row: told.names.get(row.pk, "")),
            Column("began", _("开始通知"), lambda row: row.began_at, sort="began_at", kind="moment"),
            Column("by", _("确认人"), lambda row: row.acknowledged_by, sort="acknowledged_by"),
            Column("at", _("确认时间"), lambda row: row.acknowledged_at, sort="acknowledged_at", kind="moment"),
        ),
        queryset=queries.notices_visible_to(actor),
        filters=(
            Filter("state", _("状态"), lambda: _choices(RUN_NAMES), _by("state")),
            Filter("severity", _("等级"), _severities, _by("severity")),
            Filter("place", _("地区"), lambda: _places(actor), _by("place_path__startswith")),
        ),
        search=("incident__title", "incident__terminal__name", "incident__area__name", "acknowledged_by"),
        default_sort="-began",
        row_url=lambda row: reverse("console:notice", args=[row.pk]),
        empty=_("还没有发过通知。有故障时，会按“升级规则”通知当班的人。"),
        export_name=_("通知记录"),
        topic="maintenance",
        actions=(Action(reverse("console:notice_messages"), _("逐条发送记录")),),
        prepare=told.prepare,
    )


def _by(field: str) -> Any:
    def narrow(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(**{field: value})

    return narrow


def _choices(names: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(key, words(word)) for key, word in names.items()]


def _severities() -> list[tuple[str, str]]:
    return [(one.value, words(SEVERITY_NAMES[one])) for one in Severity]


@allow(OPERATING_ROLES)
def delivery_list(request: HttpRequest) -> HttpResponse:
    """Every message × receiver × channel."""
    actor = reader(request)
    return listing(
        request,
        title=_("逐条发送记录"),
        note=_("一条消息发给一个人的一个渠道是一行。号码和邮箱只显示一部分；同一条重发时编号不变。"),
        columns=(
            Column("title", _("消息"), lambda row: row.message.title, sort="message__title"),
            Column("to", _("发给"), _receiver),
            Column("channel", _("渠道"), lambda row: f"{row.channel.name} {row.hint}", sort="channel__name"),
            Column("state", _("状态"), lambda row: send_state(row.state), sort="state", kind="state"),
            Column("attempts", _("次数"), lambda row: row.attempts, sort="attempts", kind="number"),
            Column("error", _("原因"), lambda row: error_words(row.error), sort="error"),
            Column("made", _("写成"), lambda row: row.message.made_at, sort="message__made_at", kind="moment"),
            Column("sent", _("发出"), lambda row: row.sent_at, sort="sent_at", kind="moment"),
        ),
        queryset=queries.deliveries_visible_to(actor),
        filters=(
            Filter("state", _("状态"), lambda: _choices(SEND_NAMES), _by("state")),
            Filter("kind", _("消息种类"), lambda: _choices(MESSAGE_NAMES), _by("message__kind")),
            Filter("channel", _("渠道"), lambda: _choices(CHANNEL_NAMES), _by("channel__kind")),
        ),
        search=("message__title", "message__staff__name", "channel__name"),
        default_sort="-made",
        row_url=lambda row: reverse("console:notice_message", args=[row.message_id]),
        empty=_("还没有发过消息。先在“通知渠道”里添加群机器人、邮件或短信。"),
        export_name=_("通知发送记录"),
        topic="maintenance",
    )


def _receiver(row: NoticeDelivery) -> str:
    return row.message.staff.name if row.message.staff else row.channel.name


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline."""

    at: datetime
    word: str
    who: str
    words: str
    tone: str = ""


def timeline(run: Notice, now: datetime) -> list[Line]:
    """What happened in the telling of a fault, oldest first: the steps, the messages, and what became of each."""
    found = [_event_line(one) for one in run.events.all()]
    sent = NoticeDelivery.objects.filter(message__lines__notice=run).select_related("channel", "message__staff")
    for one in sent.distinct():
        if one.sent_at is None and one.state in ("queued", "cancelled"):
            continue
        name = f"{one.message.staff.name + ' · ' if one.message.staff else ''}{one.channel.name} {one.hint}"
        word, tone = words(SEND_NAMES[one.state]), SEND_TONES[one.state]
        found.append(Line(one.sent_at or one.message.made_at, word, name, error_words(one.error), tone))
    del now
    return sorted(found, key=lambda one: one.at)


def _event_line(row: NoticeEvent) -> Line:
    word, text = words(EVENTS.get(row.what, row.what)), row.words
    if row.what in ("step", "nobody"):
        kind, _bar, detail = row.words.partition("|")
        word, text = words(STEP_NAMES[StepKind(kind)]), _("没有找到人") if row.what == "nobody" else ""
        if detail:
            role = str(Role(detail).label) if detail in set(Role) else words(BODY_NAMES.get(detail, detail))
            word = f"{word}（{role}）"
    elif row.what == "waits":
        text = f"{timezone.localtime(datetime.fromisoformat(row.words)):%m-%d %H:%M}"
    elif row.what == "settled":
        text = words(row.words)
    elif row.what == "began":
        text = _("按“%(name)s”") % {"name": words(row.words)}
    tone = {"acknowledged": "ok", "closed": "ok", "nobody": "warn", "undelivered": "stop", "exhausted": "warn"}
    return Line(row.at, word, row.who, text, tone.get(row.what, ""))


def _run(request: HttpRequest, notice_id: int) -> Notice:
    row = queries.notices_visible_to(reader(request)).filter(pk=notice_id).first()
    if row is None:
        raise Http404
    return row


@allow(OPERATING_ROLES)
def notice_detail(request: HttpRequest, notice_id: int) -> HttpResponse:
    """The telling of one fault: who was told when by what, and who confirmed."""
    actor, row, now = reader(request), _run(request, notice_id), timezone.now()
    bodies = (row.incident.owner_id, row.incident.vendor_id, row.incident.policy.get("responsible_id"))
    may = actor.may(*actions.CONFIRMERS, place_path=row.place_path, organizations=bodies)
    context = {
        "row": row,
        "state": run_state(row),
        "severity": severity_state(row.severity),
        "where": where(row.incident),
        "lines": timeline(row, now),
        "may_confirm": may and row.state in ("running", "exhausted"),
        "policy": words(str(row.policy.get("name", ""))),
    }
    fragment = request.headers.get("HX-Request") == "true"
    return render(request, f"console/notices/{'_notice' if fragment else 'notice'}.html", context)


@allow(CONFIRMERS)
@require_POST
def notice_confirm(request: HttpRequest, notice_id: int) -> HttpResponse:
    """The reader is on it: nobody else is told."""
    row = _run(request, notice_id)
    try:
        first = actions.confirm(reader(request), row, now=timezone.now())
    except Forbidden as error:
        raise Http404 from error
    if first:
        messages.success(request, _("已确认，不再继续通知别人。"))
    else:
        messages.info(request, _("已有人确认，或故障已经恢复。"))
    return redirect("console:notice", row.pk)


@allow(OPERATING_ROLES)
def message_detail(request: HttpRequest, message_id: int) -> HttpResponse:
    """One message as it was sent, without its link: that is the receiver's alone."""
    row = queries.messages_visible_to(reader(request)).filter(pk=message_id).first()
    if row is None:
        raise Http404
    return render(request, "console/notices/message.html", _message_context(row))


def _message_context(row: NoticeMessage) -> dict[str, Any]:
    text = notice_messages.text_of(row)
    link = notice_messages.link_of(row)
    return {
        "row": row,
        "kind": words(MESSAGE_NAMES[row.kind]),
        "to": row.staff.name if row.staff else (row.channel.name if row.channel else ""),
        "body": text.body.replace(link, _("（链接只给收件人）")),
        "deliveries": [(one, send_state(one.state), error_words(one.error)) for one in row.deliveries.all()],
        "runs": queries.runs_of(row),
    }


@allow(TOLD)
def mine(request: HttpRequest) -> HttpResponse:
    """The reader's own notices, and how the reader wants to be told."""
    actor, now = reader(request), timezone.now()
    kept = queries.find_preference(actor.staff_id)
    form = PreferenceForm(request.POST or None, initial=PreferenceForm.values(kept))
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_preference(actor, now=now, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect("console:my_notices")
    rows = NoticeMessage.objects.filter(staff_id=actor.staff_id or 0)
    got = rows.order_by("-pk").prefetch_related("deliveries__channel")
    context = {
        "form": form,
        "inbox": [(row, [send_state(one.state) for one in row.deliveries.all()]) for row in got[:30]],
        "waiting": queries.my_open_messages(actor.staff_id or 0).count(),
        "addresses": queries.addresses_of(actor.staff_id or 0),
        "channels": [one for one in queries.channels_for(actor) if one.kind not in GROUP_CHANNELS],
        "kinds": CHANNEL_NAMES,
        "phone": request.user.phone if hasattr(request.user, "phone") else "",
    }
    return render(request, "console/notices/mine.html", context, status=422 if form.errors else 200)


@allow(TOLD)
@require_POST
def my_confirm(request: HttpRequest, message_id: int) -> HttpResponse:
    """Confirm one of the reader's own messages."""
    actor = reader(request)
    row = NoticeMessage.objects.filter(pk=message_id, staff_id=actor.staff_id or 0).first()
    if row is None:
        raise Http404
    try:
        actions.confirm_by_link(row, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已确认，不再继续通知别人。"))
    return redirect("console:my_notices")


@allow(TOLD)
@require_POST
def my_address(request: HttpRequest) -> HttpResponse:
    """Set, move up or forget one of the reader's own addresses."""
    actor, now = reader(request), timezone.now()
    try:
        channel = queries.channels_for(actor).filter(pk=_number(request.POST.get("channel", ""))).first()
        own = next(
            (one for one in queries.addresses_of(actor.staff_id or 0) if channel and one.channel_id == channel.pk), None
        )
        if channel is None:
            raise Refused(_("请选择渠道。"))
        if request.POST.get("do") == "remove" and own is not None:
            actions.remove_address(actor, own, now=now)
        elif request.POST.get("do") == "first" and own is not None:
            actions.put_first(actor, own, now=now)
        else:
            actions.set_address(actor, channel, request.POST.get("address", ""), now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已保存。"))
    return redirect("console:my_notices")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


urlpatterns = [
    path("notices/", notice_list, name="notices"),
    path("notices/<int:notice_id>/", notice_detail, name="notice"),
    path("notices/<int:notice_id>/confirm/", notice_confirm, name="notice_confirm"),
    path("notices/messages/", delivery_list, name="notice_messages"),
    path("notices/messages/<int:message_id>/", message_detail, name="notice_message"),
    path("my-notices/", mine, name="my_notices"),
    path("my-notices/<int:message_id>/confirm/", my_confirm, name="my_notice_confirm"),
    path("my-notices/address/", my_address, name="my_notice_address"),
]
