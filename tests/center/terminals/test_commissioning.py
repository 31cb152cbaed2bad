"""Many machines at once: active with their own keys, audited, told upwards, and only by who administers the system."""

from __future__ import annotations

from datetime import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from budayang.center.areas import actions as areas
from budayang.center.platform import actions as platform
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden, Grant, Role
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.terminals import actions
from budayang.center.terminals.commissioning import NewMachine, commission
from budayang.center.terminals.models import Credential, Terminal
from budayang.wire import mac
from budayang.wire.messages import SessionRequest

SYSTEM = Actor.system()


@pytest.fixture
def area(db: None) -> str:
    city = platform.add_place(SYSTEM, code="150600", name="鄂尔多斯市", kind="region", parent=None, is_demo=True)
    for code, kind in (("RS", "owner"), ("VN", "vendor")):
        platform.add_organization(SYSTEM, code=code, name=f"测试{code}", kind=kind, place=city)
    areas.create_area(SYSTEM, code="KBS", name="康巴什区自助区", parent=city, is_demo=True)
    return "KBS"


def machines(count: int) -> tuple[list[NewMachine], dict[str, Ed25519PrivateKey]]:
    keys = {f"KBS-{number:02d}": Ed25519PrivateKey.generate() for number in range(1, count + 1)}
    return [NewMachine(code, code, "RS", "VN", mac.public_text(key)) for code, key in keys.items()], keys


def test_each_may_agree_a_session_with_its_key_and_no_other(area: str, now: datetime) -> None:
    rows, keys = machines(3)
    commission(SYSTEM, area, rows, now, is_demo=True)
    assert set(Terminal.objects.values_list("state", flat=True)) == {"active"}
    at_ms = int(now.timestamp() * 1000)
    ephemeral = mac.public_text(X25519PrivateKey.generate())
    said = mac.session_request_message("KBS-01", ephemeral, at_ms)
    for signer, allowed in ((keys["KBS-01"], True), (keys["KBS-02"], False)):
        request = SessionRequest(terminal="KBS-01", ephemeral=ephemeral, at_ms=at_ms, signature=mac.sign(signer, said))
        if allowed:
            assert actions.agree_session(request, now, 0)[0].counter_floor == 0
        else:
            with pytest.raises(actions.CannotAgree):
                actions.agree_session(request, now, 0)


def test_it_is_audited_once_and_told_for_each(area: str, now: datetime) -> None:
    rows, _keys = machines(3)
    commission(SYSTEM, area, rows, now)
    line = AuditLine.objects.get(action="terminals.commission")
    assert line.details["terminals"] == ["KBS-01", "KBS-02", "KBS-03"]
    assert Transition.objects.filter(kind="terminals.enrolled").count() == 3


@pytest.mark.parametrize(("code", "key"), [("kbs 1", None), ("", None), ("KBS-09", "no key"), ("KBS-01", None)])
def test_what_cannot_be_is_refused_and_nothing_is_left(area: str, now: datetime, code: str, key: str | None) -> None:
    rows, _keys = machines(1)
    commission(SYSTEM, area, rows, now)
    good, _more = machines(2)
    bad = NewMachine(code, "x", "RS", "", key or rows[0].public_key)
    with pytest.raises(Refused):
        commission(SYSTEM, area, [good[1], bad], now)
    assert Credential.objects.count() == Terminal.objects.count() == 1


def test_only_the_system_administrator_hands_in_keys(area: str, now: datetime) -> None:
    keeper = Actor("staff", "lin", (Grant(Role.AREA_KEEPER, "/150600/"), Grant(Role.SUPERVISOR, "/150600/")))
    with pytest.raises(Forbidden):
        commission(keeper, area, machines(1)[0], now)
