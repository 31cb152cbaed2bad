"""Pages that set notices up: escalation policies with their steps, and the channels out of the house."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.listing import State
from budayang.center.console.notice_forms import ChannelForm, read_steps, rearrange, severity_choices
from budayang.center.console.notices import error_words, send_state
from budayang.center.console.reader import reader
from budayang.center.maintenance import notice_actions as actions
from budayang.center.maintenance import notice_queries as queries
from budayang.center.maintenance.channels.kinds import KINDS
from budayang.center.maintenance.models import EscalationPolicy, NoticeChannel, NoticeDelivery
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.roles import BODY_ROLES, OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.rules import escalation
from budayang.rules.escalation import BODY_NAMES, OTHERWISE_NAMES, SHIPPED, STEP_NAMES, Step, StepKind
from budayang.rules.maintenance import SEVERITY_NAMES, Severity
from budayang.rules.notices import CHANNEL_NAMES, GROUP_CHANNELS

EDITORS = frozenset(actions.EDITORS)
CHANNEL_READERS = OPERATING_ROLES - BODY_ROLES | {Role.SYSTEM_ADMIN}
TESTERS = frozenset(actions.TESTERS)
ROLES = (Role.AREA_KEEPER, Role.SUPERVISOR, Role.OWNER_UNIT, Role.VENDOR_ENGINEER, Role.SYSTEM_ADMIN)


def _names(actor: Actor) -> dict[str, str]:
    """What people call the roles, persons and channels of steps."""
    found = {f"role:{one.value}": str(one.label) for one in ROLES}
    found |= {f"staff:{one.pk}": one.name for one in platform.staff_visible_to(actor)}
    return found | {f"channel:{one.pk}": one.name for one in queries.channels_visible_to(actor)}


@allow(OPERATING_ROLES)
def policy_list(request: HttpRequest) -> HttpResponse:
    """Every policy as a sentence, and what holds where nobody wrote one."""
    actor = reader(request)
    names = _names(actor)
    rows = [
        {
            "row": row,
            "severity": words(SEVERITY_NAMES[Severity(row.severity)]) if row.severity else _("全部等级"),
            "sentence": words(escalation.describe([queries.step_of(one) for one in row.steps.all()], names)),
            "may_edit": actor.may(*actions.EDITORS, place_path=row.place.path),
            "url": f"{reverse('console:escalation_edit')}?policy={row.pk}",
        }
        for row in queries.policies_visible_to(actor)
    ]
    context = {
        "title": _("升级规则"),
        "rows": rows,
        "shipped": [
            (words(SEVERITY_NAMES[one]), words(escalation.describe(SHIPPED[one], names)), one.value) for one in Severity
        ],
        "may_write": actor.may(*actions.EDITORS),
    }
    return render(request, "console/notices/policies.html", context)


@allow(EDITORS)
def policy_edit(request: HttpRequest) -> HttpResponse:
    """The steps of a policy: add, remove, move, and read as a sentence before anything is saved."""
    actor = reader(request)
    kept = _policy(request, actor)
    posted = request.POST
    order = posted.get("do", "")
    if request.method == "POST":
        steps = rearrange(read_steps(posted), order)
        head = {name: posted.get(name, "") for name in ("name", "place", "organization", "severity")}
    else:
        steps, head = _begin(request, kept)
    problems = escalation.problems(steps) if order == "save" else []
    if order == "save" and not problems:
        done = _save(request, actor, head, steps, problems)
        if done is not None:
            return done
    context = {
        "title": _("修改升级规则") if kept else _("新的升级规则"),
        "head": head,
        "places": platform.places_visible_to(actor),
        "organizations": platform.organizations_visible_to(actor),
        "severities": severity_choices(),
        "steps": [_shown_step(number, one, len(steps)) for number, one in enumerate(steps)],
        "sentence": words(escalation.describe(steps, _names(actor))),
        "problems": [words(one) for one in problems],
        "kinds": [(one.value, words(word)) for one, word in STEP_NAMES.items()],
        "bodies": [(key, words(word)) for key, word in BODY_NAMES.items()],
        "roles": [(one.value, str(one.label)) for one in ROLES],
        "people": platform.staff_visible_to(actor).filter(is_active=True).order_by("name"),
        "groups": [one for one in queries.channels_visible_to(actor) if one.kind in GROUP_CHANNELS],
        "otherwise": [(one.value, words(word)) for one, word in OTHERWISE_NAMES.items()],
        "kept": kept,
    }
    return render(request, "console/notices/policy.html", context, status=422 if problems else 200)


def _policy(request: HttpRequest, actor: Actor) -> EscalationPolicy | None:
    wanted = request.GET.get("policy", "")
    if not wanted.isdecimal():
        return None
    row = queries.policies_visible_to(actor).filter(pk=int(wanted)).first()
    if row is None:
        raise Http404
    return row


def _begin(request: HttpRequest, kept: EscalationPolicy | None) -> tuple[list[Step], dict[str, str]]:
    """What is shown first: the policy that is kept, else what ships for the severity."""
    if kept is not None:
        head = {
            "name": kept.name,
            "place": kept.place.code,
            "organization": kept.organization.code if kept.organization else "",
            "severity": kept.severity,
        }
        return [queries.step_of(one) for one in kept.steps.all()], head
    severity = request.GET.get("severity", "")
    known = severity if severity in set(Severity) else Severity.SERIOUS.value
    head = {"name": "", "place": "", "organization": "", "severity": severity if severity in set(Severity) else ""}
    return list(SHIPPED[Severity(known)]), head


def _save(
    request: HttpRequest, actor: Actor, head: dict[str, str], steps: list[Step], problems: list[str]
) -> HttpResponse | None:
    place = platform.places_visible_to(actor).filter(code=head["place"]).first()
    body = platform.organizations_visible_to(actor).filter(code=head["organization"]).first()
    if place is None:
        problems.append("请选择范围")
        return None
    try:
        actions.set_policy(
            actor,
            place=place,
            organization=body,
            severity=head["severity"] if head["severity"] in set(Severity) else "",
            name=head["name"] or place.name,
            steps=steps,
            now=timezone.now(),
        )
    except Refused as refusal:
        problems.append(str(refusal))
        return None
    messages.success(request, _("已保存，从下一起故障起生效。"))
    return redirect("console:escalation")


def _shown_step(number: int, step: Step, count: int) -> dict[str, Any]:
    return {
        "number": number,
        "step": step,
        "kind": step.kind.value,
        "name": words(STEP_NAMES[step.kind]),
        "minutes": step.wait_s // 60,
        "opens": f"{step.opens:%H:%M}" if step.opens else "",
        "closes": f"{step.closes:%H:%M}" if step.closes else "",
        "first": number == 0,
        "last": number == count - 1,
        "asks_body": step.kind in (StepKind.TELL_ON_DUTY, StepKind.TELL_NEXT),
    }


@allow(EDITORS)
@require_POST
def policy_remove(request: HttpRequest, policy_id: int) -> HttpResponse:
    """Take a policy away: the one above it holds again."""
    row = queries.policies_visible_to(reader(request)).filter(pk=policy_id).first()
    if row is None:
        raise Http404
    actions.remove_policy(reader(request), row, now=timezone.now())
    messages.success(request, _("已删除，改用上一级的规则。"))
    return redirect("console:escalation")


@allow(CHANNEL_READERS)
def channel_list(request: HttpRequest) -> HttpResponse:
    """The channels with their last deliveries."""
    actor = reader(request)
    rows = list(queries.channels_visible_to(actor))
    context = {
        "title": _("通知渠道"),
        "rows": [_shown_channel(actor, one) for one in rows],
        "kinds": [(code, words(word)) for code, word in CHANNEL_NAMES.items()],
        "may_write": actor.may(*actions.CHANNEL_KEEPERS),
    }
    return render(request, "console/notices/channels.html", context)


def _shown_channel(actor: Actor, row: NoticeChannel) -> dict[str, Any]:
    return {
        "row": row,
        "kind": words(CHANNEL_NAMES[row.kind]),
        "state": State("ok", _("在用")) if row.is_active else State("ask", _("已停用")),
        "last": _last(row),
        "may_write": actor.may(*actions.CHANNEL_KEEPERS, place_path=row.place.path),
        "may_test": actor.may(*actions.TESTERS, place_path=row.place.path),
    }


def _last(row: NoticeChannel) -> tuple[NoticeDelivery, State, str] | None:
    found = NoticeDelivery.objects.filter(channel=row).select_related("message").order_by("-pk").first()
    return (found, send_state(found.state), error_words(found.error)) if found else None


@allow(Role.SYSTEM_ADMIN)
def channel_new(request: HttpRequest) -> HttpResponse:
    """Add a channel of a kind."""
    kind = request.GET.get("kind", "")
    if kind not in KINDS:
        raise Http404
    form = ChannelForm(reader(request), kind, request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            actions.add_channel(
                reader(request),
                kind=kind,
                name=found["name"],
                place=found["place"],
                values=form.values(),
                per_minute=found["per_minute"],
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已添加。请发一条测试消息，看能不能收到。"))
            return redirect("console:channels")
    return _channel_form(request, form, words(CHANNEL_NAMES[kind]))


def _channel_form(request: HttpRequest, form: ChannelForm, title: str) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "note": _("密钥和地址加密保存，以后不再显示。"),
        "back_url": reverse("console:channels"),
        "back_word": _("通知渠道"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


def _channel(request: HttpRequest, channel_id: int) -> NoticeChannel:
    row = queries.channels_visible_to(reader(request)).filter(pk=channel_id).first()
    if row is None:
        raise Http404
    return row


@allow(Role.SYSTEM_ADMIN)
def channel_edit(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Rename a channel or give it new keys."""
    row = _channel(request, channel_id)
    initial = {"name": row.name, "per_minute": row.per_minute}
    form = ChannelForm(reader(request), row.kind, request.POST or None, changing=True, initial=initial)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            actions.change_channel(
                reader(request),
                row,
                name=found["name"],
                values=form.values(),
                per_minute=found["per_minute"],
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存。"))
            return redirect("console:channels")
    return _channel_form(request, form, row.name)


@allow(Role.SYSTEM_ADMIN)
@require_POST
def channel_switch(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Stop using a channel, or use it again."""
    row = _channel(request, channel_id)
    actions.switch_channel(reader(request), row, active=request.POST.get("active") == "1", now=timezone.now())
    messages.success(request, _("渠道已启用。") if row.is_active else _("渠道已停用。"))
    return redirect("console:channels")


@allow(TESTERS)
@require_POST
def channel_test(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Send a test message; its result is shown by the page that follows."""
    try:
        message = actions.send_test(reader(request), _channel(request, channel_id), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("console:channels")
    return redirect("console:channel_result", channel_id, message.pk)


@allow(TESTERS)
def channel_result(request: HttpRequest, channel_id: int, message_id: int) -> HttpResponse:
    """What became of a test message; asks again by itself until it is known."""
    row = _channel(request, channel_id)
    found = NoticeDelivery.objects.filter(channel=row, message_id=message_id, message__kind="test").first()
    if found is None:
        raise Http404
    context = {
        "row": row,
        "delivery": found,
        "state": send_state(found.state),
        "error": error_words(found.error),
        "running": found.state in ("queued", "sending"),
    }
    fragment = request.headers.get("HX-Request") == "true"
    return render(request, f"console/notices/{'_result' if fragment else 'result'}.html", context)


urlpatterns = [
    path("escalation/", policy_list, name="escalation"),
    path("escalation/edit/", policy_edit, name="escalation_edit"),
    path("escalation/<int:policy_id>/remove/", policy_remove, name="escalation_remove"),
    path("channels/", channel_list, name="channels"),
    path("channels/new/", channel_new, name="channel_new"),
    path("channels/<int:channel_id>/", channel_edit, name="channel"),
    path("channels/<int:channel_id>/switch/", channel_switch, name="channel_switch"),
    path("channels/<int:channel_id>/test/", channel_test, name="channel_test"),
    path("channels/<int:channel_id>/test/<int:message_id>/", channel_result, name="channel_result"),
]
