"""Enrolment and session: one-time codes, proofs, limits, and what the answer is worth."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.db import OperationalError
from the_door import SYSTEM, Clock, Door, Machine

from budayang.center.platform.models import AuditLine, Transition
from budayang.center.platform.sealing import center_keys
from budayang.center.terminals import actions
from budayang.center.terminals.models import Credential, EnrolmentCode, Session, Terminal
from budayang.wire import mac
from budayang.wire import messages as wire


@pytest.fixture
def fresh(door: Door, new_terminal: Callable[[str], Terminal]) -> Machine:
    return Machine(door, new_terminal("KBS-01"))


def test_a_code_is_traded_once_for_place_and_keys(fresh: Machine, clock: Clock) -> None:
    code = actions.issue_enrolment_code(SYSTEM, fresh.terminal.pk, clock.now)
    status, body = fresh.enrol(code)
    assert status == 200
    enrolled = msgspec.json.decode(body, type=wire.Enrolled)
    assert (enrolled.terminal, enrolled.area, enrolled.place) == ("KBS-01", "KBS", "/150600/A-KBS/")
    assert base64.b64decode(enrolled.seal_key) == center_keys().seal_public
    assert fresh.row().state == "active"
    assert Transition.objects.filter(kind="terminals.enrolled").count() == 1
    again = Machine(fresh.door, fresh.terminal)
    assert again.enrol(code)[0] == 403
    assert Credential.objects.count() == 1


def test_a_database_that_cannot_be_asked_now_is_no_error_of_the_terminal(
    fresh: Machine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = actions.issue_enrolment_code(SYSTEM, fresh.terminal.pk, clock.now)

    def locked(*_arguments: object) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(actions, "enrol", locked)
        assert fresh.enrol(code)[0] == 503
    assert fresh.enrol(code)[0] == 200, "the same code, a moment later"
    with monkeypatch.context() as patch:
        patch.setattr(actions, "agree_session", locked)
        assert fresh.ask_session()[0] == 503
    assert fresh.ask_session()[0] == 200


def test_the_code_is_not_in_the_database_nor_in_the_audit(fresh: Machine, clock: Clock) -> None:
    code = actions.issue_enrolment_code(SYSTEM, fresh.terminal.pk, clock.now)
    kept = str(list(EnrolmentCode.objects.values())) + str(list(AuditLine.objects.values()))
    assert code not in kept
    assert code.replace("-", "") not in kept


def test_an_expired_or_replaced_code_is_refused(fresh: Machine, clock: Clock) -> None:
    replaced = actions.issue_enrolment_code(SYSTEM, fresh.terminal.pk, clock.now)
    late = actions.issue_enrolment_code(SYSTEM, fresh.terminal.pk, clock.now, valid_s=60)
    assert fresh.enrol(replaced)[0] == 403
    clock.pass_s(61)
    assert fresh.enrol(late)[0] == 403


def test_a_code_wears_out_with_proofs_that_fail(fresh: Machine, clock: Clock) -> None:
    code = actions.issue_enrolment_code(SYSTEM, fresh.terminal.pk, clock.now)
    wrong = wire.Enrol(code=code, public_key=mac.public_text(fresh.private), proof=mac.to_text(bytes(64)))
    for _attempt in range(actions.CODE_ATTEMPTS):
        assert fresh.door.post("/wire/v1/enrol", msgspec.json.encode(wrong))[0] == 403
    assert fresh.enrol(code)[0] == 403
    assert fresh.row().state == "registered"


def test_guessing_codes_is_slowed_down(fresh: Machine, clock: Clock) -> None:
    statuses = [fresh.enrol(f"AAAA-BBBB-{number:04d}")[0] for number in range(12)]
    assert statuses == [403] * 10 + [429] * 2
    clock.pass_s(601)
    code = actions.issue_enrolment_code(SYSTEM, fresh.terminal.pk, clock.now)
    assert fresh.enrol(code)[0] == 200


def test_the_session_answer_is_signed_by_the_center_and_the_key_is_sealed(fresh: Machine, clock: Clock) -> None:
    fresh.join()
    private = X25519PrivateKey.generate()
    ephemeral = mac.public_text(private)
    message = mac.session_request_message("KBS-01", ephemeral, clock())
    request = wire.SessionRequest(
        terminal="KBS-01", ephemeral=ephemeral, at_ms=clock(), signature=mac.sign(fresh.private, message)
    )
    status, body = fresh.door.post("/wire/v1/session", msgspec.json.encode(request))
    assert status == 200
    answer = msgspec.json.decode(body, type=wire.SessionAnswer)
    signed = mac.session_answer_message("KBS-01", ephemeral, answer.ephemeral, answer.expires_at, answer.counter_floor)
    assert mac.check_signature(mac.to_text(center_keys().audit_public), signed, answer.center_signature)
    key = mac.agree(private, answer.ephemeral, "KBS-01")
    assert actions.session_key("KBS-01", clock.now) == key
    sealed = bytes(Session.objects.get().sealed_key)
    assert key not in sealed
    assert key.hex().encode() not in sealed


def test_who_gets_no_session_and_why(
    new_machine: Callable[[str], Machine], new_terminal: Callable[[str], Terminal], door: Door, clock: Clock
) -> None:
    well, revoked, suspended = new_machine("WELL"), new_machine("REVOKED"), new_machine("SUSPENDED")
    actions.revoke(SYSTEM, revoked.terminal.pk, clock.now)
    actions.suspend(SYSTEM, suspended.terminal.pk, clock.now)
    never = Machine(door, new_terminal("NEVER"))
    thief = Machine(door, well.terminal)

    def error(machine: Machine) -> tuple[int, str]:
        status, body = machine.ask_session()
        return status, "" if status == 200 else json.loads(body)["error"]

    assert error(well) == (200, "")
    assert error(thief) == (403, "bad_signature")
    assert error(revoked) == (403, "revoked")
    assert error(suspended) == (403, "suspended")
    assert error(never) == (404, "unknown_terminal")


def test_a_replayed_session_request_is_too_old_after_two_days(fresh: Machine, clock: Clock) -> None:
    fresh.join()
    ephemeral, at_ms = mac.public_text(X25519PrivateKey.generate()), clock()
    signature = mac.sign(fresh.private, mac.session_request_message("KBS-01", ephemeral, at_ms))
    request = wire.SessionRequest(terminal="KBS-01", ephemeral=ephemeral, at_ms=at_ms, signature=signature)
    clock.pass_s(48 * 3600 + 1)
    status, body = fresh.door.post("/wire/v1/session", msgspec.json.encode(request))
    assert (status, json.loads(body)["error"]) == (403, "clock_off")


def test_the_counter_goes_on_after_a_new_session(fresh: Machine) -> None:
    fresh.join()
    for _one in range(3):
        fresh.sync()
    fresh.counter = 0  # the terminal lost its own count
    fresh.ask_session()
    assert fresh.counter == 3
    assert fresh.sync().ok
