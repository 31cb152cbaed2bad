"""A department's words as they may be stored in clear: without the person, whom it may well address by name.

A case's message stands open, because it is shown to staff and on the page of progress. The person gets the department's
own words sealed, with the result. Numbers are masked by their shape, wherever they come from; the name as long as the
request is here, which is the time in which departments answer.
"""

from __future__ import annotations

import json
import re
from typing import Any

from budayang.center.platform.sealing import CannotOpen, open_field
from budayang.center.services.codes import mask_id_number, mask_name
from budayang.center.services.models import Case

ID_NUMBER = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])", re.ASCII)
MOBILE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])", re.ASCII)
SHORTEST_NAME = 2


def without_person(case: Case, text: str) -> str:
    """`text` with names and numbers of the case's person, and of who acts for them, masked."""
    for name in _names(case):
        text = text.replace(name, mask_name(name))
    text = ID_NUMBER.sub(lambda found: mask_id_number(found[0]), text)
    return MOBILE.sub(lambda found: f"{found[0][:3]}****{found[0][-4:]}", text)


def _names(case: Case) -> list[str]:
    try:
        body: Any = json.loads(open_field("services_case", case.number, "request", bytes(case.request_sealed or b"")))
    except CannotOpen:
        return []
    people = (body.get("person") or {}, body.get("agent") or {})
    found = {str(one.get("name") or "").strip() for one in people}
    # A name in a name is masked after the longer one.
    return sorted((name for name in found if len(name) >= SHORTEST_NAME), key=len, reverse=True)
