"""Sign-in by allauth: nobody registers, each try leaves an audit line, lock-out is allauth's rate limit."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
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
