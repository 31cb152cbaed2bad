"""The evidence pack: what is in it, what never is, and that every way of changing one is found."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.center.hall import SYSTEM, Hall, number

from budayang.center.evaluation import jobs as evaluation_jobs
from budayang.center.maintenance import actions, manual_orders
from budayang.center.maintenance.models import Incident, WorkOrder
from budayang.center.platform import audit, evidence
from budayang.center.platform.actions import Refused, set_parameter
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditHead, AuditLine
from budayang.center.platform.sealing import center_keys
from budayang.center.terminals.evidence import about_area, about_terminal
from budayang.center.terminals.models import Terminal
from budayang.cli import evidence_make, evidence_verify
from budayang.cli.messages import Stop
from budayang.rules import evidence_pack as rules

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
Files = dict[str, bytes]


@pytest.fixture
def night(hall: Hall, now: datetime) -> Hall:
    """Paper runs out, somebody repairs it, somebody else rates badly; another place has an act of its own."""
    lin = hall.actor("lin")
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now, now)
    order = WorkOrder.objects.get()
    actions.repair(lin, order, note="电话 13900001234 找测试乙", now=now + HOUR)
    hall.tell(hall.terminal, "printer", "paper.upper", "full", now + HOUR, now + HOUR)
    hall.tell(hall.other, "printer", "paper.upper", "out", now, now)
    hall.inbox(hall.terminal, "rating.shown", {"number": number(1)}, now, now)
    hall.inbox(hall.terminal, "rating", {"number": number(1), "level": "unsatisfied", "reasons": []}, now, now)
    evaluation_jobs.read_inbox(now)
    set_parameter(SYSTEM, name="duty_swap_approval", place=hall.far_area.place, value=0, valid_from=now)
    return hall


def make(hall: Hall, now: datetime, who: str = "", *, area: bool = False) -> bytes:
    actor = hall.actor(who) if who else SYSTEM
    span = (now - HOUR, now + 3 * HOUR)
    about = about_area(actor, "KBS", *span) if area else about_terminal(actor, "KBS-01", *span)
    out = io.BytesIO()
    evidence.make_pack(actor, about, out, now=now + 4 * HOUR)
    return out.getvalue()


def files_of(pack: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows_of(files: Files, name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in files[f"facts/{name}.jsonl"].splitlines()]


def packed(files: Files) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def verify(tmp_path: Path, pack: bytes, *options: str) -> dict[str, object]:
    """The command's own answer, with its exit code."""
    file = tmp_path / "pack.zip"
    file.write_bytes(pack)
    parser = argparse.ArgumentParser()
    evidence_verify.add_arguments(parser)
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        code = evidence_verify.run(parser.parse_args([str(file), "--json", *options]))
    found: dict[str, object] = json.loads(out.getvalue())
    return {**found, "code": code, "codes": [one["code"] for one in found["findings"]]}  # type: ignore[attr-defined]  # JSON


def test_a_pack_holds_its_facts_and_not_the_neighbours(night: Hall, now: datetime, tmp_path: Path) -> None:
    files = files_of(make(night, now))
    assert verify(tmp_path, packed(files))["code"] == 0
    states = rows_of(files, "status_intervals")
    assert [(one["state"], one["until"]) for one in states if one["property"] == "paper.upper"] == [
        ("out", (now + HOUR).isoformat()),
        ("full", None),
    ]
    assert {one["terminal"] for one in states} == {"KBS-01"}
    mine = Incident.objects.get(terminal=night.terminal)
    assert [one["ref"] for one in rows_of(files, "incidents")] == [f"incident:{mine.pk}"]
    (order,) = rows_of(files, "orders")
    assert [one["event"] for one in order["events"]][:2] == ["reported", "repaired"]  # type: ignore[attr-defined]  # JSON
    assert order["clocks"]["repair"]["met_at"] == (now + HOUR).isoformat()  # type: ignore[index]  # JSON
    assert [one["level"] for one in rows_of(files, "ratings")] == ["unsatisfied"]
    assert rows_of(files, "promised_hours")
    chain = [json.loads(line) for line in files["chain.jsonl"].splitlines()]
    shown = {json.loads(one["record"])[4] for one in chain if "record" in one}
    assert shown == {"terminal:KBS-01", f"order:{order['number']}"}
    assert any("digest" in one for one in chain), "lines of other places stand by their digest"
    assert "KBS-02" not in "".join(content.decode() for content in files.values())
    assert "unsatisfied" in files["summary.html"].decode()


def test_nothing_of_a_person_is_in_it(night: Hall, now: datetime) -> None:
    for area in (False, True):
        everything = "".join(content.decode() for content in files_of(make(night, now, area=area)).values())
        for word in ("测试甲", "测试乙", "13900001234", number(1)):
            assert word not in everything, word
    assert evidence.person_mark("测试甲") == evidence.person_mark("测试甲") != evidence.person_mark("测试乙")


def _line_out(files: Files) -> Files:
    lines = files["chain.jsonl"].splitlines(keepends=True)
    return {**files, "chain.jsonl": b"".join(lines[:1] + lines[2:])}


def _first_out(files: Files) -> Files:
    return {**files, "chain.jsonl": b"".join(files["chain.jsonl"].splitlines(keepends=True)[1:])}


def _tail_out(files: Files) -> Files:
    return {**files, "chain.jsonl": b"".join(files["chain.jsonl"].splitlines(keepends=True)[:-1])}


def _told(files: Files, **changes: object) -> Files:
    return {**files, "manifest.json": json.dumps(json.loads(files["manifest.json"]) | changes).encode()}


def _rewritten(files: Files) -> Files:
    """A fact changed and the manifest's line for it written anew with the right digests."""
    name = "facts/incidents.jsonl"
    content = files[name].replace(b"consumables", b"department ")
    told = json.loads(files["manifest.json"])
    for row in told["files"]:
        if row["name"] == name:
            row |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            row["sm3"] = audit.sm3(content)
    assert content != files[name]
    return {**files, name: content, "manifest.json": json.dumps(told).encode()}


def _record_out(files: Files) -> Files:
    """A line's record put away behind its digest, which the chain itself allows."""
    rows = [json.loads(line) for line in files["chain.jsonl"].splitlines()]
    row = next(one for one in rows if "record" in one)
    row["digest"] = audit.sm3(row.pop("record").encode())
    return _chained(files, rows)


def _record_as_digest(files: Files) -> Files:
    """The digest in the record's own place: as a line of the earlier way it would give the same hash."""
    rows = [json.loads(line) for line in files["chain.jsonl"].splitlines()]
    row = next(one for one in rows if "record" in one)
    row["record"] = audit.sm3(row["record"].encode())
    return _chained(files, rows)


def _chained(files: Files, rows: list[dict[str, Any]]) -> Files:
    return {**files, "chain.jsonl": b"".join(json.dumps(one).encode() + b"\n" for one in rows)}


def _made_up(files: Files, rows: list[dict[str, Any]]) -> Files:
    """A line about a making of what lies there now, put behind these lines and linked in the right way."""
    last = json.loads(files["chain.jsonl"].splitlines()[-1])
    record = json.loads(last["record"])
    record[6]["manifest"] = audit.sm3(files["manifest.json"])
    text, seq = json.dumps(record), rows[-1]["seq"] + 1
    rows = [*rows, {"seq": seq, "record": text, "hash": audit.link(rows[-1]["hash"], seq, text)}]
    return _chained(_head(files, line=seq), rows)


def _line_behind(files: Files) -> Files:
    """A fact changed, and an own line of making behind the head that is signed."""
    files = _rewritten(files)
    return _made_up(files, [json.loads(line) for line in files["chain.jsonl"].splitlines()])


def _cut_in_two(files: Files) -> Files:
    """A fact changed, an own line of making, and then the genuine last line by its hash alone: the head is right."""
    files = _rewritten(files)
    rows = [json.loads(line) for line in files["chain.jsonl"].splitlines()]
    forged = _made_up(files, rows[:-2])
    last = json.dumps({"seq": rows[-1]["seq"], "hash": rows[-1]["hash"]}).encode() + b"\n"
    return {**forged, "chain.jsonl": forged["chain.jsonl"] + last}


def _record_changed(files: Files) -> Files:
    return {**files, "chain.jsonl": files["chain.jsonl"].replace(b"maintenance.order_", b"maintenance.Order_", 1)}


def _head(files: Files, **changes: object) -> Files:
    return {**files, "head.json": json.dumps(json.loads(files["head.json"]) | changes).encode()}


def _signed_by_another(files: Files) -> Files:
    """Another key signs the same head: whole in itself, and only the key known from elsewhere tells."""
    key = Ed25519PrivateKey.generate()
    head = json.loads(files["head.json"])
    text = rules.head_text(head["seq"], head["hash"], head["at"])
    return _head(files, signature=key.sign(text).hex(), key=key.public_key().public_bytes_raw().hex())


def _without(files: Files, name: str) -> Files:
    return {other: content for other, content in files.items() if other != name}


TAMPERED: list[tuple[str, str, Callable[[Files], Files]]] = [
    ("a fact changed", "file_changed", lambda f: {**f, "facts/orders.jsonl": f["facts/orders.jsonl"] + b"{}\n"}),
    ("a file removed", "file_removed", lambda f: _without(f, "facts/ratings.jsonl")),
    ("a file added", "file_added", lambda f: {**f, "facts/letter.txt": b"x"}),
    ("the manifest rewritten with right digests", "manifest_changed", _rewritten),
    ("a chain line removed", "line_removed", _line_out),
    ("the first chain line removed", "line_removed", _first_out),
    ("the chain's tail removed", "head_elsewhere", _tail_out),
    ("a chain record changed", "line_changed", _record_changed),
    ("a chain record hidden", "line_hidden", _record_out),
    ("a chain record hidden as an old line's", "line_changed", _record_as_digest),
    ("a line added behind the head", "head_elsewhere", _line_behind),
    ("a line given by its hash alone behind others", "line_changed", _cut_in_two),
    ("the line of making before one by its hash alone", "not_sealed", _cut_in_two),
    ("the head's signature replaced", "head_forged", lambda f: _head(f, signature="00" * 64)),
    ("the head moved", "head_forged", lambda f: _head(f, at="2026-01-01T00:00:00+00:00")),
    ("the head taken away", "no_head", lambda f: _without(f, "head.json")),
    ("the period narrowed", "other_period", lambda f: _told(f, start="2026-11-23T18:30:00+00:00")),
    ("another subject", "other_subject", lambda f: _told(f, subject="terminal:KBS-02")),
    ("the line of making denied", "not_sealed", lambda f: _head(f, line=1)),
    ("the chain taken away", "no_chain", lambda f: _without(f, "chain.jsonl")),
    ("the manifest taken away", "no_manifest", lambda f: _without(f, "manifest.json")),
]


def test_every_way_of_changing_it_is_told_by_its_own_message(night: Hall, now: datetime, tmp_path: Path) -> None:
    files = files_of(make(night, now, area=True))
    assert verify(tmp_path, packed(files))["codes"] == []
    for what, code, change in TAMPERED:
        found = verify(tmp_path, packed(change(dict(files))))
        assert found["code"] == 1, what
        assert code in found["codes"], (what, found["codes"])  # type: ignore[operator]  # JSON
    told = verify(tmp_path, packed(_rewritten(dict(files))))
    assert told["codes"] == ["manifest_changed"], "the digests are right: only the chain knows"
    twice = io.BytesIO(packed(files))
    with zipfile.ZipFile(twice, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("facts/orders.jsonl", files["facts/orders.jsonl"])
    assert "file_twice" in verify(tmp_path, twice.getvalue())["codes"]  # type: ignore[operator]  # JSON


def test_another_key_and_a_rewritten_past_need_a_word_from_outside(night: Hall, now: datetime, tmp_path: Path) -> None:
    pack = make(night, now)
    key = center_keys().audit_public.hex()
    forged = packed(_signed_by_another(files_of(pack)))
    assert verify(tmp_path, forged)["code"] == 0
    assert verify(tmp_path, forged, "--key", key)["codes"] == ["other_key"]
    assert verify(tmp_path, pack, "--key", key)["confirmed"]
    assert not verify(tmp_path, pack, "--key", " ")["confirmed"]
    rows = [json.loads(line) for line in files_of(pack)["chain.jsonl"].splitlines()]
    seq, kept = rows[2]["seq"], f"{rows[2]['seq']}:{rows[2]['hash']}"
    early = verify(tmp_path, pack, "--head", kept)
    assert (early["witnessed"], early["confirmed"]) == (1, False), "anybody can go on from a head that he knows"
    assert verify(tmp_path, pack, "--head", f"{rows[-1]['seq']}:{rows[-1]['hash']}")["confirmed"]
    assert verify(tmp_path, pack, "--head", f"99999:{'0' * 64}")["codes"] == ["witness_outside"]
    AuditHead.objects.all().delete()
    AuditLine.objects.filter(seq=seq - 1).delete()
    AuditLine.objects.update(seq=None, hash="")
    tidied = make(night, now)
    assert verify(tmp_path, tidied)["code"] == 0, "a past that was rewritten whole is whole"
    assert verify(tmp_path, tidied, "--head", kept)["codes"] == ["witness_differs"]


def _old(record: str, previous: str, seq: int) -> str:
    return audit.sm3(rules.link_text(previous, seq, record))


def test_lines_of_an_earlier_edition_are_held_by_the_manifest(night: Hall, now: datetime, tmp_path: Path) -> None:
    audit.seal(center_keys().audit_private, now)
    previous = audit.GENESIS
    for line in AuditLine.objects.order_by("seq"):
        line.hash = previous = _old(line.record, previous, line.seq or 0)
        line.save()
    AuditHead.objects.all().delete()
    files = files_of(make(night, now))
    found = verify(tmp_path, packed(files))
    assert found["code"] == 0
    assert found["trusted"]
    rows = [json.loads(line) for line in files["chain.jsonl"].splitlines()]
    last = max(i for i, row in enumerate(rows) if len(row) == 2)
    for i, code in ((0, "witness_unheld"), (last, "witness_unheld"), (last + 1, None)):
        told = verify(tmp_path, packed(files), "--head", f"{rows[i]['seq']}:{rows[i]['hash']}")
        assert told["codes"] == ([code] if code else [])
    changed = [dict(row) for row in rows]
    before = json.loads(files["manifest.json"])["chain"]["hash"]
    for row in changed[:last]:
        if "record" in row:
            row["record"] = row["record"].replace("maintenance.", "Maintenance.")
            row["hash"] = _old(row["record"], before, row["seq"])
        before = row["hash"]
    assert changed != rows
    assert set(verify(tmp_path, packed(_chained(files, changed)))["codes"]) == {"line_replaced"}  # type: ignore[call-overload]  # JSON
    told = json.loads(files["manifest.json"])
    told["chain"]["lines"].pop(next(iter(told["chain"]["lines"])))
    loose = {**files, "manifest.json": json.dumps(told).encode()}
    assert "line_unheld" in verify(tmp_path, packed(loose))["codes"]  # type: ignore[operator]  # JSON


def test_who_may_and_which_periods(night: Hall, now: datetime) -> None:
    for name in ("lin", "ning"):
        assert make(night, now, name)
    for name in ("ren", "mo"):
        with pytest.raises(Forbidden):
            make(night, now, name)
    with pytest.raises(Terminal.DoesNotExist):
        make(night, now, "ou")
    start = now - HOUR
    for end, said in ((start, "晚于"), (start + timedelta(days=400), "一年"), (now + HOUR, "过完")):
        about = about_terminal(SYSTEM, "KBS-01", start, end)
        with pytest.raises(Refused, match=said):
            evidence.make_pack(SYSTEM, about, io.BytesIO(), now=now)


def test_a_keeper_reads_no_audit_lines_in_it_either(night: Hall, now: datetime, tmp_path: Path) -> None:
    found = verify(tmp_path, make(night, now, "lin"))
    assert (found["code"], found["shown"]) == (0, 1), "only the line of its own making"


def test_a_manual_title_stays_out(night: Hall, now: datetime) -> None:
    manual_orders.open_manual(
        night.actor("lin"), area="KBS", terminal="KBS-01", title="张先生的卡", note="", severity="general", now=now
    )
    assert "张先生" not in "".join(c.decode() for c in files_of(make(night, now)).values())


@pytest.mark.processes
def test_the_command_needs_no_center(night: Hall, now: datetime, tmp_path: Path) -> None:
    """Another process, with neither Django nor a setting: the checks hold, the messages are in both languages."""
    file = tmp_path / "pack.zip"
    file.write_bytes(make(night, now))
    code = (
        "import sys\nfrom budayang.cli.main import main\ncode = main(sys.argv[1:])\n"
        "assert not [name for name in sys.modules if name.startswith(('django', 'budayang.center'))]\nsys.exit(code)"
    )
    command = [sys.executable, "-c", code, "evidence", "verify", str(file)]
    run = subprocess.run(command, capture_output=True, text=True, env={"PATH": ""}, check=False)
    assert run.returncode == 0, run.stderr
    assert "完整，没有发现改动 / whole" in run.stdout
    file.write_bytes(packed(_without(files_of(file.read_bytes()), "facts/ratings.jsonl")))
    run = subprocess.run(command, capture_output=True, text=True, env={"PATH": ""}, check=False)
    assert run.returncode == 1
    assert "facts/ratings.jsonl 不见了" in run.stdout
    file.write_bytes(b"no archive")
    run = subprocess.run(command, capture_output=True, text=True, env={"PATH": ""}, check=False)
    assert run.returncode == 1
    assert "打不开" in run.stderr


def test_the_command_makes_one(night: Hall, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    evidence_make.add_arguments(parser)
    out = tmp_path / "made.zip"
    given = ["--terminal", "KBS-01", "--from", "2026-11-01", "--to", "2026-11-02", "--out", str(out)]
    assert evidence_make.run(parser.parse_args(given)) == 0
    assert verify(tmp_path, out.read_bytes())["start"] == "2026-10-31T16:00:00+00:00", "midnight in the hall"
    with pytest.raises(Stop, match="没有覆盖"):
        evidence_make.run(parser.parse_args(given))
    with pytest.raises(Stop, match="没有 X"):
        evidence_make.run(parser.parse_args(["--area", "X", *given[2:-1], str(tmp_path / "x.zip")]))
