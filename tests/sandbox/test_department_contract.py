"""Every answer of the departments fits the OpenAPI file, whatever is sent to them: no 5xx, no breach of a schema."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.applications import Starlette

from budayang import data
from budayang.sandbox.app import DEMO_KEYS
from budayang.sandbox.citizens import find_citizen
from budayang.sandbox.clock import Clock
from budayang.sandbox.departments.counter import Visit, done
from budayang.sandbox.departments.desks import OFFICES
from budayang.sandbox.departments.door import Departments
from budayang.sandbox.departments.ledger import Ledger
from budayang.sandbox.departments.matters import Matter, PaperOrder, Person

DOCS = Path(__file__).parents[2] / "docs" / "departments" / "openapi.json"
DOCUMENT = json.loads(data.table_path("department_contract.json").read_text(encoding="utf-8"))
schema = schemathesis.openapi.from_dict(deepcopy(DOCUMENT))  # `fit` changes its examples
MATTER = Draft202012Validator({"$ref": "#/components/schemas/Matter", "components": DOCUMENT["components"]})


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The departments on loopback, open at any hour."""
    ledger = Ledger(tmp_path_factory.mktemp("contract") / "a.sqlite3")
    departments = Departments(ledger, Clock(), dict(DEMO_KEYS))
    for switches in departments.switches.values():
        switches.always_open = True
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(Starlette(routes=departments.routes()), log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/dept/RS"
    server.should_exit = True
    thread.join()
    ledger.close()


def test_the_file_of_the_docs_is_the_file_that_ships() -> None:
    assert json.loads(DOCS.read_text(encoding="utf-8")) == DOCUMENT


def examples() -> Iterator[tuple[str, Any, Any]]:
    """(where, schema, value) of every example that the file shows."""
    for path, acts in DOCUMENT["paths"].items():
        for act, told in acts.items():
            for part in (told.get("requestBody"), told["responses"]["200"]):
                media = (part or {}).get("content", {}).get("application/json", {})
                for name, one in media.get("examples", {}).items():
                    yield f"{act} {path} {name}", media["schema"], one["value"]


def test_every_example_of_the_contract_fits_it() -> None:
    shown = list(examples())
    assert len(shown) > 15
    for where, wanted, value in shown:
        rules = {**wanted, "components": DOCUMENT["components"]}
        assert [error.message for error in Draft202012Validator(rules).iter_errors(value)] == [], where


@schema.parametrize()
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_answer_breaks_the_contract(case: schemathesis.Case, address: str) -> None:
    fit(case)
    # A department may refuse more than a schema can say: an amount written 40000.0, content that is no base64.
    case.call_and_validate(
        base_url=address,
        headers={"Authorization": f"Bearer {DEMO_KEYS['RS']}"},
        excluded_checks=[positive_data_acceptance],
    )


def fit(case: schemathesis.Case) -> None:
    """What a schema cannot say: which key belongs to an act. Half of the matters are about items that there are."""
    body = case.body if isinstance(case.body, dict) else {}
    number = str((case.path_parameters or {}).get("case", ""))
    keys = {
        "hand_in": body.get("case"),
        "paid": body.get("payment"),
        "correct": f"{number}-C",
        "withdraw": f"{number}-W",
    }
    key = keys.get(str(case.operation.definition.raw.get("operationId")))
    if isinstance(key, str) and key.isascii() and key.isprintable():
        case.headers["Idempotency-Key"] = key
    if case.operation.definition.raw.get("operationId") == "hand_in" and isinstance(body.get("item"), str):
        person = find_citizen("甲")
        assert person is not None
        if len(body["item"]) % 2 and MATTER.is_valid(body):  # what was made wrong on purpose stays wrong
            body["item"] = OFFICES["RS"].desks[len(body["item"]) % len(OFFICES["RS"].desks)].item
            body["person"] = {"name": person.name, "id_number": person.id_number}


ORDERED = PaperOrder("ABCDE-ABCDE-ABCDE-ABCDE", "http://127.0.0.1/verify/ABCDE-ABCDE-ABCDE-ABCDE")


def test_characters_that_no_font_has_are_refused_in_words() -> None:
    person, office = find_citizen("甲"), OFFICES["RS"]
    assert person is not None
    form = {"purpose": "\U000e5881"}
    matter = Matter("TEST-GLYPHS-0001", "ZZ001", Person(person.name, person.id_number), form, ORDERED)
    visit = Visit(matter, person, office, datetime(2026, 11, 24, 2, 0, tzinfo=UTC))
    answer = done(visit, "凭证", "已办好。", [], fields=[["用途", visit.word("purpose")]])
    assert (answer.outcome, answer.paper_pdf) == ("refused", None)
    assert "打印不出来的字" in answer.message
