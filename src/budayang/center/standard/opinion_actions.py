"""Writes of opinions: open a round, take what anybody sends, type one in, decide with a reason, set aside.

Nobody is turned away: beyond the limits an opinion is kept all the same and waits for a person. A network address is
never written down; a count by its keyed hash stays for an hour.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.limits import count_within
from budayang.center.platform.sealing import lookup_hash
from budayang.center.platform.wording import words
from budayang.center.services.promise_numbers import make_number
from budayang.center.standard import project_queries as projects
from budayang.center.standard.models import Consultation, Opinion, Project
from budayang.center.standard.opinion_texts import Numbered, numbered
from budayang.center.standard.text_queries import clause_texts
from budayang.center.standard.writing_actions import keep_stage
from budayang.rules.ledgers import holds_personal_number
from budayang.rules.standard.opinions import (
    MOST_REASON,
    MOST_TEXT,
    MOST_UNIT,
    STATE_NAMES,
    TRANSITIONS,
    decision_problem,
    kept_text,
    read_clause,
)
from budayang.rules.standard.stages import ENDED, PUBLISHED

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody thinks. `clause`: a number of the text, "" for the whole; `unit`: a unit, "" for the public."""

    text: str
    clause: str = ""
    wish: str = ""
    unit: str = ""


@transaction.atomic
def open_round(
    actor: Actor, project: Project, *, opens_on: date, closes_on: date, asked_units: int, note: str, now: datetime
) -> Consultation:
    """Ask for opinions from a day to a day, both included. The page is public while the project is 征求意见稿."""
    if not projects.leads(actor, project):
        raise Forbidden(f"{actor.name} does not lead {project.code}")
    if why := round_problem(project, opens_on, closes_on, now):
        raise Refused(why)
    last = project.consultations.order_by("-number").first()
    row = Consultation.objects.create(
        project=project, number=(last.number if last else 0) + 1, opens_on=opens_on, closes_on=closes_on,
        asked_units=asked_units, note=note.strip(), edition=project.edition, made_at=now,
    )  # fmt: skip
    today = now.astimezone(ZoneInfo(project.place.zone)).date()
    if project.stage == "consulting" and opens_on <= today <= closes_on and actor.staff_id is not None:
        keep_stage(actor, project, now)  # what the public is asked about
    _record(actor, "standard.open_round", project, now, {"round": row.number})
    return row


def round_problem(project: Project, opens_on: date, closes_on: date, now: datetime) -> str:
    """Why a round cannot be on these days, "" when it can."""
    if project.stage in PUBLISHED | ENDED | {"review", "approval"}:
        return _("现在的阶段不征求意见。要再征求一轮，请先把项目退回修改。")
    if closes_on < opens_on:
        return _("截止日期不能早于开始日期。")
    least = int(platform.parameter("opinion_round_d", project.place_path, now))
    if (closes_on - opens_on).days + 1 < least:
        told = {"n": least, "on": (opens_on + timedelta(days=least - 1)).isoformat()}
        return _("公开征求意见至少 %(n)d 天，截止日期请不早于 %(on)s。") % told
    last = max((one.ended_on or one.closes_on for one in project.consultations.all()), default=None)
    if last is not None and opens_on <= last:
        return _("上一轮到 %(on)s 才截止，新一轮请从第二天开始。") % {"on": last.isoformat()}
    revised = projects.revision_of(project)
    if revised is not None and opens_on < revised.on:
        return _("修订从 %(on)s 开始，这一轮不能更早。") % {"on": revised.on.isoformat()}
    return ""


def take_opinion(found: Consultation, said: Said, *, client: str, now: datetime) -> Opinion:
    """Keep what anybody sends by the public page; beyond a limit it waits for a person.

    Raises:
        Refused: it says nothing, or the round is over; the message names the repair.
    """
    project = found.project
    today = now.astimezone(ZoneInfo(project.place.zone)).date()
    if not found.opens_on <= today <= found.closes_on or found.ended_on is not None:
        raise Refused(_("这一轮征求意见已经截止。"))
    held = _beyond_limits(project, client, now)
    with transaction.atomic():
        return _write(Actor.public(), project, "consultation", "public", said, now, held=held)


@transaction.atomic
def add_opinion(
    actor: Actor, project: Project, kind: str, said: Said, now: datetime, *, source: str = "typed",
    text: Numbered | None = None,
) -> Opinion:  # fmt: skip
    """Write down an opinion that came by letter, meeting or table. `text`: the project's, when it was read already."""
    _require(actor, project)
    return _write(actor, project, kind, source, said, now, text=text)


def said_problem(said: Said) -> str:
    """Why an opinion cannot be kept, "" when it can."""
    if not said.text.strip():
        return _("请写意见内容。")
    if len(said.text) > MOST_TEXT or len(said.wish) > MOST_TEXT:
        return _("意见和建议各不超过 %(n)d 字，请分成几条。") % {"n": MOST_TEXT}
    if len(said.unit) > MOST_UNIT:
        return _("单位名称不超过 %(n)d 字。") % {"n": MOST_UNIT}
    if any(holds_personal_number(text) for text in (said.text, said.wish, said.unit)):
        return _("意见会公开列表，里面不能有身份证号、手机号和卡号，请去掉再提交。")
    return ""


def as_kept(said: Said) -> Said:
    """What somebody says as it will be kept."""
    return replace(said, text=kept_text(said.text), wish=kept_text(said.wish), unit=kept_text(said.unit))


def _write(
    actor: Actor, project: Project, kind: str, source: str, said: Said, now: datetime, *, held: bool = False,
    text: Numbered | None = None,
) -> Opinion:  # fmt: skip
    said = as_kept(said)
    if why := said_problem(said):
        raise Refused(why)
    text = text or numbered(project.edition)
    clause = read_clause(said.clause, text.numbers)
    if clause is None:
        raise Refused(clause_problem(said.clause))
    state = "held" if held else "open"
    row = Opinion.objects.create(
        number=make_number(), project=project, kind=kind, source=source, state=state, edition=text.edition,
        clause_number=clause, clause_code=text.codes.get(clause, ""), text=said.text, wish=said.wish, unit=said.unit,
        made_at=now,
    )  # fmt: skip
    record(
        actor, "standard.opinion", subject=f"opinion:{row.pk}", place_path=project.place_path,
        details={"kind": kind, "source": source, "state": state}, at=now,
    )  # fmt: skip
    return row


def clause_problem(number: str) -> str:
    """Says that the text has no such number."""
    told = _("文本里没有“%(number)s”。一条意见写一个编号，例如 4.1、第4章、附录A；对全文的空着或写“全文”。")
    return told % {"number": number[:20]}


def _beyond_limits(project: Project, client: str, now: datetime) -> bool:
    """Whether this hour has seen more than people write: from one address, or about one project."""
    most = int(platform.parameter("opinion_project_hour", project.place_path, now))
    here = Opinion.objects.filter(project=project, source="public", made_at__gt=now - HOUR).count()
    times = count_within(f"opinion-sent:{lookup_hash('standard.opinion_client', client)}", HOUR, now)
    return times > int(platform.parameter("opinion_client_hour", project.place_path, now)) or here >= most


@transaction.atomic
def decide(
    actor: Actor, opinion: Opinion, decision: str, reason: str, now: datetime, *, note: str = "", major: bool = False
) -> Opinion:
    """采纳, 部分采纳 or 未采纳; the latter two with a reason. Decided again, the newest counts."""
    _require(actor, opinion.project)
    reason = kept_text(reason)
    if why := decision_problem(decision, reason):
        raise Refused(words(why))
    if len(reason) > MOST_REASON:
        raise Refused(_("理由不超过 %(n)d 字。") % {"n": MOST_REASON})
    _move(opinion, "decide")
    opinion.decision, opinion.reason, opinion.note = decision, reason, kept_text(note)
    opinion.major, opinion.decided_at, opinion.decided_by = major, now, actor.name
    opinion.save(update_fields=["state", "decision", "reason", "note", "major", "decided_at", "decided_by"])
    _record(actor, "standard.decide_opinion", opinion.project, now, {"opinion": opinion.pk, "decision": decision})
    return opinion


@transaction.atomic
def admit(actor: Actor, opinion: Opinion, now: datetime) -> Opinion:
    """Let in what waited for a person, or what was set aside."""
    _require(actor, opinion.project)
    _move(opinion, "admit")
    opinion.note = ""
    opinion.save(update_fields=["state", "note"])
    _record(actor, "standard.admit_opinion", opinion.project, now, {"opinion": opinion.pk})
    return opinion


@transaction.atomic
def set_aside(actor: Actor, opinion: Opinion, why: str, now: datetime) -> Opinion:
    """Leave one out of the table (abuse, doubles), with the reason; it stays to be read."""
    _require(actor, opinion.project)
    if not why.strip():
        raise Refused(_("请写为什么不列入，例如“与另一条重复”。"))
    _move(opinion, "set_aside")
    opinion.note = why.strip()[:200]
    opinion.save(update_fields=["state", "note"])
    _record(actor, "standard.set_aside_opinion", opinion.project, now, {"opinion": opinion.pk})
    return opinion


def _move(opinion: Opinion, event: str) -> None:
    """Two people may have the same row open: what decides is how it stands now."""
    opinion.refresh_from_db(from_queryset=Opinion.objects.select_for_update())
    after = TRANSITIONS.get((opinion.state, event))
    if after is None:
        state = words(STATE_NAMES[opinion.state])
        raise Refused(_("这条意见现在是“%(state)s”，不能这样做，请刷新页面。") % {"state": state})
    opinion.state = after


def clause_choices(project: Project) -> list[tuple[str, str]]:
    """(number, "4.1 first words") of the project's text, for forms."""
    return [(one.number, f"{one.number} {one.text[:24]}") for one in clause_texts(project.edition, project)]


def _require(actor: Actor, project: Project) -> None:
    if not projects.drafts(actor, project):
        raise Forbidden(f"{actor.kind} {actor.name} is not of the drafting group of {project.code}")


def _record(actor: Actor, action: str, project: Project, now: datetime, details: dict[str, object]) -> None:
    record(actor, action, subject=f"project:{project.code}", place_path=project.place_path, details=details, at=now)
