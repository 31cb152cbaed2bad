"""Making an evidence pack (证据包): the rooms' rows of one terminal or area and one period, held by the audit chain.

The rooms hand their sections to the table in `config/wiring.py`; this module knows none of them. No personal data goes
in: people stand as marks that only this center can read, free words as marks of the words.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext

from budayang.center.platform import audit
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import AuditHead, AuditLine
from budayang.center.platform.queries import audit_visible_to
from budayang.center.platform.sealing import CenterKeys, center_keys, lookup_hash
from budayang.rules import evidence_pack as rules

MAKERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.INSPECTOR)
LONGEST = timedelta(days=366)
SHOWN = 200
"""Rows of a section that the summary shows; the file has all."""
SHOWN_KINDS = ("terminal:", "stop:", "round:", "incident:", "order:", "notice:")
"""What a line may be about to be shown, besides what the facts name. All else is or may be a person's own matter (a
case, a joint matter, a payment, a lost thing, who looked at what): such lines stay digests."""
CODE = re.compile(r"(?!.*[0-9]{11})[A-Za-z0-9_.:/+\-]*")
"""A code or a moment; eleven digits could be a telephone."""
SEALINGS = 20
"""The worker seals at the same time; of two only one gets through, the other tries again."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class About:
    """What a pack is about. ``terminal_ids``: the terminals whose facts belong to it; of an area all of them.

    ``terminal_code``: "" for an area as a whole. Period: [start, end).
    """

    subject: str
    name: str
    place_path: str
    area_id: int
    terminal_ids: tuple[int, ...]
    terminal_code: str
    zone: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Section:
    """One file of the pack: JSON lines. ``columns`` (key, Chinese title) are what the summary shows; a row's ``ref``
    is the subject under which the audit chain knows it.
    """

    name: str
    title: str | Promise
    columns: tuple[tuple[str, str | Promise], ...]
    rows: Callable[[Actor, About], Iterable[Row]]


_sections: list[Section] = []


def install(sections: Sequence[Section]) -> None:
    """Hand over the table; called once by config."""
    _sections[:] = sections


def sections() -> tuple[Section, ...]:
    """The installed table."""
    return tuple(_sections)


def person_mark(name: str) -> str:
    """A person in a pack: the same mark for the same name, which nobody without this center's key can turn back."""
    return f"人员-{lookup_hash('evidence.person', name)[:10]}" if name else ""


def words_mark(text: str) -> str:
    """Free words in a pack: a mark by which this center can show that its words are those of then."""
    return lookup_hash("evidence.words", text)[:32] if text else ""


def plain(at: datetime | None) -> str | None:
    """A moment as it stands in a pack."""
    return at.astimezone(UTC).isoformat() if at else None


@dataclass(slots=True)
class _Written:
    name: str
    title: str | Promise
    columns: tuple[tuple[str, str | Promise], ...]
    digest: rules.Digest
    rows: int = 0
    shown: list[Row] = field(default_factory=list)


class _Entry:
    """A file of the archive that counts and hashes what is written."""

    def __init__(self, archive: zipfile.ZipFile, name: str, at: datetime) -> None:
        info = zipfile.ZipInfo(name, at.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        self.out = archive.open(info, "w")
        self.size, self.sha256, self.sm3 = 0, hashlib.sha256(), hashes.Hash(hashes.SM3())

    def write(self, content: bytes) -> None:
        self.out.write(content)
        self.size += len(content)
        self.sha256.update(content)
        self.sm3.update(content)

    def close(self) -> rules.Digest:
        self.out.close()
        return rules.Digest(self.size, self.sha256.hexdigest(), self.sm3.finalize().hex())


def make_pack(actor: Actor, about: About, out: IO[bytes], *, now: datetime) -> str:
    """Write the pack to `out`; returns the manifest's SM3. Commits: the line of the chain must be sealed before the
    pack can hold it, so this is not for the inside of a transaction.

    Raises:
        Forbidden: for whoever does not answer for the place.
        Refused: for a period that is empty, too long or not past.
    """
    actor.require(*MAKERS, place_path=about.place_path)
    _check_period(about, now)
    keys = center_keys()
    _seal(keys, now)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        refs: set[str] = {about.subject}
        written = [_write_section(archive, section, actor, about, refs, now) for section in sections()]
        lines = _lines_about(actor, about, refs)
        files = [*written, _write_summary(archive, about, written, len(lines), now)]
        manifest = _manifest(about, files, lines, now)
        _write(archive, rules.MANIFEST, manifest, now)
        digest = audit.sm3(manifest)
        made = _record(actor, about, digest, now)
        head = _sealed_head(keys, made, now)
        _write_chain(archive, json.loads(manifest)["chain"]["before"], head, {*lines, made.seq or 0}, now)
        _write(archive, rules.HEAD, _head(keys, head, made), now)
    return digest


def _check_period(about: About, now: datetime) -> None:
    if about.end <= about.start:
        raise Refused(gettext("结束须晚于开始。"))
    if about.end - about.start > LONGEST:
        raise Refused(gettext("一个证据包最长一年，请把时间段分开。"))
    if about.end > now:
        raise Refused(gettext("时间段还没有过完：结束不能晚于现在。"))


def _write(archive: zipfile.ZipFile, name: str, content: bytes, at: datetime) -> rules.Digest:
    entry = _Entry(archive, name, at)
    entry.write(content)
    return entry.close()


def _line(row: Row) -> bytes:
    return json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _write_section(
    archive: zipfile.ZipFile, section: Section, actor: Actor, about: About, refs: set[str], now: datetime
) -> _Written:
    entry, count = _Entry(archive, f"facts/{section.name}.jsonl", now), 0
    shown: list[Row] = []
    for row in section.rows(actor, about):
        entry.write(_line(row))
        count += 1
        refs.add(str(row.get("ref", about.subject)))
        if len(shown) < SHOWN:
            shown.append(row)
    return _Written(f"facts/{section.name}.jsonl", section.title, section.columns, entry.close(), count, shown)


def _lines_about(actor: Actor, about: About, refs: set[str]) -> dict[int, str]:
    """Numbers of the sealed lines of the period that concern it and that the actor may read, with the SM3 of their
    records; the others' records stay out, their digests hold the chain together."""
    rows = audit_visible_to(actor).filter(seq__isnull=False, at__gte=about.start, at__lt=about.end)
    rows = rows.filter(place_path__startswith=about.place_path) | rows.filter(subject=about.subject)
    found = rows.order_by("seq").values_list("seq", "subject", "details", "record")
    return {
        seq: audit.sm3(record.encode())
        for seq, subject, details, record in found.iterator(chunk_size=audit.BATCH)
        if seq is not None and _concerns(subject, about, refs) and _only_codes(details)
    }


def _concerns(subject: str, about: About, refs: set[str]) -> bool:
    if subject in refs or subject.partition("/")[0] in refs:
        return True
    return not about.terminal_code and subject.startswith(SHOWN_KINDS)


def _only_codes(value: object) -> bool:
    """Whether what a line tells is codes, numbers and moments: what somebody may have typed could name a person."""
    if isinstance(value, dict):
        return all(_only_codes(one) for one in value.values())
    if isinstance(value, list):
        return all(_only_codes(one) for one in value)
    return not isinstance(value, str) or CODE.fullmatch(value) is not None


def _manifest(about: About, files: Sequence[_Written], lines: dict[int, str], now: datetime) -> bytes:
    first = min(lines) if lines else (AuditLine.objects.filter(seq__isnull=False).count() + 1)
    before = AuditLine.objects.filter(seq=first - 1).first()
    told = {
        "format": rules.FORMAT,
        "subject": about.subject,
        "name": about.name,
        "place_path": about.place_path,
        "zone": about.zone,
        "start": plain(about.start),
        "end": plain(about.end),
        "made_at": plain(now),
        "demo": settings.BUDAYANG.demo,
        "files": [
            {"name": f.name, "rows": f.rows, "bytes": f.digest.size, "sha256": f.digest.sha256, "sm3": f.digest.sm3}
            for f in files
        ],
        "chain": {"before": first - 1, "hash": before.hash if before else audit.GENESIS, "lines": lines},
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


@transaction.atomic
def _record(actor: Actor, about: About, digest: str, now: datetime) -> AuditLine:
    details = {"manifest": digest, "start": plain(about.start), "end": plain(about.end)}
    record(actor, rules.ACTION, subject=about.subject, place_path=about.place_path, details=details, at=now)
    made = AuditLine.objects.filter(action=rules.ACTION, subject=about.subject, details__manifest=digest)
    return made.latest("pk")  # of this manifest: somebody else may make one at the same moment


def _seal(keys: CenterKeys, now: datetime) -> None:
    for _try in range(SEALINGS):
        try:
            if not audit.seal(keys.audit_private, now):
                return
        except IntegrityError:
            continue  # the worker sealed the same lines: they are sealed


def _sealed_head(keys: CenterKeys, made: AuditLine, now: datetime) -> AuditHead:
    """The first signed head over the line. Whether this process or the worker sealed it does not matter."""
    _seal(keys, now)
    made.refresh_from_db()
    head = AuditHead.objects.filter(seq__gte=made.seq).order_by("seq").first() if made.seq else None
    if head is None:
        raise Refused(gettext("审计链正忙，证据包没有做成；审计里留下了这次制作的记录。请过一分钟再试。"))
    return head


def _write_chain(archive: zipfile.ZipFile, before: int, head: AuditHead, open_to: set[int], now: datetime) -> None:
    entry = _Entry(archive, rules.CHAIN, now)
    rows = AuditLine.objects.filter(seq__gt=before, seq__lte=head.seq).order_by("seq")
    previous = getattr(AuditLine.objects.filter(seq=before).first(), "hash", audit.GENESIS)
    for line in rows.iterator(chunk_size=audit.BATCH):
        seq = line.seq or 0
        told: Row = {"seq": seq, "hash": line.hash}
        if seq in open_to:
            told["record"] = line.record
        elif audit.link(previous, seq, line.record) == line.hash:
            told["digest"] = audit.sm3(line.record.encode())
        entry.write(_line(told))
        previous = line.hash
    entry.close()


def _head(keys: CenterKeys, head: AuditHead, made: AuditLine) -> bytes:
    told = {
        "seq": head.seq,
        "hash": head.hash,
        "at": head.at.isoformat(),
        "signature": head.signature,
        "key": keys.audit_public.hex(),
        "line": made.seq,
    }
    return json.dumps(told, indent=1).encode()


def _write_summary(
    archive: zipfile.ZipFile, about: About, written: Sequence[_Written], lines: int, now: datetime
) -> _Written:
    """What a person reads: counts, then the first rows of each section in the area's own time."""
    tables = [
        {
            "title": one.title,
            "name": one.name,
            "count": one.rows,
            "left": one.rows - len(one.shown),
            "heads": [word for _key, word in one.columns],
            "rows": list(_cells(one)),
        }
        for one in written
    ]
    page = render_to_string(
        "platform/evidence.html",
        {"about": about, "tables": tables, "lines": lines, "now": now, "demo": settings.BUDAYANG.demo},
    ).encode()
    return _Written(rules.SUMMARY, "", (), _write(archive, rules.SUMMARY, page, now))


def _cells(one: _Written) -> Iterator[list[object]]:
    for row in one.shown:
        yield [_cell(row.get(key)) for key, _word in one.columns]


def _cell(value: object) -> object:
    """A moment of a row as a moment again, so that the page can say it in the area's time."""
    if isinstance(value, str) and value.endswith("+00:00"):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return "" if value is None else value
