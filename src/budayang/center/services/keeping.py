"""What this room keeps of people: its sealed columns, and how long each kind of data stays, by outcome.

A person's request is needed until the department's answer is known, a result until the paper is in the person's hand.
What is taken is deleted in that very transaction (`record_paper`); the rules here are for what nobody came for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max, QuerySet
from django.utils.translation import gettext_lazy as _

from budayang.center.platform.resealing import SealedColumn
from budayang.center.platform.retention import Rule
from budayang.center.services import material_keeping
from budayang.center.services.models import (
    Case,
    CaseGrant,
    Errand,
    PersonCheck,
    Promise,
    StaffCheck,
    Trip,
    VerificationAttempt,
)
from budayang.center.services.states import PaperState
from budayang.rules.promises import STAYS

UNTAKEN_DAYS = 7
RESULT_H = 72
ATTEMPT_DAYS = 30
REQUEST_DAYS = 60
PROMISE_DAYS = 14
CHECK_DAYS = 3 * 365
CALL_DAYS = 90
OPENED_DAYS = 30
OPENED = ""
"""In place of a key that is gone: nothing opens by it."""
WAITED_FOR = (PaperState.ENTITLED, PaperState.SENT, PaperState.FAILED)

Rows = QuerySet[Any]

SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("services.Case", "request_sealed", "services_case", "number", "request"),
    SealedColumn("services.Case", "result_sealed", "services_case", "number", "result"),
    SealedColumn("services.Case", "code_sealed", "services_case", "number", "code"),
    SealedColumn("services.Errand", "body_sealed", "services_errand", "key", "body"),
    SealedColumn("services.Payment", "payer_code_sealed", "services_payment", "number", "payer_code"),
    SealedColumn("services.PaymentProvider", "key_sealed", "services_payment_provider", "code", "key"),
    SealedColumn("services.Connector", "key_sealed", "services_connector", "department__code", "key"),
    SealedColumn(
        "services.ConnectorItem",
        "test_identity_sealed",
        "services_connectoritem",
        "item__code",
        "test_identity",
    ),
    SealedColumn("services.Promise", "phone_sealed", "services_promise", "number", "phone"),
    *material_keeping.SEALED,
)


def _untaken() -> Rows:
    return Case.objects.filter(result_sealed__isnull=False, paper__state__in=WAITED_FOR)


def _other_results() -> Rows:
    return Case.objects.filter(result_sealed__isnull=False).exclude(paper__state__in=WAITED_FOR)


def _requests() -> Rows:
    return Case.objects.filter(request_sealed__isnull=False, finished_at__isnull=False)


def _phones() -> Rows:
    return Promise.objects.filter(phone_sealed__isnull=False)


def _erase_phones(rows: Rows) -> int:
    return rows.update(phone_sealed=None, phone_hint="", client="")


def _trip_clients() -> Rows:
    return Trip.objects.exclude(client="")


def _erase_trip_clients(rows: Rows) -> int:
    return rows.update(client="")


def _errands() -> Rows:
    return Errand.objects.filter(settled_at__isnull=False).exclude(body_sealed=b"")


def _older(column: str, age: timedelta) -> Any:
    def due(rows: Rows, now: datetime) -> Rows:
        return rows.filter(**{f"{column}__lt": now - age})

    return due


def _erase_results(rows: Rows) -> int:
    return rows.update(result_sealed=None)


def _erase_requests(rows: Rows) -> int:
    return rows.update(request_sealed=None)


def _erase_errands(rows: Rows) -> int:
    return rows.update(body_sealed=b"")


def _delete(rows: Rows) -> int:
    return int(rows.delete()[0])


def _forget_keys(rows: Rows) -> int:
    """The keys go. That a journey at another terminal than the case's own was let at it stays, without one: what that
    terminal tells of the case may come when its line is back.
    """
    elsewhere = rows.exclude(case__terminal_id=F("terminal_id")).order_by().values_list("case_id", "terminal_id")
    kept = [
        CaseGrant(case_id=case, terminal_id=terminal, reply_key=OPENED, expires_at=last)
        for case, terminal, last in elsewhere.annotate(last=Max("expires_at"))
    ]
    gone = _delete(rows)
    CaseGrant.objects.bulk_create(
        kept, update_conflicts=True, unique_fields=["case", "terminal", "reply_key"], update_fields=["expires_at"]
    )
    return gone


RETENTION: tuple[Rule, ...] = (
    *material_keeping.RETENTION,
    Rule(
        "services.results_untaken",
        _("已办结、还没有取走的打印件"),
        _("办结后 7 天，供本人在任一终端重新打印；取走即删"),
        _untaken,
        "finished_at",
        _older("finished_at", timedelta(days=UNTAKEN_DAYS)),
        _erase_results,
    ),
    Rule(
        "services.results_other",
        _("不用打印的结果和回执"),
        _("办结后 72 小时，供本人再看；随后删除"),
        _other_results,
        "finished_at",
        _older("finished_at", timedelta(hours=RESULT_H)),
        _erase_results,
    ),
    Rule(
        "services.requests_in_review",
        _("待核办件的申请内容"),
        _("核实清楚即删；最长 60 天"),
        _requests,
        "finished_at",
        _older("finished_at", timedelta(days=REQUEST_DAYS)),
        _erase_requests,
    ),
    Rule(
        "services.errands",
        _("补正、撤回、缴费时再送给部门的内容"),
        _("部门答复后 72 小时"),
        _errands,
        "settled_at",
        _older("settled_at", timedelta(hours=RESULT_H)),
        _erase_errands,
    ),
    Rule(
        "services.grants",
        _("取结果的一次性凭据"),
        _("15 分钟"),
        lambda: CaseGrant.objects.exclude(reply_key=OPENED),
        "expires_at",
        _older("expires_at", timedelta(0)),
        _forget_keys,
    ),
    Rule(
        "services.opened",
        _("哪件在别的终端打开过（终端和办件编号，没有凭据）"),
        _("30 天，那台终端断网时评的，恢复后还能记上"),
        lambda: CaseGrant.objects.filter(reply_key=OPENED),
        "expires_at",
        _older("expires_at", timedelta(days=OPENED_DAYS)),
        _delete,
    ),
    Rule(
        "services.attempts",
        _("输入核验码、卡号的次数（网络地址只留密钥散列）"),
        _("30 天，用来发现反复猜测"),
        lambda: VerificationAttempt.objects.all(),
        "at",
        _older("at", timedelta(days=ATTEMPT_DAYS)),
        _delete,
    ),
    Rule(
        "services.promise_phones",
        _("出门前保障留下的手机号"),
        _("约定的时间过后半小时，或取消时立即删除"),
        _phones,
        "promised_at",
        _older("promised_at", STAYS),
        _erase_phones,
    ),
    Rule(
        "services.promises",
        _("出门前保障的约定（不含个人信息）"),
        _("约定的时间过后 14 天"),
        lambda: Promise.objects.all(),
        "promised_at",
        _older("promised_at", timedelta(days=PROMISE_DAYS)),
        _delete,
    ),
    Rule(
        "services.person_checks",
        _("人证核对的方式、结果、同意的版次和时间（没有人脸，没有比对数据）"),
        _("3 年，用来证明取得过单独同意"),
        lambda: PersonCheck.objects.all(),
        "checked_at",
        _older("checked_at", timedelta(days=CHECK_DAYS)),
        _delete,
    ),
    Rule(
        "services.staff_checks",
        _("在终端前等工作人员核对（地点和事项，不含个人信息）"),
        _("90 天"),
        lambda: StaffCheck.objects.all(),
        "asked_at",
        _older("asked_at", timedelta(days=CALL_DAYS)),
        _delete,
    ),
    Rule(
        "services.trip_clients",
        _("报告“门没开”的网络地址（只留密钥散列）"),
        _("30 天，用来发现反复乱报"),
        _trip_clients,
        "at",
        _older("at", timedelta(days=ATTEMPT_DAYS)),
        _erase_trip_clients,
    ),
)
