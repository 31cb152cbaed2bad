"""报修 at the terminal: the code is where a person looks for it, and only when the center gave one."""

from __future__ import annotations

from typing import Any

from screens_stage import BASE, SCREENS, stage

URL = BASE["terminal"]["report_url"]


def without_code(shown: dict[str, Any]) -> dict[str, Any]:
    """A terminal whose center has not sent the address yet."""
    return shown | {"terminal": {key: value for key, value in BASE["terminal"].items() if key != "report_url"}}


def test_home_leads_to_the_page_with_the_code() -> None:
    _terminal, client = stage(SCREENS["home"][1])
    assert 'href="/report"' in client.get("/").text
    page = client.get("/report").text
    assert "扫码报修" in page
    assert "报修二维码" in page
    assert "<svg" in page
    assert URL not in page, "the address is in the modules, not in the text"


def test_without_an_address_nothing_leads_there() -> None:
    _terminal, client = stage(without_code(SCREENS["home"][1]))
    assert 'href="/report"' not in client.get("/").text
    answer = client.get("/report")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_out_of_service_the_code_is_on_the_notice() -> None:
    _terminal, client = stage(SCREENS["out"][1])
    assert "报修二维码" in client.get("/").text
    _terminal, client = stage(without_code(SCREENS["out"][1]))
    assert "报修二维码" not in client.get("/").text


def test_in_the_middle_of_a_journey_it_does_not_lead_away() -> None:
    _terminal, client = stage(SCREENS["fill"][1])
    assert client.get("/report").status_code == 303
