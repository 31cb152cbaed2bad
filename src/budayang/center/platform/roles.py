"""The roles of this edition, as the field names them (requirements.md section 4; administrators: 等保)."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    """What a person may be, within a place and, for bodies' own people, within an organization."""

    SUPERVISOR = "supervisor"
    AREA_KEEPER = "area_keeper"
    OWNER_UNIT = "owner_unit"
    VENDOR_ENGINEER = "vendor_engineer"
    INSPECTOR = "inspector"
    WINDOW_CLERK = "window_clerk"
    GUARD = "guard"
    CLEANER = "cleaner"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"

    @property
    def label(self) -> str | Promise:
        """The Chinese name of the role."""
        return LABELS[self]


LABELS: dict[Role, str | Promise] = {
    Role.SUPERVISOR: _("主管"),
    Role.AREA_KEEPER: _("自助区管理员"),
    Role.OWNER_UNIT: _("设备归属单位人员"),
    Role.VENDOR_ENGINEER: _("运维工程师"),
    Role.INSPECTOR: _("督查"),
    Role.WINDOW_CLERK: _("窗口人员"),
    Role.GUARD: _("保安"),
    Role.CLEANER: _("保洁"),
    Role.SYSTEM_ADMIN: _("系统管理员"),
    Role.SECURITY_ADMIN: _("安全管理员"),
    Role.AUDIT_ADMIN: _("审计管理员"),
}

ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
# These see only the rows of their own organization inside their place.
BODY_ROLES = frozenset({Role.OWNER_UNIT, Role.VENDOR_ENGINEER})
# These walk their own tasks on the phone and see nothing else of an area; of a task of another one nothing either.
FIELD_ROLES = frozenset({Role.GUARD, Role.CLEANER})
# Administrators keep the software running; what happens in areas is not theirs to read. A window clerk handles what was
# handed over to windows, and reads nothing else: what is open to a clerk names the role.
OPERATING_ROLES = frozenset(Role) - ADMINISTRATORS - FIELD_ROLES - {Role.WINDOW_CLERK}
