"""The code by which who walks a round proves to stand here: on the screen while nobody uses it, never in a journey."""

from __future__ import annotations

from pathlib import Path

from tests.terminal.screens.screens_stage import stage, view

from budayang.terminal import screens

ADDRESS = "https://center.example/console/rounds/here/?c=KBS-01.29700000.abc"


def test_the_page_shows_the_code_and_draws_itself_anew_within_its_minute() -> None:
    _terminal, client = stage(view("attract", presence=ADDRESS))
    page = client.get("/here").text
    assert "<svg" in page
    assert 'data-again="20"' in page
    assert ADDRESS not in page, "people read no address: the phone reads the picture"


def test_without_a_key_or_in_a_journey_it_leads_back() -> None:
    for shown in (view("attract"), view("fill", presence=ADDRESS)):
        _terminal, client = stage(shown)
        answer = client.get("/here")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_the_script_starts_the_page_s_timer_when_it_is_loaded_and_nowhere_else() -> None:
    script = (Path(screens.__file__).parent / "static" / "screen.js").read_text(encoding="utf-8")
    before, _, _ = script.partition('$("[data-again]")')
    assert script.count("data-again") == 1
    assert before.count("{") - before.count("}") == 1, "at the top level: no function that runs again"
