"""部门接口的最小例子 / the smallest service that keeps the department contract: python3 minimal_server.py PORT KEY

Standard library only. Put your own records behind `look_up`, and a TLS proxy in front before it leaves this machine.
"""

from __future__ import annotations

import hmac
import json
import sqlite3
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, KEY = int(sys.argv[1]), sys.argv[2]
ITEM, LIMIT = "ZZ001", 12 * 1024 * 1024
TEST = {"name": "测试甲", "id_number": "999999199003070012"}
RECORDS = {TEST["id_number"]: ("测试甲", "正常参保，累计160个月")}  # 换成您的业务库 / your own system
DB = sqlite3.connect("answers.sqlite3", check_same_thread=False, isolation_level=None)
DB.execute("CREATE TABLE IF NOT EXISTS answers (number TEXT PRIMARY KEY, body TEXT, answer BLOB, at TEXT)")
KEEP = "INSERT INTO answers VALUES (?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ'))"
ONE_AT_A_TIME = threading.Lock()
ALWAYS = {"weekly": [[day, "00:00", "24:00"] for day in range(7)], "after_hours": "全时可办"}
PROMISES = {"honours_key": True, "can_be_asked": True, "names_person": True, "test_identity": TEST}
READS = {
    "/v1/health": {"status": "ok", "items": [ITEM]},
    "/v1/hours": {"items": {ITEM: ALWAYS}, "confirmed_by": "信息科"},
    "/v1/items": {"contract": "1", "items": {ITEM: {"kind": "query_print", "form": {}, **PROMISES}}},
}


def look_up(matter):
    """The outcome of a matter, from the record; `for` comes from there too, never from the question."""
    found = RECORDS.get(matter["person"]["id_number"])
    if found is None or found[0] != matter["person"]["name"]:
        return {"outcome": "refused", "message": "未查到记录"}
    whose = {"name": found[0], "id_number": matter["person"]["id_number"], "case": matter["case"]}
    said = {"message": "拨测：查询完成。" if matter.get("test") else "查询完成。", "rows": [["参保状态", found[1]]]}
    return {"outcome": "done", **said, "for": whose}


def read(content, kind):
    """The matter in a body of the contract, or None; which field is wrong may be said, its value never."""
    try:
        matter = json.loads(content if kind == "application/json" else "")
        who, paper = matter["person"], matter["paper"]
        texts = [matter["case"], matter["item"], who["name"], who["id_number"], paper["code"], paper["verify_url"]]
        right = all(one and isinstance(one, str) for one in texts) and isinstance(matter["form"], dict)
    except (ValueError, KeyError, TypeError):
        return None
    return matter if right else None


class Door(BaseHTTPRequestHandler):
    def say(self, status, body):
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def parse_request(self):  # 没有密钥的一概不办 / nobody gets past this without the key
        if not super().parse_request():
            return False
        known = hmac.compare_digest(self.headers.get("Authorization", "").encode(), f"Bearer {KEY}".encode())
        return known or self.say(401, {"error": "unauthorized"})

    def do_GET(self):
        if self.path in READS:
            return self.say(200, READS[self.path])
        head, _, number = self.path.rpartition("/")
        row = DB.execute("SELECT answer, at FROM answers WHERE number = ?", (number,)).fetchone()
        if head != "/v1/matters" or row is None:
            return self.say(404, {"error": "unknown_case" if head == "/v1/matters" else "unknown_path"})
        outcome = json.loads(row[0])
        return self.say(200, {"state": outcome["outcome"], "at": row[1], "outcome": outcome, "steps": []})

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length > LIMIT:
            return self.say(413, {"error": "too_large"})
        matter = read(self.rfile.read(length), self.headers.get_content_type())
        if self.path != "/v1/matters":
            return self.say(404, {"error": "unknown_path"})
        if matter is None or self.headers.get("Idempotency-Key") != matter["case"]:
            return self.say(400, {"error": "malformed"})
        if matter["item"] != ITEM:
            return self.say(404, {"error": "unknown_item"})
        body = json.dumps(matter, sort_keys=True)
        with ONE_AT_A_TIME:  # 先存后答；同时来的两次只办一次 / stored before it is sent; of two at once one acts
            row = DB.execute("SELECT body, answer FROM answers WHERE number = ?", (matter["case"],)).fetchone()
            if row is None:
                row = (body, json.dumps(look_up(matter), ensure_ascii=False).encode())
                DB.execute(KEEP, (matter["case"], *row))
        return self.say(200, row[1]) if row[0] == body else self.say(409, {"error": "key_used"})


ThreadingHTTPServer(("127.0.0.1", PORT), Door).serve_forever()
