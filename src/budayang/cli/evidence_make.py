"""`budayang evidence make`: an evidence pack of one terminal or area and one period, as the console's page makes it."""

from __future__ import annotations

import argparse
import secrets
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.evidence import About, make_pack
from budayang.center.terminals.evidence import about_area, about_terminal
from budayang.cli.messages import Stop, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--terminal", metavar="CODE", help="一台终端 / one terminal")
    what.add_argument("--area", metavar="CODE", help="一个自助区 / one area")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD",
                        help="第一天 / first day")  # fmt: skip
    parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD",
                        help="最后一天 / last day")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="写到 / where to write it")


def run(arguments: argparse.Namespace) -> int:
    """0 when the pack is written. Under its name stands a whole pack or nothing: it is made under another name."""
    now, path = timezone.now(), arguments.out
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        about = _about(arguments, now)
        _must_be_free(path)
        with part.open("xb") as out:
            digest = make_pack(Actor.system(), about, out, now=now)
        _must_be_free(path)
        part.rename(path)
    except ObjectDoesNotExist as error:
        code = arguments.terminal or arguments.area
        raise Stop(f"没有 {code}，请核对代码。", f"There is no {code}: check the code.") from error
    except FileExistsError as error:
        raise Stop(f"{path} 已经有了，没有覆盖。", f"{path} is there: not written.") from error
    except OSError as error:
        raise Stop(f"写不了 {path}：{error}", f"{path} cannot be written: {error}") from error
    except Refused as refusal:
        raise Stop(str(refusal), str(refusal)) from refusal
    finally:
        part.unlink(missing_ok=True)
    say(f"已写入 {path}，清单摘要 {digest}", f"written, digest of the manifest {digest}")
    return 0


def _must_be_free(path: Path) -> None:
    if path.exists():
        raise FileExistsError(path)


def _about(arguments: argparse.Namespace, now: datetime) -> About:
    make = about_terminal if arguments.terminal else about_area
    code = arguments.terminal or arguments.area
    zone = ZoneInfo(make(Actor.system(), code, now, now).zone)
    start = datetime.combine(arguments.first, time(0), tzinfo=zone)
    end = datetime.combine(arguments.last + timedelta(days=1), time(0), tzinfo=zone)
    return make(Actor.system(), code, start, min(end, now))
