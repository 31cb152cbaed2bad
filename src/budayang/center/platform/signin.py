"""Sign-in by allauth: nobody registers, each try leaves an audit line, lock-out is allauth's rate limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.signals import password_changed
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Staff


class StaffAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Our rules at allauth's seams."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by the system administrator only."""
        return False

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """The tried name is not written: people type passwords into the wrong field."""
        with transaction.atomic():
            known = Staff.objects.filter(username=credentials.get("username", "")).first()
            record(
                Actor.public(),
                "platform.sign_in_failed",
                subject=f"staff:{known.username}" if known else "staff:unknown",
            )

    def login(self, request: HttpRequest, user: Staff) -> None:
        """Sign in and say so in the audit."""
        super().login(request, user)
        with transaction.atomic():
            record(
                Actor("staff", user.username, staff_id=user.pk), "platform.sign_in", subject=f"staff:{user.username}"
            )

    def logout(self, request: HttpRequest) -> None:
        """Sign out and say so in the audit."""
        user = request.user
        if isinstance(user, Staff):
            with transaction.atomic():
                record(
                    Actor("staff", user.username, staff_id=user.pk),
                    "platform.sign_out",
                    subject=f"staff:{user.username}",
                )
        super().logout(request)


class SecondStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """The same for the second step."""

    def validation_error(self, code: str, *args: object) -> ValidationError:
        """A code that is wrong is a try to get in, and is told like a wrong password."""
        if code == "incorrect_code":
            user = getattr(context.request, "user", None)
            known = user if isinstance(user, Staff) else None
            with transaction.atomic():
                actor = Actor("staff", known.username, staff_id=known.pk) if known else Actor.public()
                subject = f"staff:{known.username}" if known else "staff:unknown"
                record(actor, "platform.second_step_failed", subject=subject)
        found: ValidationError = super().validation_error(code, *args)
        return found


def watch_accounts() -> None:
    """An audit line whenever somebody changes how they sign in."""
    for signal, action in (
        (authenticator_added, "platform.second_step_added"),
        (authenticator_removed, "platform.second_step_removed"),
        (authenticator_reset, "platform.recovery_codes_renewed"),
        (password_changed, "platform.password_changed"),
    ):
        signal.connect(_noting(action), weak=False, dispatch_uid=action)


def _noting(action: str) -> Callable[..., None]:
    def note(*, user: Staff, authenticator: Any = None, **_more: Any) -> None:
        details = {"kind": str(authenticator.type)} if authenticator is not None else {}
        with transaction.atomic():
            actor = Actor("staff", user.username, staff_id=user.pk)
            record(actor, action, subject=f"staff:{user.username}", details=details)

    return note
