"""Commands at the center: who may order what, the life of one run, what cannot be replayed, and what comes back."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, timedelta

import msgspec
import pytest
from PIL import Image
from tests.center import hall as halls
from tests.center.hall import SYSTEM, Hall

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.platform.sealing import center_keys
from budayang.center.terminals import command_actions, command_files, command_queries, jobs
from budayang.center.terminals.models import CommandRun, Outgoing, Terminal
from budayang.rules.commands import BY_NAME
from budayang.wire import mac
from budayang.wire.commands import Command, check_command

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall(now: datetime) -> Hall:
    return halls.build(now)


def ack(run: CommandRun, at: datetime) -> None:
    Outgoing.objects.filter(pk=run.outgoing_id).update(acked_at=at)


def say(hall: Hall, run: CommandRun, state: str, at: datetime, **more: object) -> None:
    hall.inbox(run.terminal, "command.state", {"id": run.number, "state": state, **more}, at, at)
    jobs.read_command_states(at)
    run.refresh_from_db()


def test_each_terminal_gets_a_message_signed_for_it(hall: Hall, now: datetime) -> None:
    command = command_actions.order(
        hall.actor("lin"), [hall.terminal, hall.other], "restart_application", reason="页面发白", now=now
    )
    runs = list(command.runs.order_by("terminal__code"))
    assert [(run.terminal.code, run.state) for run in runs] == [("KBS-01", "queued"), ("KBS-02", "queued")]
    key = mac.to_text(center_keys().audit_public)
    now_ms = int(now.timestamp() * 1000)
    for run in runs:
        message = Outgoing.objects.get(pk=run.outgoing_id)
        body = msgspec.convert(message.body, Command)
        assert check_command(key, body, terminal=run.terminal.code, now_ms=now_ms) == ""
        assert check_command(key, body, terminal="KBS-09", now_ms=now_ms) == "wrong_terminal"
        assert check_command(key, body, terminal=run.terminal.code, now_ms=now_ms + 5_000_000) == "expired"
        changed = msgspec.structs.replace(body, name="restart_machine")
        assert check_command(key, changed, terminal=run.terminal.code, now_ms=now_ms) == "bad_signature"
        assert (body.id, body.reason) == (run.number, "页面发白")
    line = AuditLine.objects.get(action="terminals.command")
    assert line.details == {"name": "restart_application", "terminals": ["KBS-01", "KBS-02"], "emergency": False}


@pytest.mark.parametrize(
    ("who", "name", "may"),
    [
        ("lin", "restart_machine", True),
        ("ou", "test_print", False),  # keeps another area
        ("ren", "restart_machine", True),  # the owner unit, its own machine
        ("shui", "restart_machine", False),  # another owner unit
        ("mo", "restart_application", True),  # its vendor's engineer
        ("mo", "collect_diagnostics", True),
        ("mo", "test_print", True),
        ("mo", "restart_machine", False),
        ("mo", "screenshot", False),
        ("ning", "test_print", False),  # an inspector looks and orders nothing
        ("sys", "test_print", False),
    ],
)
def test_who_may_order(hall: Hall, now: datetime, who: str, name: str, may: bool) -> None:
    actor = hall.actor(who)
    if may:
        assert command_actions.order(actor, [hall.terminal], name, reason="x", now=now).pk
        assert hall.terminal in command_queries.orderable(actor, BY_NAME[name])
    else:
        with pytest.raises(Forbidden):
            command_actions.order(actor, [hall.terminal], name, reason="x", now=now)
        assert hall.terminal not in command_queries.orderable(actor, BY_NAME[name])
        assert not CommandRun.objects.exists()


def test_an_emergency_is_a_keepers_and_typed(hall: Hall, now: datetime) -> None:
    with pytest.raises(Forbidden):
        command_actions.order(
            hall.actor("ren"), [hall.terminal], "restart_machine", reason="x", now=now, emergency=True, typed="立即执行"
        )
    lin = hall.actor("lin")
    with pytest.raises(Refused, match="立即执行"):
        command_actions.order(lin, [hall.terminal], "restart_machine", reason="漏水", now=now, emergency=True)
    with pytest.raises(Refused, match="不等人"):
        command_actions.order(
            lin, [hall.terminal], "show_notice", reason="x", now=now, arguments={"text": "x"}, emergency=True
        )
    command = command_actions.order(
        lin, [hall.terminal], "restart_machine", reason="漏水", now=now, emergency=True, typed="立即执行"
    )
    assert command.emergency
    assert Outgoing.objects.get(kind="command").body["emergency"] is True
    assert AuditLine.objects.get(action="terminals.command").details["emergency"] is True


def test_what_cannot_be_ordered_is_refused_with_the_repair(hall: Hall, now: datetime) -> None:
    lin = hall.actor("lin")
    Terminal.objects.filter(pk=hall.other.pk).update(kind="watched")
    hall.other.refresh_from_db()
    for terminals, name, reason, arguments, said in (
        ([hall.terminal], "test_print", " ", {}, "原因"),
        ([], "test_print", "x", {}, "至少选一台"),
        ([hall.other], "test_print", "x", {}, "部门专机"),
        ([hall.terminal], "show_notice", "x", {"text": ""}, "显示的话"),
        ([hall.terminal], "show_notice", "x", {"text": "长" * 61}, "60"),
        ([hall.terminal], "update_software", "x", {}, "没有名为"),
        ([hall.terminal], "cancel", "x", {}, "没有名为"),
    ):
        with pytest.raises(Refused, match=said):
            command_actions.order(lin, terminals, name, reason=reason, now=now, arguments=arguments)


def test_the_life_of_a_run(hall: Hall, now: datetime) -> None:
    command_actions.order(hall.actor("lin"), [hall.terminal], "restart_application", reason="x", now=now)
    run = CommandRun.objects.get()
    ack(run, now + timedelta(seconds=1))
    assert jobs.command_actions.look(now + timedelta(seconds=2)) == 1
    run.refresh_from_db()
    assert (run.state, run.delivered_at) == ("delivered", now + timedelta(seconds=1))
    say(hall, run, "running", now + timedelta(seconds=40))
    assert run.state == "running"
    say(hall, run, "done", now + timedelta(seconds=70), result={"cause": "program"})
    assert (run.state, run.ended_at, run.result) == ("done", now + timedelta(seconds=70), {"cause": "program"})
    say(hall, run, "failed", now + timedelta(seconds=80))
    assert run.state == "done", "what ended stays"
    states = [one.payload["state"] for one in Transition.objects.filter(kind="commands.restart_application")]
    assert states == ["queued", "delivered", "running", "done"]


def test_reports_that_overtake_each_other_and_come_late_tell_the_truth(hall: Hall, now: datetime) -> None:
    command = command_actions.order(
        hall.actor("lin"), [hall.terminal, hall.other], "restart_application", reason="x", now=now
    )
    late, lost = command.runs.order_by("terminal__code")
    over = now + timedelta(hours=2)
    say(hall, lost, "running", now)
    command_actions.look(over)
    late.refresh_from_db()
    lost.refresh_from_db()
    assert (late.state, lost.state, lost.reason) == ("expired", "failed", "no_answer")
    say(hall, late, "done", now + timedelta(minutes=3))  # it was off line when it told
    say(hall, lost, "done", now + timedelta(minutes=3))
    assert (late.state, lost.state) == ("done", "done")


def test_another_terminals_word_changes_nothing(hall: Hall, now: datetime) -> None:
    command_actions.order(hall.actor("lin"), [hall.terminal], "test_print", reason="x", now=now)
    run = CommandRun.objects.get()
    hall.inbox(hall.other, "command.state", {"id": run.number, "state": "done"}, now, now)
    hall.inbox(hall.terminal, "command.state", {"id": "junk"}, now, now)
    jobs.read_command_states(now)
    run.refresh_from_db()
    assert run.state == "queued"


def test_cancel_takes_back_what_has_not_begun(hall: Hall, now: datetime) -> None:
    lin = hall.actor("lin")
    command = command_actions.order(lin, [hall.terminal, hall.other], "restart_machine", reason="x", now=now)
    fetched, waiting = command.runs.order_by("terminal__code")
    ack(fetched, now)
    command_actions.look(now)
    with pytest.raises(Forbidden):
        command_actions.cancel(hall.actor("shui"), command, now=now)
    assert command_actions.cancel(lin, command, now=now) == 2
    fetched.refresh_from_db()
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"
    assert Outgoing.objects.get(pk=waiting.outgoing_id).replaced_at == now
    assert (fetched.state, fetched.cancel_asked_at) == ("delivered", now)
    message = Outgoing.objects.filter(terminal=hall.terminal).latest("id").body
    assert (message["name"], message["arguments"]) == ("cancel", {"id": fetched.number})
    say(hall, fetched, "cancelled", now)
    assert fetched.state == "cancelled"
    assert command_actions.cancel(lin, command, now=now) == 0


def test_who_sees_which_runs(hall: Hall, now: datetime) -> None:
    command_actions.order(SYSTEM, [hall.terminal, hall.other], "test_print", reason="x", now=now)
    seen = {
        name: [run.terminal.code for run in command_queries.runs_visible_to(hall.actor(name)).order_by("terminal")]
        for name in ("lin", "ren", "shui", "mo", "ou", "sys", "ning")
    }
    both = ["KBS-01", "KBS-02"]
    assert seen == {"lin": both, "ren": ["KBS-01"], "shui": ["KBS-02"], "mo": both, "ou": [], "sys": [], "ning": both}
    assert command_queries.commands_visible_to(hall.actor("ou")).count() == 0


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 60), "navy").save(out, "PNG")
    return out.getvalue()


def test_a_picture_is_taken_once_looked_at_with_a_line_and_goes(hall: Hall, now: datetime) -> None:
    lin = hall.actor("lin")
    command_actions.order(lin, [hall.terminal], "screenshot", reason="群众说屏幕花了", now=now)
    run = CommandRun.objects.get()
    for terminal, number, content, error in (
        ("KBS-02", run.number, picture(), "unknown_command"),
        ("KBS-01", run.number + 1, picture(), "unknown_command"),
        ("KBS-01", run.number, b"<svg/>", "malformed"),
    ):
        with pytest.raises(command_files.CannotTake, match=error):
            command_files.take_file(terminal, number, content, now)
    file = command_files.take_file("KBS-01", run.number, picture(), now)
    assert command_files.take_file("KBS-01", run.number, picture(), now).pk == file.pk
    with pytest.raises(Forbidden):
        command_files.view_file(hall.actor("shui"), file, now)
    assert command_files.view_file(lin, file, now)[:4] == b"\x89PNG"
    assert AuditLine.objects.filter(action="terminals.view_file", actor="lin").count() == 1
    assert command_files.remove_old(now + timedelta(days=13)) == 0
    assert command_files.remove_old(now + timedelta(days=14)) == 1
    file.refresh_from_db()
    with pytest.raises(Refused, match="保存期限"):
        command_files.view_file(lin, file, now)


def test_an_archive_that_would_burst_is_not_taken(hall: Hall, now: datetime) -> None:
    command_actions.order(hall.actor("mo"), [hall.terminal], "collect_diagnostics", reason="x", now=now)
    run = CommandRun.objects.get()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big", b"0" * (33 * 1024 * 1024))
    with pytest.raises(command_files.CannotTake, match="too_large"):
        command_files.take_file("KBS-01", run.number, packed.getvalue(), now)
    with pytest.raises(command_files.CannotTake, match="malformed"):
        command_files.take_file("KBS-01", run.number, b"no archive", now)
