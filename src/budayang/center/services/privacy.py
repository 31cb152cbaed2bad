"""The notices that a person agrees to, which text is in force, and new ones: the general one before the first personal
datum is read, and one of its own before a face is compared (单独同意).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.services import marks
from budayang.center.services.models import Case, PersonCheck, PrivacyNotice
from budayang.center.services.models.privacy import NOTICE_KINDS

LONGEST_LINE, MOST_LINES = 120, 8
LOOK = timedelta(minutes=1)


GENERAL, FACE = NOTICE_KINDS


@dataclass(frozen=True, slots=True)
class NoticeText:
    """A notice as it is sent to terminals. `english` {} : the terminal shows the Chinese and says so."""

    version: str
    title: str
    lines: tuple[str, ...]
    keeps: str
    english: Mapping[str, Any] = field(default_factory=dict)
    kind: str = GENERAL

    def as_message(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "title": self.title,
            "lines": list(self.lines),
            "keeps": self.keeps,
            "english": dict(self.english),
        }


SHIPPED = NoticeText(
    "2026-11",
    gettext_noop("办理前请您知情"),
    (
        gettext_noop("为办理这件事，需要读取您的身份信息，并把它和您填写的内容交给办理部门。"),
        gettext_noop("身份信息在终端上立即加密，只有管理平台能打开；终端不保存。"),
        gettext_noop("您可以随时退出，退出后终端上不留您的任何信息。"),
    ),
    gettext_noop("办理结果最多保存7天供您重打，取走后立即删除。"),
)
"""What is in force until a first edition is published."""

SHIPPED_FACE = NoticeText(
    "face-2026-11",
    gettext_noop("刷脸比对，请您单独同意"),
    (
        gettext_noop("谁来比对：这台自助终端，只在本机上比对，人脸不上传。"),
        gettext_noop("为什么：办理部门要求确认您就是身份证上的人，防止别人冒用您的证件。"),
        gettext_noop("怎样比对：拍一张您现在的照片，和身份证里的照片比一次。"),
        gettext_noop("对您的影响：人脸是敏感个人信息，泄露会影响人身和财产安全，所以比完就删。"),
        gettext_noop("不同意也照样能办：可以请工作人员当面核对，也可以到窗口核对，不多收费、不往后排。"),
        gettext_noop("同意以后可以随时撤回；撤回后改用别的办法核对。"),
    ),
    gettext_noop("照片和比对数据比完立即删除；只记下是否一致、相似程度分档、您同意的版次和时间，办结后保存 3 年。"),
    kind=FACE,
)
"""个人信息保护法 第二十八条至第三十条: who, why, how, the necessity and what it may do to the person, and that who
refuses loses nothing.
"""
SHIPPED_OF = {GENERAL: SHIPPED, FACE: SHIPPED_FACE}


def notices(kind: str = "") -> QuerySet[PrivacyNotice]:
    """Published editions, newest first; of one kind, or of all."""
    rows = PrivacyNotice.objects.order_by("-valid_from")
    return rows.filter(kind=kind) if kind else rows


def cases_by_version() -> dict[str, int]:
    """Version → cases whose person agreed to it."""
    found = list(Case.objects.values_list("consent_version").annotate(n=Count("pk")).order_by())
    found += PersonCheck.objects.values_list("notice_version").annotate(n=Count("pk")).order_by()
    return {version: n for version, n in found if version}


def notice_in_force(now: datetime, kind: str = GENERAL) -> NoticeText:
    """The newest published edition of a kind whose day has come, else the shipped one."""
    row = notices(kind).filter(valid_from__lte=now).first()
    if row is None:
        return SHIPPED_OF[kind]
    return NoticeText(row.version, row.title, tuple(row.lines), row.keeps, row.english, kind)


def announce_started(now: datetime) -> int:
    """Have terminals told of an edition whose day has just come; looked at each minute."""
    started = notices().filter(valid_from__gt=now - 2 * LOOK, valid_from__lte=now).exists()
    if started:
        marks.mark(marks.CATALOGUE, now)
    return int(started)


@transaction.atomic
def publish_notice(actor: Actor, text: NoticeText, *, valid_from: datetime, now: datetime) -> PrivacyNotice:
    """Publish a new edition, in force from a moment that is not past: nobody agreed to a text that was not shown.

    Raises:
        Refused: a version that exists, a moment in the past, a line too long or none; the message names the repair.
    """
    actor.require(Role.SUPERVISOR)
    lines = _checked(text.lines)
    if not text.version.strip() or not text.title.strip() or not text.keeps.strip():
        raise Refused(_("版本号、标题和保存期限都要填写。"))
    if text.kind not in SHIPPED_OF:
        raise Refused(_("请选择这份同意书是读取身份用的，还是刷脸比对用的。"))
    known = {SHIPPED.version, SHIPPED_FACE.version, *PrivacyNotice.objects.values_list("version", flat=True)}
    if text.version.strip() in known:
        raise Refused(_("版本号“%(version)s”已经用过，请换一个。") % {"version": text.version.strip()[:40]})
    if valid_from < now:
        raise Refused(_("生效时间不能早于现在：没有人同意过还没有展示的内容。"))
    english = dict(text.english)
    if english:
        english = {**english, "lines": _checked(english.get("lines", ()))}
        if len(english["lines"]) != len(lines) or not english.get("title") or not english.get("keeps"):
            raise Refused(_("英文要么全空，要么与中文逐条对应：标题、每一条和保存期限都有。"))
    row = PrivacyNotice.objects.create(
        kind=text.kind,
        version=text.version.strip()[:40],
        title=text.title.strip()[:80],
        lines=lines,
        keeps=text.keeps.strip()[:200],
        english=english,
        valid_from=valid_from,
        published_at=now,
        published_by=actor.label or actor.name,
    )
    marks.mark(marks.CATALOGUE, now)
    details = {"valid_from": valid_from.isoformat()}
    record(actor, "services.publish_notice", subject=f"notice:{row.version}", details=details, at=now)
    return row


def _checked(lines: Sequence[str]) -> list[str]:
    clean = [line.strip() for line in lines if line.strip()]
    if not clean:
        raise Refused(_("至少要写一条告知内容。"))
    if len(clean) > MOST_LINES:
        raise Refused(_("最多 %(n)s 条：再多，站在终端前的人读不完。") % {"n": MOST_LINES})
    for number, line in enumerate(clean, start=1):
        if len(line) > LONGEST_LINE:
            raise Refused(_("第 %(number)s 条太长，最多 %(most)s 个字。") % {"number": number, "most": LONGEST_LINE})
    return clean
