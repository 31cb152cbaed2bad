"""停用告示 on the screens: the gravest on the home page, all on a page of their own, none in a journey."""

from __future__ import annotations

from screens_stage import FAULTS, SCREENS, stage, view


def test_home_shows_one_in_full_and_leads_to_the_others() -> None:
    _terminal, client = stage(SCREENS["home-told"][1])
    page = client.get("/").text
    assert "KBS-03：这台机器暂时不能打印。" in page
    assert "最迟11月23日 23:52修好" in page
    assert "还有 2 条停用告示" in page
    page = client.get("/faults").text
    assert all(one["sentence"] in page for one in FAULTS)
    assert "断网以前的消息" not in page


def test_out_of_service_shows_what_is_known_and_when_it_is_old() -> None:
    _terminal, client = stage(view(service=SCREENS["out"][1]["service"], faults={"rows": FAULTS[:1], "old": True}))
    page = client.get("/").text
    assert "测试运维商已接单" in page
    assert "断网以前的消息" in page


def test_without_faults_or_in_a_journey_there_is_no_such_page() -> None:
    for shown in (view("choose"), SCREENS["fill"][1] | {"faults": {"rows": FAULTS, "old": False}}):
        _terminal, client = stage(shown)
        assert client.get("/faults").status_code == 303
