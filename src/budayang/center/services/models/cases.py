"""Cases (办件), who may fetch their results, and their papers. What happened to a case stands in `case_trail`."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.services.models.catalogue import Item
from budayang.center.services.states import CaseState, PaperState


class Case(models.Model):
    """One matter of one person (办件). Everything personal is sealed; `identity_hash` finds it for its owner only.

    `request_sealed` is the very body that the department gets: a retry sends the same bytes under the same key.
    `code_hash` finds the case by the verification code on its papers (100 random bits), which is itself kept only
    sealed (`code_sealed`); `masked` is all that the verification page shows of the person.

    `official_number`: 实施编码 + date + serial, where the item has a code; empty otherwise. `wake_at`: when time alone
    moves the case or it is to be asked about (indexed). `bill`, `amount_fen`, `bill_title`: what has to be paid before
    it goes on. `statutory_on` and `promised_on`: the last day by law, which counts from `department_accepted_at`, and
    by the department's own word.
    """

    number = models.CharField(max_length=40, unique=True)
    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200, db_index=True)
    state = models.CharField(max_length=16, default=CaseState.ACCEPTED)
    message = models.CharField(max_length=300, blank=True)
    identity_hash = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64, unique=True)
    masked = models.JSONField(default=dict)
    request_sealed = models.BinaryField(null=True, blank=True)
    result_sealed = models.BinaryField(null=True, blank=True)
    code_sealed = models.BinaryField(null=True, blank=True)
    official_number = models.CharField(max_length=96, blank=True)
    consent_version = models.CharField(max_length=40, blank=True)
    consent_at = models.CharField(max_length=40, blank=True)
    lang = models.CharField(max_length=16, default="zh-hans")
    department_ref = models.CharField(max_length=80, blank=True)
    issuer_name = models.CharField(max_length=80, blank=True)
    issuer_url = models.CharField(max_length=300, blank=True)
    bill = models.CharField(max_length=80, blank=True)
    amount_fen = models.PositiveBigIntegerField(default=0)
    bill_title = models.CharField(max_length=80, blank=True)
    department_received_at = models.DateTimeField(null=True, blank=True)
    department_accepted_at = models.DateTimeField(null=True, blank=True)
    statutory_on = models.DateField(null=True, blank=True)
    promised_on = models.DateField(null=True, blank=True)
    wake_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    unclear = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[s.value for s in CaseState]), name="services_case_state"),
            models.UniqueConstraint(
                fields=["official_number"], condition=~Q(official_number=""), name="services_case_official_once"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "lease_until"], name="services_case_lease"),
            models.Index(fields=["wake_at"], name="services_case_wake", condition=Q(wake_at__isnull=False)),
            models.Index(fields=["identity_hash"], name="services_case_identity"),
            models.Index(fields=["-accepted_at"], name="services_case_recent"),
        ]

    def __str__(self) -> str:
        return self.number


class CaseGrant(models.Model):
    """A journey's key that may receive a case's result: the journey that submitted it, or a later one of the same
    identity on any terminal (reprint after a jam). When its time is over the key goes; "" says that the case was opened
    at another terminal than its own.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="grants")
    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    reply_key = models.CharField(max_length=64)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "terminal", "reply_key"], name="services_grant_once")]

    def __str__(self) -> str:
        return f"{self.case_id}@{self.terminal_id}"


class Paper(models.Model):
    """The paper of a case: one matter, one paper. Entitled in the transaction that finishes the case.

    `look_at`: when to see whether its person went without it (indexed). `interrupted`: what went wrong, while somebody
    has to make it good.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="paper")
    state = models.CharField(max_length=16, default=PaperState.ENTITLED)
    document_sha256 = models.CharField(max_length=64)
    entitled_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    prints = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=80, blank=True)
    look_at = models.DateTimeField(null=True, blank=True)
    interrupted = models.CharField(max_length=24, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[s.value for s in PaperState]), name="services_paper_state")
        ]
        indexes = [models.Index(fields=["look_at"], name="services_paper_look", condition=Q(look_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.case_id} {self.state}"


class VerificationAttempt(models.Model):
    """Somebody asked whether a paper is ours, or typed the code of a card that nobody holds.

    `client` is a keyed hash of the address, or of the terminal: enough to slow a guesser.
    """

    client = models.CharField(max_length=64)
    at = models.DateTimeField()
    found = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["client", "at"], name="services_verification_client")]

    def __str__(self) -> str:
        return f"{self.at} {self.found}"


class OfficialSeries(models.Model):
    """The last serial given out for an 实施编码 on a day."""

    code = models.CharField(max_length=64)
    on = models.DateField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "on"], name="services_series_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.on} {self.last}"
