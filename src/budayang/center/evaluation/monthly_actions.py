"""Writes about monthly reports: ask, make, cancel, publish, hold against the rows of now, plan by place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.evaluation.models import MonthlyCorrection, MonthlyPlan, MonthlyReport
from budayang.center.evaluation.monthly_making import ALL_STEPS, compute
from budayang.center.evaluation.monthly_queries import ON_THE_WAY, READERS
from budayang.center.evaluation.monthly_rows import JOB, Month
from budayang.center.maintenance import hours_queries
from budayang.center.maintenance.telling_actions import tell_readers
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Place, Work
from budayang.center.platform.queries import parameter, place_chain
from budayang.center.platform.works import Progress, cancel_work, long_work, request_work
from budayang.rules.monthly import changes, digest, month_before, plain, read
from budayang.rules.notices import Fact

MAKE, CHECK = "evaluation.monthly", "evaluation.monthly_check"
MAKERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
PUBLISHERS = (Role.SUPERVISOR,)
CHECK_EVERY = timedelta(days=1)
CHECK_FOR = timedelta(days=100)
"""As long as late data still changes settled days (parameter `hours_back_d`), and some days more."""
AT = time(6)
PLACES_AT_ONCE = 20
TRY_AGAIN, TRY_FOR = timedelta(days=1), timedelta(days=7)
"""What failed by plan is made again a day later, for a week; then the plan goes on without it."""


def _subject(row: MonthlyReport) -> str:
    return f"monthly:{row.place.code}/{row.month:%Y-%m}"


def _record(actor: Actor, what: str, row: MonthlyReport, now: datetime, **details: object) -> None:
    record(
        actor, f"evaluation.monthly_{what}", subject=_subject(row), place_path=row.place_path, details=details, at=now
    )


@transaction.atomic
def ask(actor: Actor, place: Place, month: date, *, now: datetime) -> MonthlyReport:
    """Have a report made, or made anew while it is a draft. One that is on its way is not made twice.

    Raises:
        Refused: for a month that has not begun, and for a published report, which is never made anew.
    """
    actor.require(*MAKERS, place_path=place.path)
    month = month.replace(day=1)
    if month > now.astimezone(ZoneInfo(place.zone)).date():
        raise Refused(_("这个月还没有开始，请选本月或以前的月份。"))
    mine = MonthlyReport.objects.select_for_update(of=("self",)).filter(place=place, month=month)
    row = mine.select_related("work").first()
    if row is None:
        row = MonthlyReport(place=place, place_path=place.path, month=month)
    elif row.state == "published":
        raise Refused(_("这份月报已经发布，不再改动；发布后的更正在月报页上单列。"))
    elif row.work is not None and row.work.state in ON_THE_WAY:
        return row
    row.asked_at, row.asked_by = now, actor.label or actor.name
    row.save()
    title = _("月报：%(place)s %(month)s") % {"place": place.name, "month": f"{month:%Y-%m}"}
    row.work = request_work(actor, MAKE, title[:120], {"report": row.pk}, now=now, place=place)
    row.save(update_fields=["work"])
    _record(actor, "asked", row, now)
    return row


@transaction.atomic
def cancel(actor: Actor, row: MonthlyReport, *, now: datetime) -> None:
    """Stop making it; a draft that is there stays."""
    actor.require(*MAKERS, place_path=row.place_path)
    if row.work is None or row.work.state not in ON_THE_WAY:
        raise Refused(_("这份月报已经不在制作，请刷新页面再看。"))
    cancel_work(actor, row.work, now)


@long_work(MAKE)
def make(progress: Progress, arguments: dict[str, Any]) -> dict[str, Any]:
    """Compute and keep a draft. Started again it computes again; what was published meanwhile stays."""
    row = MonthlyReport.objects.select_related("place").get(pk=arguments["report"])
    if row.state == "published":
        return {"published": True}
    progress.begin(ALL_STEPS)
    now = timezone.now()
    content = plain(compute(row.place, row.month, now, _ticker(progress, ALL_STEPS)))
    with transaction.atomic():
        kept = {"content": content, "sha256": digest(content), "made_at": now, "state": "draft"}
        MonthlyReport.objects.filter(pk=row.pk).exclude(state="published").update(**kept)
        _record(JOB, "made", row, now, sha256=kept["sha256"])
    return {"sha256": kept["sha256"]}


def _ticker(progress: Progress, steps: int) -> Callable[[], None]:
    """Counts the steps that were announced; further ones only renew the lease."""
    left = steps

    def tick() -> None:
        nonlocal left
        progress.step(1 if left > 0 else 0)
        left -= 1

    return tick


@transaction.atomic
def publish(actor: Actor, row: MonthlyReport, *, sha256: str, now: datetime) -> MonthlyReport:
    """Freeze the draft that the actor has seen (`sha256`) and send it to its readers.

    Raises:
        Refused: when the month is not over, its days are not settled, or the draft is another one by now.
    """
    actor.require(*PUBLISHERS, place_path=row.place_path)
    month = Month(row.place, row.month, now)
    if now < month.ends:
        raise Refused(_("这个月还没有过完，过完再发布；现在的是草稿。"))
    if row.made_at is None or row.made_at < month.ends:
        raise Refused(_("草稿是月底以前做的，请重新制作再发布。"))
    if not hours_queries.settled_by(row.place_path, month.last, row.made_at):
        raise Refused(_("做草稿时，这个月的可用时间还没有结算完。请等结算后重新制作再发布。"))
    check_at = now + CHECK_EVERY
    stamp = {"state": "published", "published_at": now, "published_by": actor.label or actor.name, "check_at": check_at}
    # The hash stands in the condition: whoever pressed has read just this content.
    if MonthlyReport.objects.filter(pk=row.pk, state="draft", sha256=sha256).update(**stamp) != 1:
        raise Refused(_("草稿刚刚有了变化，或已经发布。请刷新页面，看过再发布。"))
    row.refresh_from_db()
    _record(actor, "published", row, now, sha256=row.sha256)
    emit(
        "evaluation.monthly_published", subject=_subject(row), place_path=row.place_path,
        payload={"report": row.pk, "bears_on": [month.start.isoformat()]}, occurred_at=now, now=now,
    )  # fmt: skip
    _tell(actor, row, now)
    return row


def _tell(actor: Actor, row: MonthlyReport, now: datetime) -> None:
    """One line for each reader of the place and each group of it; several reports go in one message."""
    told = {"month": f"{row.month:%Y-%m}"}
    fact = Fact(
        title=_("%(month)s 月报已发布") % told,
        where=row.place.name,
        severity="general",
        since=now,
        note=_("在管理平台“评价与改进 → 月报”里看，可下载 Word、PDF 和 Excel。"),
    )
    tell_readers(actor, READERS, row.place_path, fact, kind="monthly", topic=f"monthly:{row.pk}", now=now)


# Corrections ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def ask_check(actor: Actor, row: MonthlyReport, *, now: datetime) -> MonthlyReport:
    """Have a published report held against the rows of now."""
    actor.require(*READERS, place_path=row.place_path)
    if row.state != "published":
        raise Refused(_("还没有发布，没有可以核对的；重新制作就是最新的。"))
    if row.work is not None and row.work.state in ON_THE_WAY:
        return row
    title = _("核对月报：%(place)s %(month)s") % {"place": row.place.name, "month": f"{row.month:%Y-%m}"}
    row.work = request_work(actor, CHECK, title[:120], {"report": row.pk}, now=now, place=row.place)
    row.save(update_fields=["work"])
    return row


@long_work(CHECK)
def check(progress: Progress, arguments: dict[str, Any]) -> dict[str, Any]:
    """Compute a published report anew as of its own moment; what differs from the last told is written down."""
    row = MonthlyReport.objects.select_related("place").get(pk=arguments["report"])
    if row.state != "published" or row.content is None or row.made_at is None:
        return {"changes": 0}
    progress.begin(ALL_STEPS)
    report = compute(row.place, row.month, row.made_at, _ticker(progress, ALL_STEPS))
    now, found = timezone.now(), changes(read(row.content), report)
    marks = digest({"changes": [asdict(one) for one in found]})
    with transaction.atomic():
        MonthlyReport.objects.filter(pk=row.pk).update(checked_at=now)
        last = row.corrections.first()
        if (last.sha256 if last else digest({"changes": []})) != marks:
            MonthlyCorrection.objects.create(
                report=row, found_at=now, changes=[asdict(one) for one in found], sha256=marks
            )
            _record(JOB, "corrected", row, now, changes=len(found))
    return {"changes": len(found)}


# By plan --------------------------------------------------------------------------------------------------------------


def next_due(place: Place, now: datetime) -> datetime:
    """The next moment at which last month's reports are made: the day of `monthly_day`, 06:00 of the place's clock."""
    zone = ZoneInfo(place.zone)
    local = now.astimezone(zone)
    day = int(parameter("monthly_day", place.path, now))
    at = datetime.combine(local.date().replace(day=day), AT, zone)
    if at <= local:
        following = (local.date().replace(day=28) + timedelta(days=7)).replace(day=1)
        at = datetime.combine(following.replace(day=day), AT, zone)
    return at.astimezone(UTC)


@transaction.atomic
def plan(actor: Actor, place: Place, *, now: datetime) -> MonthlyPlan:
    """Make the reports of a place and of everything below it each month."""
    actor.require(*PUBLISHERS, place_path=place.path)
    above = MonthlyPlan.objects.filter(place__path__in=place_chain(place.path)[:-1]).select_related("place").first()
    if above is not None:
        raise Refused(_("“%(place)s”已经安排每月制作，这里也包括在内。") % {"place": above.place.name})
    kept = {"due_at": next_due(place, now), "made_at": now, "made_by": actor.label or actor.name}
    row, made = MonthlyPlan.objects.get_or_create(place=place, defaults=kept)
    if made:
        record(actor, "evaluation.monthly_planned", subject=f"place:{place.code}", place_path=place.path, at=now)
    return row


@transaction.atomic
def unplan(actor: Actor, row: MonthlyPlan, *, now: datetime) -> None:
    """Stop making them by themselves."""
    actor.require(*PUBLISHERS, place_path=row.place.path)
    record(actor, "evaluation.monthly_unplanned", subject=f"place:{row.place.code}", place_path=row.place.path, at=now)
    row.delete()


def run_plans(now: datetime) -> int:
    """Ask for the reports of the plans that are due, some places a turn; what failed is asked for again each day. When
    its reports are there, a plan moves on to the next month, also to one that an outage skipped, and tells who may
    publish. Returns how many were asked for.
    """
    asked = 0
    for row in MonthlyPlan.objects.filter(due_at__lte=now).select_related("place").order_by("due_at"):
        month = month_before(row.due_at.astimezone(ZoneInfo(row.place.zone)).date().replace(day=1))
        # A draft that somebody made before the month's end is not the month's report.
        after = Month(row.place, month, now).ends
        there = Q(state="published") | Q(made_at__gte=after)
        again = Q(work__state=Work.State.FAILED, work__finished_at__lte=now - TRY_AGAIN)
        mine = MonthlyReport.objects.filter(place_path__startswith=row.place.path, month=month)
        known = mine.filter(there | (Q(asked_at__gte=row.due_at) & ~again)).values("place_id")
        left = Place.objects.filter(path__startswith=row.place.path).exclude(pk__in=known).order_by("path")
        for place in left[:PLACES_AT_ONCE]:
            ask(JOB, place, month, now=now)
            asked += 1
        failed = mine.filter(work__state=Work.State.FAILED).exclude(there).count()
        waits = failed and now < row.due_at + TRY_FOR
        if not waits and not left.exists() and not mine.filter(work__state__in=ON_THE_WAY).exists():
            _move_on(row, month, mine.filter(there, state="draft").count(), failed, now)
    return asked


@transaction.atomic
def _move_on(row: MonthlyPlan, month: date, drafts: int, failed: int, now: datetime) -> None:
    following = next_due(row.place, row.due_at)
    if MonthlyPlan.objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=following) != 1:
        return
    note = _("%(n)d 份草稿已做好，看过以后发布。") % {"n": drafts}
    if failed:
        note += _("%(n)d 份没有做成，请在月报页重新制作；仍不成时请找系统管理员看运行日志。") % {"n": failed}
    fact = Fact(
        title=_("%(month)s 月报等待发布") % {"month": f"{month:%Y-%m}"}, where=row.place.name, severity="general",
        since=now, note=note,
    )  # fmt: skip
    topic = f"monthly-plan:{row.pk}:{month:%Y-%m}"
    tell_readers(JOB, PUBLISHERS, row.place.path, fact, kind="monthly", topic=topic, now=now)


def run_checks(now: datetime) -> int:
    """Hold published reports against the rows of now, each once a day until late data changes nothing any more."""
    due = list(MonthlyReport.objects.filter(check_at__lte=now).select_related("place", "work").order_by("check_at")[:5])
    for row in due:
        ended = row.published_at is None or now - row.published_at > CHECK_FOR
        with transaction.atomic():
            MonthlyReport.objects.filter(pk=row.pk, check_at=row.check_at).update(
                check_at=None if ended else now + CHECK_EVERY
            )
            if not ended:
                ask_check(JOB, row, now=now)
    return len(due)


@transaction.atomic
def note_download(actor: Actor, row: MonthlyReport, form: str, *, now: datetime) -> None:
    """Who took which report away in which form."""
    _record(actor, "downloaded", row, now, form=form)
