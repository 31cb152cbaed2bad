"""Writes about what protects people at night: measured tests, keys, cameras."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from budayang.center.maintenance.assigning import manager_of
from budayang.center.maintenance.due_things import keep_thing
from budayang.center.maintenance.help_ending import end_rehearsed
from budayang.center.maintenance.incident_actions import NewIncident, close_incident, open_incident
from budayang.center.maintenance.models import Camera, CameraCheck, DueThing, HelpCall, Incident, KeyHolding, SafetyTest
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization
from budayang.center.platform.queries import parameter
from budayang.center.platform.sealing import seal_field
from budayang.rules.causes import get_cause
from budayang.rules.evidence import Line
from budayang.rules.safety import KEY_KINDS, LONGEST_TEST_S, TESTS, judge_test, next_test_on, playback_days

JOB = Actor.job("maintenance.safety")
TESTERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
KEY_TABLE = "maintenance_key_holding"
FAILED, SHORT = "safety_test_failed", "camera_short"


def _today(area: Any, now: datetime) -> date:
    return now.astimezone(ZoneInfo(area.place.zone)).date()


@transaction.atomic
def start_test(actor: Actor, area: Any, kind: str, *, now: datetime) -> SafetyTest:
    """The tester pressed the button, or cut the power, at this moment."""
    actor.require(*TESTERS, place_path=area.place.path)
    if kind not in TESTS:
        raise Refused(_("没有这种测试。"))
    limit_s = float(parameter(TESTS[kind].limit, area.place.path, now))
    try:
        with transaction.atomic():
            row = SafetyTest.objects.create(
                area=area, kind=kind, started_at=now, started_by=actor.label or actor.name, limit_s=limit_s
            )
    except IntegrityError:
        raise Refused(_("这里正在测这一项，请先结束那一次。")) from None
    _audit(actor, "start_safety_test", f"safety_test:{row.pk}", area, now, kind=kind)
    return row


@transaction.atomic
def end_test(actor: Actor, row: SafetyTest, *, answered: bool, note: str = "", now: datetime) -> SafetyTest:
    """Somebody answered, or the door opened (`answered`), or nothing came. The seconds between both presses count.

    A test that nobody ended for LONGEST_TEST_S counts as not answered: the tester went away, or it never came.
    """
    actor.require(*TESTERS, place_path=row.area.place.path)
    seconds: float | None = (now - row.started_at).total_seconds()
    if not answered or seconds is None or seconds > LONGEST_TEST_S:
        seconds = None
    row = _end(actor, row, seconds, note, now)
    by = "" if seconds is None else actor.label or actor.name
    end_rehearsed(HelpCall.objects.filter(test=row), now, answered_by=by)
    return row


def running_test(area_id: int, kind: str, at: datetime) -> SafetyTest | None:
    """The test of an area to which a press at a moment belongs."""
    since = at - timedelta(seconds=LONGEST_TEST_S)
    # The press and the tester's button are pressed together: either may be a little earlier by its own clock.
    rows = SafetyTest.objects.filter(area_id=area_id, kind=kind, ended_at__isnull=True, started_at__gte=since)
    return rows.select_related("area__place").first()


@transaction.atomic
def end_measured(row: SafetyTest, *, seconds: float, now: datetime) -> SafetyTest | None:
    """The button itself told of its press and somebody answered: these seconds count. None when a person ended the test
    meanwhile.
    """
    if SafetyTest.objects.filter(pk=row.pk, ended_at__isnull=True).exists():
        with override(settings.LANGUAGE_CODE):
            note = _("由按钮自己上报的按下时刻计时")
        return _end(JOB, row, seconds, note, now)
    return None


def _end(actor: Actor, row: SafetyTest, seconds: float | None, note: str, now: datetime) -> SafetyTest:
    area = row.area
    passed = judge_test(seconds, row.limit_s)
    ended = SafetyTest.objects.filter(pk=row.pk, ended_at__isnull=True).update(
        ended_at=now, seconds=seconds, passed=passed, note=note.strip()[:200]
    )
    if not ended:
        raise Refused(_("这次测试已经结束。"))
    row.refresh_from_db()
    subject = f"safety_test:{area.code}/{row.kind}"
    if passed:
        _close(subject, FAILED, now)
    else:
        with override(settings.LANGUAGE_CODE):  # stored words are everybody's: pages say them in the reader's language
            what = _("没有人应答或没有打开") if seconds is None else _("用了 %(n)s 秒") % {"n": f"{seconds:.0f}"}
            title = _("%(test)s没有通过：%(what)s") % {"test": TESTS[row.kind].name, "what": what}
        _open(area, subject, FAILED, title, now)
    _ask_again(row, now)
    _audit(actor, "end_safety_test", f"safety_test:{row.pk}", area, now, passed=passed)
    return row


def _ask_again(row: SafetyTest, now: datetime) -> None:
    """The day by which it is tested again stands among the things with a day; overdue it becomes an order there. A test
    that failed does not push the day away.
    """
    kind, today = TESTS[row.kind], _today(row.area, now)
    thing = DueThing.objects.filter(area=row.area, kind=kind.thing, retired_at__isnull=True).first()
    if thing is not None and not row.passed:
        return
    every_d = float(parameter(kind.every, row.area.place.path, now)) if row.passed else 0
    new = thing or DueThing(area=row.area)
    name = thing.name if thing is not None else kind.name
    keep_thing(JOB, new, kind=kind.thing, name=name, due_on=next_test_on(today, every_d), now=now)


@transaction.atomic
def give_key(
    actor: Actor, area: Any, *, kind: str, label: str, holder: str, organization: Organization | None, now: datetime
) -> KeyHolding:
    """Somebody gets a key or a card."""
    actor.require(*TESTERS, place_path=area.place.path)
    if kind not in KEY_KINDS:
        raise Refused(_("请选择是钥匙、门禁卡还是密码。"))
    if not label.strip() or not holder.strip():
        raise Refused(_("请写明哪一把、交给谁。"))
    number = uuid.uuid4().hex
    try:
        with transaction.atomic():
            row = KeyHolding.objects.create(
                number=number, area=area, kind=kind, label=label.strip()[:60], organization=organization,
                holder_sealed=seal_field(KEY_TABLE, number, "holder", holder.strip()[:40]), given_at=now,
                given_by=actor.label or actor.name,
            )  # fmt: skip
    except IntegrityError:
        raise Refused(_("“%(label)s”还在别人手里，请先登记归还。") % {"label": label.strip()}) from None
    _audit(actor, "give_key", f"key:{number}", area, now, kind=kind, label=row.label)
    return row


@transaction.atomic
def return_key(actor: Actor, row: KeyHolding, *, now: datetime) -> KeyHolding:
    """It came back."""
    actor.require(*TESTERS, place_path=row.area.place.path)
    back = {"returned_at": now, "returned_to": actor.label or actor.name}
    if not KeyHolding.objects.filter(pk=row.pk, returned_at__isnull=True).update(**back):
        raise Refused(_("已经登记归还。"))
    row.refresh_from_db()
    _audit(actor, "return_key", f"key:{row.number}", row.area, now, label=row.label)
    return row


@transaction.atomic
def keep_camera(
    actor: Actor, row: Camera, *, name: str, covers: str, recorder: str, keep_d: int, now: datetime
) -> Camera:
    """Write a camera down, or change what is known of it. Less than the edition's days cannot be promised."""
    area = row.area
    actor.require(*TESTERS, place_path=area.place.path)
    least = int(parameter("camera_keep_d", area.place.path, now))
    if keep_d < least:
        raise Refused(_("录像至少保存 %(n)s 天（JB-27），请写不少于这个数。") % {"n": least})
    if not name.strip() or not covers.strip():
        raise Refused(_("请写明摄像头的名称和照着哪里。"))
    known = bool(row.made_by)
    if known and not Camera.objects.select_for_update().filter(pk=row.pk, retired_at=None).exists():
        raise Refused(_("它刚刚已被登记为不在了。还在的话，请重新登记一件。"))
    row.name, row.covers, row.recorder, row.keep_d = (
        name.strip()[:40],
        covers.strip()[:80],
        recorder.strip()[:60],
        keep_d,
    )
    if not known:
        row.made_at, row.made_by = now, actor.name
    try:
        with transaction.atomic():
            row.save(update_fields=["name", "covers", "recorder", "keep_d"] if known else None)
    except IntegrityError:
        raise Refused(_("这里已经有叫“%(name)s”的摄像头。") % {"name": row.name}) from None
    _audit(actor, "keep_camera", f"camera:{row.pk}", area, now, keep_d=keep_d)
    return row


@transaction.atomic
def retire_camera(actor: Actor, row: Camera, *, now: datetime) -> Camera:
    """It is not there any more."""
    actor.require(*TESTERS, place_path=row.area.place.path)
    Camera.objects.filter(pk=row.pk).update(retired_at=now)
    _close(f"camera:{row.pk}", SHORT, now)
    _audit(actor, "retire_camera", f"camera:{row.pk}", row.area, now)
    row.refresh_from_db()
    return row


@transaction.atomic
def check_camera(
    actor: Actor, row: Camera, *, online: bool, earliest_on: date | None, note: str = "", now: datetime
) -> CameraCheck:
    """Somebody looked. A camera that is off line, or a recording that reaches less far than promised, is a fault until
    a later look finds it well. A camera that was put in later than that many days ago cannot reach further.
    """
    actor.require(*TESTERS, place_path=row.area.place.path)
    today = _today(row.area, now)
    if online and earliest_on is None:
        raise Refused(_("请写能回放到的最早一天。"))
    if earliest_on is not None and earliest_on > today:
        raise Refused(_("最早回放的日期不会在今天以后。"))
    days = playback_days(earliest_on, today) if earliest_on is not None else None
    due_d = min(row.keep_d, (today - row.made_at.astimezone(ZoneInfo(row.area.place.zone)).date()).days)
    ok = online and days is not None and days >= due_d
    check = CameraCheck.objects.create(
        camera=row, at=now, by=actor.label or actor.name, online=online, earliest_on=earliest_on, days=days, ok=ok,
        note=note.strip()[:120],
    )  # fmt: skip
    subject = f"camera:{row.pk}"
    if ok:
        _close(subject, SHORT, now)
    else:
        with override(settings.LANGUAGE_CODE):
            what = _("离线") if not online else _("只能回放 %(n)s 天，应有 %(m)s 天") % {"n": days, "m": due_d}
        _open(row.area, subject, SHORT, f"{row.name}：{what}", now)
    _audit(actor, "check_camera", subject, row.area, now, online=online, days=days)
    return check


def _open(area: Any, subject: str, kind: str, title: str, now: datetime) -> None:
    manager_id = area.manager_id or manager_of(area.place.path)
    found = NewIncident(
        kind=get_cause(kind),
        subject=subject,
        component="safety",
        opened_at=now,
        place_path=area.place.path,
        area_id=area.pk,
        owner_id=manager_id,
        responsible_id=manager_id,
        title=title[:80],
        evidence=(Line(now, "person", "person", title[:80]),),
    )
    open_incident(JOB, found, cause=None, now=now)


def _close(subject: str, kind: str, now: datetime) -> None:
    for one in Incident.objects.filter(subject=subject, kind=kind, state="open"):
        close_incident(JOB, one, closed_at=now, now=now)


def _audit(actor: Actor, what: str, subject: str, area: Any, now: datetime, **details: Any) -> None:
    record(actor, f"maintenance.{what}", subject=subject, place_path=area.place.path, details=details, at=now)
