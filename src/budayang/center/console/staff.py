"""Pages of people: who signs in, with which roles, where. Granting is the security administrator's alone (等保)."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.forms import GrantForm, PersonForm
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.people import People
from budayang.center.console.reader import reader
from budayang.center.platform import actions, queries
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Role
from budayang.center.platform.models import RoleGrant, Staff

READERS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.SUPERVISOR, Role.AREA_KEEPER})


def _url(person: Staff) -> str:
    return reverse("console:person", args=[person.username])


def _person(request: HttpRequest, username: str) -> Staff:
    person = queries.staff_visible_to(reader(request)).filter(username=username).first()
    if person is None:
        raise Http404
    return person


class _Roles:
    """The roles of a page of people, in one query."""

    def __init__(self) -> None:
        self.words: dict[int, str] = {}

    def prepare(self, people: Sequence[Staff]) -> None:
        held: dict[int, list[str]] = {}
        grants = RoleGrant.objects.filter(staff_id__in=[one.pk for one in people]).select_related("place")
        for grant in grants.order_by("role"):
            held.setdefault(grant.staff_id, []).append(f"{Role(grant.role).label}（{grant.place.name}）")
        self.words = {pk: "、".join(words) for pk, words in held.items()}


@allow(READERS)
def staff_list(request: HttpRequest) -> HttpResponse:
    """People that the reader may see."""
    actor, roles = reader(request), _Roles()
    by_role = Filter(
        "role",
        _("角色"),
        lambda: [(role.value, str(role.label)) for role in Role],
        lambda people, role: people.filter(grants__role=role).distinct(),
    )
    active = Filter(
        "active",
        _("账号"),
        lambda: [("1", _("可登录")), ("0", _("已停用"))],
        lambda people, flag: people.filter(is_active=flag == "1"),
    )
    return listing(
        request,
        title=_("人员与角色"),
        note=_("账号由系统管理员开设，角色由安全管理员授予；系统、安全、审计三类管理员不能由同一人担任。"),
        columns=(
            Column("name", _("姓名"), lambda one: one.name, sort="name"),
            Column("username", _("用户名"), lambda one: one.username, sort="username"),
            Column(
                "organization", _("单位"), lambda one: one.organization and one.organization.name, "organization__name"
            ),
            Column("roles", _("角色与范围"), lambda one: roles.words.get(one.pk) or _("没有角色，登录后看不到数据")),
            Column("active", _("账号"), _account_state, kind="state"),
            Column("seen", _("最近登录"), lambda one: one.last_login, sort="last_login", kind="moment"),
        ),
        queryset=queries.staff_visible_to(actor).select_related("organization"),
        filters=(by_role, active),
        search=("name", "username", "organization__name"),
        default_sort="username",
        row_url=_url,
        empty=_("还没有人员。请系统管理员新建账号。"),
        export_name=_("人员与角色"),
        actions=(Action(reverse("console:person_new"), _("新建账号"), primary=True),)
        if actor.may(Role.SYSTEM_ADMIN)
        else (),
        prepare=roles.prepare,
    )


def _account_state(person: Staff) -> State:
    return State("ok", _("可登录")) if person.is_active else State("stop", _("已停用"))


@allow(READERS)
def person_detail(request: HttpRequest, username: str) -> HttpResponse:
    """One person, with a form to grant a role for those who may."""
    actor, person = reader(request), _person(request, username)
    may_grant = actor.may(Role.SECURITY_ADMIN) and actor.staff_id != person.pk
    form = GrantForm(actor, person, request.POST or None) if may_grant else None
    if request.method == "POST" and form is not None and form.is_valid():
        found = form.cleaned_data
        try:
            actions.grant_role(
                actor,
                person,
                Role(found["role"]),
                found["place"],
                organization=found["organization"],
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已授予“%(role)s”。") % {"role": Role(found["role"]).label})
            return redirect(_url(person))
    grants = list(queries.grants_of(person.pk))
    people = People(grant.granted_by for grant in grants)
    context = {
        "person": person,
        "state": _account_state(person),
        "grants": [(grant, Role(grant.role).label, people.called(grant.granted_by)) for grant in grants],
        "form": form,
        "may_grant": may_grant,
        "is_self": actor.staff_id == person.pk,
        "may_switch": actor.may(Role.SYSTEM_ADMIN) and actor.staff_id != person.pk,
    }
    return render(request, "console/person.html", context, status=422 if form is not None and form.errors else 200)


@allow(Role.SYSTEM_ADMIN)
def person_new(request: HttpRequest) -> HttpResponse:
    """Open an account. It sees nothing until the security administrator grants a role."""
    form = PersonForm(reader(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = actions.add_staff(reader(request), **form.cleaned_data)
        except Refused as refusal:
            form.add_error("username", str(refusal))
        except ValidationError as weak:
            form.add_error("password", weak)
        else:
            messages.success(request, _("账号已开设。请安全管理员授予角色。"))
            return redirect(_url(person))
    context = {
        "form": form,
        "title": _("新建账号"),
        "back_url": reverse("console:staff"),
        "back_word": _("人员与角色"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


@allow(Role.SECURITY_ADMIN)
@require_POST
def grant_withdraw(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Take a role back."""
    grant = RoleGrant.objects.filter(pk=grant_id).select_related("staff", "place").first()
    if grant is None:
        raise Http404
    actions.withdraw_role(reader(request), grant)
    messages.success(request, _("角色已收回，从下一次操作起生效。"))
    return redirect(_url(grant.staff))


@allow(Role.SYSTEM_ADMIN)
@require_POST
def person_switch(request: HttpRequest, username: str) -> HttpResponse:
    """Keep a person out, or let the person in again."""
    person = _person(request, username)
    actions.set_staff_active(reader(request), person, request.POST.get("active") == "1")
    messages.success(request, _("账号可以登录了。") if person.is_active else _("账号已停用，从下一次操作起生效。"))
    return redirect(_url(person))


urlpatterns = [
    path("staff/", staff_list, name="staff"),
    path("staff/new/", person_new, name="person_new"),
    path("staff/<str:username>/", person_detail, name="person"),
    path("staff/<str:username>/switch/", person_switch, name="person_switch"),
    path("grants/<int:grant_id>/withdraw/", grant_withdraw, name="grant_withdraw"),
]
