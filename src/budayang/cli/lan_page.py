"""How a phone comes to trust this machine: a page and the authority's certificate, over plain HTTP, nothing else.

It is the one thing that cannot come over HTTPS yet. Somebody in the same network could exchange it: the page and the
command line both show the fingerprint, which a person compares.
"""

from __future__ import annotations

import html
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from budayang.cli.lan_keys import LanKeys

CERTIFICATE = "/budayang-ca.crt"
STEPS: tuple[tuple[str, str, str], ...] = (
    (
        "安卓 Android",
        "下载证书，再到“设置 → 安全 → 加密与凭据 → 安装证书 → CA 证书”里选它。"
        "系统会提醒网络可能受监控，这是对任何自装证书的提醒。",
        "Download the certificate, then Settings → Security → Encryption and credentials → Install a certificate → CA "
        "certificate, and choose it. The warning about monitoring is shown for any certificate installed by hand.",
    ),
    (
        "iPhone、iPad",
        "用 Safari 打开本页下载，到“设置 → 已下载描述文件”安装，"
        "再到“设置 → 通用 → 关于本机 → 证书信任设置”里打开信任。",
        "Open this page in Safari and download, install it under Settings → Profile Downloaded, then switch it on "
        "under Settings → General → About → Certificate Trust Settings.",
    ),
)


def make_page(folder: Path, address: str) -> Starlette:
    """`address`: where the phone goes afterwards, with https."""
    keys = LanKeys(folder)

    async def page(_request: Request) -> Response:
        return HTMLResponse(_page(keys.fingerprint(), address))

    async def certificate(_request: Request) -> Response:
        name = {"Content-Disposition": 'attachment; filename="budayang-ca.crt"'}
        return Response(keys.authority.read_bytes(), media_type="application/x-x509-ca-cert", headers=name)

    return Starlette(routes=[Route("/", page), Route(CERTIFICATE, certificate)])


def _page(fingerprint: str, address: str) -> str:
    steps = "".join(
        f"<h2>{html.escape(title)}</h2><p>{html.escape(zh)}</p><p lang='en'>{html.escape(en)}</p>"
        for title, zh, en in STEPS
    )
    there = html.escape(address)
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>在手机上安装证书</title>
<style>body {{ font: 17px/1.6 sans-serif; margin: 0 auto; max-width: 40em; padding: 20px; color: #142235; }}
h1 {{ font-size: 24px; }} h2 {{ font-size: 19px; margin: 28px 0 4px; }} p {{ margin: 6px 0; overflow-wrap: anywhere; }}
a.get {{ display: inline-block; background: #0f4c81; color: #fff; padding: 12px 20px; border-radius: 10px; }}
code {{ font-size: 15px; }}</style></head>
<body><main><h1>在手机上安装证书<br>Install the certificate on a phone</h1>
<p>手机只有信任这台机器的证书，才能离线巡查、开相机。证书只对本地网络的名字和地址有效。</p>
<p lang="en">Rounds without a network and the camera need HTTPS that the phone trusts. The certificate is good for
names and addresses of a local network only.</p>
<p><a class="get" href="{CERTIFICATE}">下载证书 Download</a></p>
<p>安装前请核对指纹（SHA-256），须与启动时窗口里印出的一样：<br>
Compare the fingerprint with the one that was printed at the start:</p><p><code>{fingerprint}</code></p>
{steps}
<h2>然后 Then</h2><p><a href="{there}">{there}</a></p>
<p>不再使用时，请在同一处删除这张证书。
<span lang="en">Remove it in the same place when it is not used any more.</span></p>
</main></body></html>"""
