"""`budayang web`, and its doors for phones in the hall: HTTPS, and the page on which a phone learns to trust it."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from budayang.cli.lan_keys import checked_name, lan_address, make_keys
from budayang.cli.lan_page import make_page
from budayang.cli.serving import Door, add_address, serve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    add_address(parser, 8800)
    parser.add_argument(
        "--lan-name", default="", help="手机用的主机名或地址，另开 HTTPS / host name or address for phones, over HTTPS"
    )
    parser.add_argument("--lan-host", default="0.0.0.0", help="HTTPS 的监听地址 / address of the HTTPS door")
    parser.add_argument("--lan-port", type=int, default=8854, help="HTTPS 的端口 / port of the HTTPS door")
    parser.add_argument(
        "--lan-page-port", type=int, default=8855, help="证书安装页的端口 / port of the certificate's page"
    )
    parser.add_argument("--lan-dir", type=Path, default=Path("var/lan"), help="本地证书的目录 / folder of its keys")


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped."""
    beside = _doors(arguments) if arguments.lan_name else ()
    return serve("budayang.center.config.asgi:web", arguments.host, arguments.port, beside)


def _doors(arguments: argparse.Namespace) -> tuple[Door, ...]:
    name, host = checked_name(arguments.lan_name), arguments.lan_host
    keys = make_keys(arguments.lan_dir.absolute(), name, lan_address(), datetime.now(UTC))
    page = make_page(keys.folder, f"https://{name}:{arguments.lan_port}/console/my-rounds/")
    return (
        Door(host, arguments.lan_port, keys.certificate, keys.key),
        Door(host, arguments.lan_page_port, application=page),
    )
