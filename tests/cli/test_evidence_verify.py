"""`budayang evidence verify` with files that somebody crafted: a message in two languages, never a traceback."""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from budayang.cli import evidence_verify
from budayang.cli.messages import Stop

Files = dict[str, bytes]
FORMAT = "budayang-evidence/1"
HEX = "0" * 64
HALF = f'{{"seq":1,"hash":"{HEX}","record":"[\\ud800"}}'


def run(tmp_path: Path, content: bytes, *options: str) -> int:
    file = tmp_path / "pack.zip"
    file.write_bytes(content)
    parser = argparse.ArgumentParser()
    evidence_verify.add_arguments(parser)
    return evidence_verify.run(parser.parse_args([str(file), *options]))


def archive(files: Files, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as pack:
        for name, content in files.items():
            pack.writestr(name, content)
    return out.getvalue()


def crafted(manifest: dict[str, Any], head: str = "{}", chain: str = "", more: Files | None = None) -> bytes:
    told = json.dumps({"format": FORMAT, **manifest}).encode()
    return archive({"manifest.json": told, "head.json": head.encode(), "chain.jsonl": chain.encode(), **(more or {})})


def _broken_stream() -> bytes:
    content = bytearray(archive({"manifest.json": bytes(range(256)) * 40}))
    start = 30 + len("manifest.json")
    content[start : start + 40] = b"\xff" * 40
    return bytes(content)


def _claims_much() -> bytes:
    content = archive({"manifest.json": b"x", "chain.jsonl": b"x"})
    first = content.index(b"PK\x01\x02") + 24
    second = content.index(b"PK\x01\x02", first) + 24
    claim = b"\xfe\xff\xff\xff"
    return content[:first] + claim + content[first + 4 : second] + claim + content[second + 4 :]


@pytest.mark.parametrize(
    "content",
    [
        b"no archive",
        _broken_stream(),
        archive({"manifest.json": b"x" * 999}, zipfile.ZIP_LZMA),
        archive({"manifest.json": b"x" * 999}, zipfile.ZIP_BZIP2),
        _claims_much(),
        archive({f"facts/{number}": b"" for number in range(2000)}),
        crafted({"chain": {"before": 0, "hash": HEX}}, chain=HALF),
    ],
    ids=["no archive", "zlib", "lzma", "bzip2", "size", "entries", "half a character"],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Stop, match="打不开") as stop:
        run(tmp_path, content)
    assert "cannot be read" in str(stop.value.__dict__) + str(stop.value)


@pytest.mark.parametrize(
    "content",
    [
        crafted({}, head='{"seq":1e999,"hash":"","at":"","signature":"","key":""}'),
        crafted({}, head='{"seq":1,"hash":[],"at":"","signature":5,"key":""}'),
        crafted({}, head='{"seq":true,"hash":"","at":"","signature":"","key":"","line":[]}'),
        crafted({"chain": {"before": 0, "hash": HEX, "lines": 5}}),
        crafted({"chain": {"before": 0, "hash": HEX, "lines": [[1], {}, None]}}),
        crafted({"chain": {"before": 0, "hash": HEX, "lines": {"1": [], "x": 5}}}),
        crafted({"chain": {"before": 1e999, "hash": HEX}}),
        crafted({"chain": [], "files": [5, {"name": []}, {}]}),
        crafted({"chain": {"before": 0, "hash": HEX}}, chain='{"seq":1e999,"hash":"x"}\n5\n[]\n'),
        crafted({"subject": "\ud800\x1b[2J", "start": [], "files": {"a": 1}}),
        crafted({}, more={"\x1b]0;x": b""}),
    ],
)
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_crafted_json_is_judged_as_wrong(
    tmp_path: Path, content: bytes, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, content, *options) == 1
    told = capsys.readouterr().out
    assert told.encode()
    assert "\x1b" not in told


def test_what_is_wrong_is_not_listed_without_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chain = "".join(f'{{"seq":{seq},"hash":"{HEX}","digest":"{HEX}"}}\n' for seq in range(1, 5000))
    assert run(tmp_path, crafted({"chain": {"before": 0, "hash": HEX}}, chain=chain), "--json") == 1
    codes = [one["code"] for one in json.loads(capsys.readouterr().out)["findings"]]
    assert len(codes) < 300
    assert "more" in codes
