"""The truth table of faults: what happens in an area, and what an honest center makes of it.

A row is a story: its steps (seconds, what happens) and every cause that must be found, with bucket, whose order it is
("" for none) and how many symptoms hang below it. What is not in the row must not be found. `told` is how many faults a
person hears of: causes that stood for two minutes or more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.center.maintenance.fault_stage import Stage, Step

Who = str | int | Sequence[int]
ALL = "all"
MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class Cause:
    """`where`: "area", a number of a terminal with or without its component ("3/printer"), "department", "center"."""

    kind: str
    where: str
    bucket: str
    state: str
    order: str
    symptoms: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    name: str
    count: int
    steps: tuple[Step, ...]
    until_s: float
    causes: tuple[Cause, ...] = ()
    told: int = 0
    hushed: int = 0


def at(seconds: float, do: Callable[[Stage], object]) -> Step:
    return Step(seconds, lambda stage: void(do(stage)))


def void(_result: object) -> None:
    return None


def cut(seconds: float, who: Who = ALL) -> Step:
    return at(seconds, lambda stage: stage.cut(who))


def say(seconds: float, number: int, what: str, *, age_s: float = 0) -> Step:
    return at(seconds, lambda stage: stage.say(number, what, age_s=age_s))


def back(seconds: float, who: Who = ALL, *events: tuple[str, dict[str, object]]) -> Step:
    return at(seconds, lambda stage: stage.back(who, events))


def boot(stopped: str = "unclean", by: str = "") -> tuple[str, dict[str, object]]:
    body = {"cause": "boot", "boot_at_ms": 40, "stopped": stopped, "stopped_at_ms": None, "by": by}
    return "started", body


def program(stopped: str = "unclean", by: str = "") -> tuple[str, dict[str, object]]:
    return "started", {"cause": "program", "boot_at_ms": 90000, "stopped": stopped, "stopped_at_ms": None, "by": by}


def reconnected(lost_s: float, reason: str = "connect") -> tuple[str, dict[str, object]]:
    return "reconnected", {"lost_at_ms": lost_s, "found_at_ms": 0, "reason": reason}


def stopping(seconds: float, number: int, by: str) -> Step:
    return at(seconds, lambda stage: stage.event(number, "stopping", {"by": by}))


def flaps(first_s: float, number: int, bad: str, well: str, times: int, every_s: float) -> tuple[Step, ...]:
    found: list[Step] = []
    for turn in range(times):
        found += [
            say(first_s + turn * every_s, number, bad),
            say(first_s + turn * every_s + every_s / 2, number, well),
        ]
    return tuple(found)


PAPER_OUT, PAPER_FULL = "printer paper.upper out", "printer paper.upper full"
DARK, LIGHT = "ups supply powering", "ups supply powerIn"

STORIES: tuple[Story, ...] = (
    # The whole area ------------------------------------------------------------------------------------------------
    Story(
        "power_of_forty_terminals", 40,
        (cut(100), back(1900, ALL, boot())),
        2400,
        (Cause("area_silent", "area", "power", "closed", "ZW1", 40),),
        told=1,
    ),
    Story(
        "power_not_back_yet", 12,
        (cut(100),),
        900,
        (Cause("area_silent", "area", "undetermined", "open", "ZW1", 12),),
        told=1,
    ),
    Story(
        "battery_says_power_before_the_silence", 12,
        (say(60, 0, DARK), cut(75), back(1900, ALL, boot()), say(1907, 0, LIGHT)),
        2400,
        (Cause("area_power", "area", "power", "closed", "ZW1", 12),),
        told=1,
    ),
    Story(
        "battery_carries_the_hall_for_a_while", 12,
        (say(60, 0, DARK), say(660, 0, LIGHT)),
        900,
        (Cause("power_lost", "area", "power", "closed", "ZW1"),),
        told=1,
    ),
    Story(
        "battery_runs_out_after_an_hour", 12,
        (say(60, 0, DARK), say(3000, 0, "ups supply low"), cut(3300), back(7000, ALL, boot()), say(7001, 0, LIGHT)),
        7600,
        (
            Cause("power_lost", "area", "power", "closed", "ZW1"),
            Cause("power_ending", "area", "power", "closed", "ZW1", 12),
        ),
        told=2,
    ),
    Story(
        "network_of_the_area", 10,
        (cut(100), back(1900, ALL, reconnected(1800))),
        2400,
        (Cause("area_silent", "area", "network", "closed", "ZW1", 10),),
        told=1,
    ),
    Story(
        "the_gateway_answers_so_it_is_the_network", 10,
        (
            at(1, lambda stage: stage.make_relay(9)),
            cut(100, range(9)),
            at(170, lambda stage: stage.relay_speaks(9)),
            at(200, lambda stage: stage.relay_speaks(9)),
        ),
        600,
        (Cause("area_silent", "area", "network", "open", "ZW1", 9),),
        told=1,
    ),
    Story(
        "most_but_not_all", 10,
        (cut(100, range(7)),),
        900,
        (Cause("area_silent", "area", "undetermined", "open", "ZW1", 7),),
        told=1,
    ),
    Story(
        "a_heard_terminal_is_no_symptom_of_its_silent_neighbours", 10,
        (cut(100, range(7)), say(600, 8, PAPER_OUT)),
        900,
        (
            Cause("area_silent", "area", "undetermined", "open", "ZW1", 7),
            Cause("paper_out", "8/printer", "consumables", "open", "RS"),
        ),
        told=2,
    ),
    Story(
        "two_of_ten_are_two_faults", 10,
        (cut(100, [1, 2]),),
        900,
        (
            Cause("terminal_silent", "1", "undetermined", "open", "ZW1"),
            Cause("terminal_silent", "2", "undetermined", "open", "ZW1"),
        ),
        told=2,
    ),
    Story(
        "three_of_three_are_one", 3,
        (cut(100),),
        900,
        (Cause("area_silent", "area", "undetermined", "open", "ZW1", 3),),
        told=1,
    ),
    Story(
        "one_of_three_is_one", 3,
        (cut(100, 1),),
        900,
        (Cause("terminal_silent", "1", "undetermined", "open", "ZW1"),),
        told=1,
    ),
    Story(
        "silences_far_apart_are_not_one_fault", 6,
        (cut(100, 0), cut(1100, 1), cut(2100, 2), cut(3100, 3)),
        3900,
        tuple(Cause("terminal_silent", str(one), "undetermined", "open", "ZW1") for one in range(4)),
        told=4,
    ),
    Story(
        "those_that_were_silent_before_do_not_count", 6,
        (cut(100, [4, 5]), cut(3000, [0, 1, 2, 3])),
        3900,
        # The first two became symptoms of the area's fault: their orders stand still.
        (Cause("area_silent", "area", "undetermined", "open", "ZW1", 6),),
        told=3,
    ),
    Story(
        "a_pair_switched_off_and_on_together_had_no_power", 2,
        (cut(100), back(1900, ALL, boot())),
        2400,
        (
            Cause("terminal_silent", "0", "power", "closed", "ZW1"),
            Cause("terminal_silent", "1", "power", "closed", "ZW1"),
        ),
        told=2,
    ),
    Story(
        "the_whole_hall_switched_off_by_hand", 5,
        (
            *(stopping(100, one, "person") for one in range(5)),
            cut(101),
            back(1900, ALL, boot("clean", "person")),
        ),
        2400,
        (Cause("area_silent", "area", "switched_off", "closed", "ZW1", 5),),
        told=1,
    ),
    Story(
        "one_comes_back_late_and_is_a_fault_of_its_own", 10,
        (cut(100), back(1900, range(9), boot())),
        3000,
        (
            Cause("area_silent", "area", "power", "closed", "ZW1", 9),
            Cause("terminal_silent", "9", "undetermined", "open", "ZW1"),
        ),
        told=2,
    ),
    Story(
        "one_comes_back_two_minutes_after_the_others", 10,
        (cut(100), back(1900, range(9), boot()), back(1960, 9, boot())),
        3000,
        (Cause("area_silent", "area", "power", "closed", "ZW1", 10),),
        told=1,
    ),
    Story(
        "a_short_dip_of_the_line_is_nothing", 10,
        (cut(100), back(125)),
        900,
    ),
    Story(
        "contradicting_words_settle_nothing", 4,
        (cut(100), back(1900, [0, 1], boot()), back(1901, [2, 3], reconnected(1800))),
        2400,
        (Cause("area_silent", "area", "undetermined", "closed", "ZW1", 4),),
        told=1,
    ),
    Story(
        "the_terminals_word_outweighs_the_battery", 5,
        (say(60, 0, DARK), cut(75), back(1900, ALL, reconnected(1800)), say(1901, 0, LIGHT)),
        2400,
        (Cause("area_power", "area", "network", "closed", "ZW1", 5),),
        told=1,
    ),

    # What broke meanwhile ------------------------------------------------------------------------------------------
    Story(
        "a_printer_that_broke_during_the_outage_is_found_right_after", 40,
        (cut(100), back(1900, ALL, boot()), say(1900.5, 7, "printer device hardwareError")),
        2400,
        (
            Cause("area_silent", "area", "power", "closed", "ZW1", 40),
            Cause("printer_offline", "7/printer", "device", "open", "RS"),
        ),
        told=2,
    ),
    Story(
        "what_was_open_before_the_outage_is_freed_after_it", 10,
        (say(50, 3, PAPER_OUT), cut(400), back(1900, ALL, boot())),
        2400,
        (
            Cause("area_silent", "area", "power", "closed", "ZW1", 10),
            Cause("paper_out", "3/printer", "consumables", "open", "RS"),
        ),
        told=2,
    ),
    Story(
        "what_was_mended_during_the_silence_is_closed_after_it", 3,
        (say(50, 1, PAPER_OUT), cut(400, 1), say(1900, 1, PAPER_FULL, age_s=600), back(1900, 1, boot())),
        2400,
        (
            Cause("paper_out", "1/printer", "consumables", "closed", "RS"),
            Cause("terminal_silent", "1", "undetermined", "closed", "ZW1"),
        ),
        told=2,
    ),

    # One terminal --------------------------------------------------------------------------------------------------
    Story(
        "switched_off_by_hand_each_evening", 3,
        (stopping(100, 1, "person"), cut(101, 1), back(40000, 1, boot("clean", "person"))),
        40600,
        (Cause("terminal_silent", "1", "switched_off", "closed", "RS"),),
        told=1,
    ),
    Story(
        "switched_off_by_hand_and_its_last_words_did_not_arrive", 3,
        (cut(101, 1), back(4000, 1, boot("clean", "person"))),
        4600,
        (Cause("terminal_silent", "1", "switched_off", "closed", "ZW1"),),
        told=1,
    ),
    Story(
        "a_plug_is_pulled", 3,
        (cut(101, 1), back(4000, 1, boot())),
        4600,
        (Cause("terminal_silent", "1", "undetermined", "closed", "ZW1"),),
        told=1,
    ),
    Story(
        "our_own_program_crashed", 3,
        (cut(101, 1), back(900, 1, program())),
        1600,
        (Cause("terminal_silent", "1", "software", "closed", "ZW1"),),
        told=1,
    ),
    Story(
        "its_own_line", 3,
        (cut(101, 1), back(900, 1, reconnected(800, "dns"))),
        1600,
        (Cause("terminal_silent", "1", "network", "closed", "ZW1"),),
        told=1,
    ),
    Story(
        "an_error_of_the_center_is_not_its_line", 3,
        (cut(101, 1), back(900, 1, reconnected(800, "http"))),
        1600,
        (Cause("terminal_silent", "1", "undetermined", "closed", "ZW1"),),
        told=1,
    ),
    Story(
        "restarted_by_command", 3,
        (stopping(100, 1, "command"), cut(101, 1), back(900, 1, boot("clean", "command"))),
        1600,
        (Cause("terminal_silent", "1", "planned", "closed", "ZW1"),),
        told=1,
    ),
    Story(
        "a_long_update_is_our_own", 3,
        (stopping(100, 1, "update"), cut(101, 1), back(900, 1, program("clean", "update"))),
        1600,
        (Cause("terminal_silent", "1", "software", "closed", "ZW1"),),
        told=1,
    ),
    Story(
        "its_own_battery_shut_it_down", 3,
        (cut(101, 1), back(900, 1, boot("clean", "power"))),
        1600,
        (Cause("terminal_silent", "1", "power", "closed", "ZW1"),),
        told=1,
    ),
    Story(
        "an_update_within_the_grace_is_nothing", 3,
        (stopping(100, 1, "update"), cut(101, 1), back(130, 1, program("clean", "update"))),
        900,
    ),
    Story(
        "a_clone_is_stopped_and_told", 3,
        (at(100, lambda stage: stage.clone(1)), at(1900, lambda stage: stage.resume(1))),
        2400,
        (Cause("terminal_cloned", "1", "undetermined", "closed", "ZW1"),),
        told=1,
    ),
    Story(
        "suspended_by_a_person_is_no_fault", 3,
        (at(100, lambda stage: stage.suspend(1)), cut(110, 1)),
        50,
    ),
    Story(
        "the_program_runs_and_serves_nobody", 3,
        (say(100, 1, "terminal application error"), say(900, 1, "terminal application inService")),
        1600,
        (Cause("application_down", "1/terminal", "software", "closed", "ZW1"),),
        told=1,
    ),
    Story(
        "lost_events_are_told_and_end_after_a_day", 3,
        (at(100, lambda stage: stage.lose_events(1)),),
        25 * HOUR,
        (Cause("events_lost", "1/outbox", "software", "closed", "ZW1"),),
        told=1,
    ),

    # The site ------------------------------------------------------------------------------------------------------
    Story(
        "the_hall_is_locked_at_night", 5,
        (say(100, 0, "door entrance locked"), say(30000, 0, "door entrance open")),
        31000,
        (Cause("door_locked", "area", "site", "closed", "ZW1"),),
        told=1,
    ),
    Story(
        "a_door_of_which_nobody_tells_any_more_is_still_locked", 5,
        (say(100, 0, "door entrance locked"), say(7300, 0, "door entrance unknown")),
        20000,
        (Cause("door_locked", "area", "site", "open", "ZW1"),),
        told=1,
    ),
    Story(
        "a_door_that_is_told_to_be_open_after_nobody_told_is_repaired", 5,
        (
            say(100, 0, "door entrance locked"), say(7300, 0, "door entrance unknown"),
            say(20000, 0, "door entrance open"),
        ),
        21000,
        (Cause("door_locked", "area", "site", "closed", "ZW1"),),
        told=1,
    ),
    Story(
        "locked_and_switched_off_is_one_cause", 5,
        (say(100, 0, "door entrance locked"), cut(700), back(30000, ALL, boot()), say(30001, 0, "door entrance open")),
        31000,
        # The door explains all of it: the area's silence and each terminal's are its symptoms.
        (Cause("door_locked", "area", "site", "closed", "ZW1", 6),),
        told=1,
    ),
    Story(
        "a_cold_hall_is_told_only_when_it_stays_cold", 5,
        (
            say(100, 0, "environment x-env.temperature tooCold"),
            say(400, 0, "environment x-env.temperature ok"),
            say(2000, 0, "environment x-env.temperature tooCold"),
        ),
        3600,
        (Cause("site_cold", "area", "site", "open", "ZW1"),),
        told=1,
    ),
    Story(
        "a_cabinet_is_forced", 3,
        (say(100, 1, "door cabinet tampered"),),
        900,
        (Cause("cabinet_forced", "1/door", "damage", "open", "ZW1"),),
        told=1,
    ),
    Story(
        "a_cabinet_open_for_the_refill_is_nothing", 3,
        (say(100, 1, "door cabinet open"), say(400, 1, "door cabinet locked")),
        1200,
    ),
    Story(
        "a_cabinet_left_open_is_told", 3,
        (say(100, 1, "door cabinet open"),),
        1200,
        (Cause("cabinet_open", "1/door", "device", "open", "RS"),),
        told=1,
    ),

    # Parts ---------------------------------------------------------------------------------------------------------
    Story(
        "low_then_out_is_one_order", 3,
        (say(100, 1, "printer paper.upper low"), say(500, 1, PAPER_OUT), say(1900, 1, PAPER_FULL)),
        2400,
        (
            Cause("paper_low", "1/printer", "consumables", "closed", "RS"),
            Cause("paper_out", "1/printer", "consumables", "closed", "RS"),
        ),
        told=2,
    ),
    Story(
        "a_cover_opened_for_the_refill_is_nothing", 3,
        (say(100, 1, "printer device userError"), say(140, 1, "printer device online")),
        900,
    ),
    Story(
        "a_cover_left_open_is_told_since_it_was_opened", 3,
        (say(100, 1, "printer device userError"),),
        900,
        (Cause("printer_cover", "1/printer", "device", "open", "RS"),),
        told=1,
    ),
    Story(
        "a_tray_emptied_and_filled_twice_does_not_flap", 3,
        (
            say(100, 1, "printer paper.upper low"), say(160, 1, PAPER_OUT), say(220, 1, PAPER_FULL),
            say(280, 1, "printer paper.upper low"), say(340, 1, PAPER_OUT),
        ),
        600,
        (
            Cause("paper_low", "1/printer", "consumables", "closed", "RS"),
            Cause("paper_out", "1/printer", "consumables", "closed", "RS"),
            Cause("paper_low", "1/printer", "consumables", "closed", "RS"),
            Cause("paper_out", "1/printer", "consumables", "open", "RS"),
        ),
        told=1,
    ),
    Story(
        "a_flapping_printer_is_one_unstable_part", 3,
        (
            *flaps(100, 1, "printer device offline", "printer device online", 6, 60),
            say(480, 1, "printer device online"),
        ),
        3000,
        # The three before the bound are what they were; from then on there is one.
        (
            *(Cause("printer_offline", "1/printer", "device", "closed", "RS") for _turn in range(3)),
            Cause("unstable", "1/printer", "device", "closed", "RS"),
        ),
        told=1,
    ),
    Story(
        "a_part_that_stays_down_after_the_flapping_is_a_fault_again", 3,
        (
            *flaps(100, 1, "scanner device offline", "scanner device online", 4, 60),
            say(360, 1, "scanner device offline"),
        ),
        3000,
        (
            *(Cause("scanner_down", "1/scanner", "device", "closed", "RS") for _turn in range(3)),
            Cause("unstable", "1/scanner", "device", "closed", "RS"),
            Cause("scanner_down", "1/scanner", "device", "open", "RS"),
        ),
        told=2,
    ),

    # Planned -------------------------------------------------------------------------------------------------------
    Story(
        "a_planned_stop_overnight_hushes_everything", 6,
        (
            at(10, lambda stage: stage.stop(100, 30000)),
            cut(200),
            back(29000, ALL, boot()),
            at(30200, lambda stage: stage.stop_ended()),
        ),
        31000,
        hushed=6,
    ),
    Story(
        "what_still_stands_after_the_stop_is_told", 3,
        (
            at(10, lambda stage: stage.stop(100, 1800, number=1)),
            say(300, 1, PAPER_OUT),
            at(1911, lambda stage: stage.stop_ended()),
        ),
        3000,
        (Cause("paper_out", "1/printer", "consumables", "open", "RS"),),
        told=1,
        hushed=1,
    ),
    Story(
        "a_stop_of_one_part_hushes_that_part_only", 3,
        (
            at(10, lambda stage: stage.stop(100, 1800, number=1, subject="printer")),
            say(300, 1, PAPER_OUT),
            say(310, 1, "scanner device offline"),
        ),
        1500,
        (Cause("scanner_down", "1/scanner", "device", "open", "RS"),),
        told=1,
        hushed=1,
    ),

    # Late ----------------------------------------------------------------------------------------------------------
    Story(
        "what_was_over_before_it_came_alarms_nobody", 3,
        (at(100, lambda stage: stage.history(1, "printer media jammed", 7000, 5000)),),
        900,
    ),
    Story(
        "what_still_stands_opens_with_its_true_beginning", 3,
        (cut(100, 1), say(4000, 1, "printer media jammed", age_s=3000), back(4000, 1, reconnected(3900))),
        4900,
        (
            Cause("terminal_silent", "1", "network", "closed", "ZW1"),
            Cause("paper_jam", "1/printer", "device", "open", "RS"),
        ),
        told=2,
    ),

    # Departments and ourselves ---------------------------------------------------------------------------------------
    Story(
        "a_departments_system_is_its_own_affair", 3,
        (at(100, lambda stage: stage.connector("down")), at(1900, lambda stage: stage.connector("ok"))),
        2400,
        (Cause("department_down", "department", "department", "closed", "SW"),),
        told=1,
    ),
    Story(
        "a_department_that_says_nothing_is_not_down", 3,
        (at(100, lambda stage: stage.connector("unknown")),),
        900,
    ),
    Story(
        "one_terminal_cannot_reach_the_department", 5,
        (
            *(say(100 + one, one, "department-SW connector ok") for one in range(5)),
            say(300, 1, "department-SW connector down"),
        ),
        900,
        (Cause("department_link_down", "1/department-SW", "undetermined", "open", "ZW1"),),
        told=1,
    ),
    Story(
        "no_terminal_can_reach_the_department", 5,
        (
            at(50, lambda stage: stage.connector("ok")),
            *(say(100 + one, one, "department-SW connector down") for one in range(5)),
            *(say(2000 + one, one, "department-SW connector ok") for one in range(5)),
        ),
        2400,
        # When most can reach it again, what the last ones say is theirs, until they can too.
        (
            Cause("department_down", "department", "department", "closed", "SW", 4),
            Cause("department_link_down", "4/department-SW", "undetermined", "closed", ""),
        ),
        told=1,
    ),
    Story(
        "nobody_listened", 3,
        (at(100, lambda stage: stage.ingest_away(30)), at(400, lambda stage: stage.ingest_back(330))),
        900,
        (Cause("ingest_down", "center", "monitoring_lost", "closed", ""),),
        told=1,
    ),
    Story(
        "a_silent_relay_is_lost_monitoring", 4,
        (at(1, lambda stage: stage.make_relay(3)), cut(100, 3)),
        900,
        (Cause("relay_silent", "3", "monitoring_lost", "open", "ZW1"),),
        told=1,
    ),
)  # fmt: skip
