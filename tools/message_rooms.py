"""Which texts belong to which room's catalogue: the tables that are shown by variable, and a row for each room."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from message_finding import Found, Message, in_body, in_page, in_python, in_screen, in_table

from budayang.data.sign_kinds import sign_kinds
from budayang.data.standard_text import clause_checks
from budayang.rules import (
    assets,
    calendars,
    cases,
    catalogue,
    causes,
    commands,
    consumables,
    doors,
    drills,
    due_dates,
    duty,
    duty_time,
    emergencies,
    escalation,
    evaluation,
    evidence,
    fault_notices,
    help_calls,
    improvements,
    inference,
    ledgers,
    notices,
    order_proofs,
    orders,
    parameters,
    patterns,
    person_check,
    phrases,
    placement,
    profiles,
    reports,
    round_lists,
    rounds,
    run_outs,
    safety,
    scorecards,
    search,
    services,
    standard,
    terminals,
    trip_words,
    watch_settings,
    watching,
)
from budayang.rules.evaluation import complaints, integrity, negative, supervision, surveys
from budayang.rules.signs import composing, conformity, findings, plates
from budayang.rules.signs import kinds as sign_words
from budayang.rules.standard import (
    answers,
    differences,
    drafting,
    edition_sheets,
    edition_text,
    editions,
    opinions,
    parts,
    revising,
    spreading,
    stages,
    trial_clauses,
    trial_measures,
    trial_results,
    wording,
)

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "budayang"

Source = Callable[[], Iterator[Message]]


def _tables(*tables: object) -> Source:
    return partial(in_table, tables)


def _body(path: str, *names: str) -> Source:
    return partial(in_body, SOURCE / path, *names)


VERDICTS = (
    _tables(services.TRUTH_NAMES, services.NEED_NAMES),
    lambda: (Message(one.msgid) for one in phrases.PHRASES),
    _body("rules/services.py"),
)
CASES = _tables(cases.STEP_NAMES, cases.LAW_NOTES, cases.INTERRUPTIONS, cases.MOVEMENTS, cases.VERDICTS)
CHECKS = _tables(person_check.WAY_NAMES, person_check.SCORE_NAMES)
COMMANDS = _tables(commands.KINDS, commands.REASONS)
WATCHED = (
    _tables(watching.USABLE_NAMES, watching.FACT_NAMES, watching.SOURCES, watching.SEEN_NAMES, watching.HOW_SEEN),
    _tables(watching.TABLE, watch_settings.FIELDS),
    _body("rules/watching.py", "_NOTHING"),
    _body("rules/watch_settings.py", "check", "_check_plug"),
    _body("relay/discover.py", "PORTS"),
)
DUTY = (
    _tables(duty.DAYS_NAMES, duty.TURN_NAMES, duty.POST_NAMES, duty.WEEKDAY_NAMES, duty.SWAP_NAMES),
    _tables(calendars.DAY_KIND_NAMES),
    _tables(duty_time.LEAVE_KIND_NAMES, duty_time.LEAVE_NAMES, duty_time.AGAINST_NAMES),
    _tables([(one.title, one.definition, one.rows) for one in scorecards.FIGURES]),
)
NOTICES = (
    _tables(notices.RUN_NAMES, notices.SEND_NAMES, notices.CHANNEL_NAMES, notices.MESSAGE_NAMES),
    _tables(escalation.STEP_NAMES, escalation.OTHERWISE_NAMES, escalation.BODY_NAMES),
    lambda: in_table([escalation.step_words(step, {}) for step in _whole_steps()]),
    _body("rules/escalation.py", "problems", "_repeat_problems", "span_words"),
)
FAULTS = (
    _tables(causes.AFFECTS, causes.TELLS, evidence.PROOFS, evidence.UNSETTLED, inference.NUMBERS),
    _body("rules/evidence.py", "_REASONS", "settle_area"),
    _body("rules/inference.py", "join", "_ruled_out"),
    _tables(patterns.GUESSES, patterns.WEEKEND_GUESSES, patterns.NO_EVIDENCE),
)
SUPPLIES = (
    _tables(consumables.CONSUMABLES, consumables.GRADE_NAMES, consumables.TELL_NAMES),
    _tables(consumables.SHEET_NAMES, consumables.SHEET_EVENT_NAMES, run_outs.WHY_TEXTS),
    _body("rules/consumables.py", "_settle", "span_of"),
)
CATALOGUE = (
    _tables(
        [(rule.title, rule.help) for rule in catalogue.CODE_RULES],
        [(field.title, field.mark_title) for field in catalogue.FIELDS],
        (catalogue.CODE_KINDS, catalogue.MARK_NAMES, catalogue.WHO_NAMES, tuple(catalogue.WHO_WORDS)),
        (catalogue.OUTPUT_KINDS, catalogue.OUTPUT_MEDIA, catalogue.MATERIAL_FORMS),
        (catalogue.ITEM_KINDS, catalogue.AUDIENCES, catalogue.LIVE_WORDS),
        [word.value for word in services.AfterHours],
    ),
    _body("rules/catalogue.py", "_parts", "_material"),
    _body("center/services/catalogue.py", "COLUMNS"),
)
ROUNDS = (
    _tables(rounds.RHYTHM_NAMES, rounds.WHO_NAMES, rounds.STATE_NAMES, rounds.TRACE_NAMES, rounds.PROOF_NAMES),
    _tables(round_lists.ANSWER_NAMES, round_lists.ABOUT_NAMES, round_lists.PHOTO_NAMES, round_lists.PART_NAMES),
    _body("rules/rounds.py", "problems"),
    _tables(due_dates.STAGE_NAMES, due_dates.THING_NAMES),
    _tables(assets.KIND_NAMES, assets.STATE_NAMES, assets.EVENT_NAMES, assets.ANSWER_NAMES, assets.WARRANTY_NAMES),
    _tables([one.words for one in assets.CHECK_ITEMS]),
    _body("rules/assets.py", "acceptance_problem"),
    _tables(ledgers.BOOK_NAMES, ledgers.DUTY_KINDS, ledgers.TRAINING_KINDS, ledgers.AUTHORITY_KINDS),
    _tables(ledgers.LOST_KINDS, ledgers.LOST_STATE_NAMES, ledgers.LOST_EVENT_NAMES, ledgers.LOOK_REASONS),
    _tables(ledgers.GAP_NAMES),
)
NIGHT = (
    _tables(doors.WAYS, emergencies.WHO_NAMES, emergencies.RUN_STATE_NAMES, emergencies.WHATS, safety.KEY_KINDS),
    _tables([(one.name, one.begins, one.ends) for one in safety.TESTS.values()]),
    _tables(help_calls.CALL_NAMES, help_calls.VERDICT_NAMES, drills.VERDICT_NAMES),
    _tables([one.title for one in drills.SCENARIOS], drills.LINE_TEXTS),
)
FAULT_NOTICES = (
    _tables((fault_notices.SINCE, fault_notices.WHO, fault_notices.EXPECTED, fault_notices.NEAR)),
    _tables((fault_notices.FINDING, fault_notices.AFTER_CHECK, fault_notices.UNSURE, fault_notices.NOWHERE)),
    _tables((fault_notices.SOMETHING, fault_notices.STOPPED, fault_notices.HANDLED), orders.PAUSE_REASONS),
)
SIGNS = (
    _tables(sign_words.CATEGORY_NAMES, sign_words.MOUNTING_NAMES, sign_words.FACT_NAMES),
    _tables(findings.FAULT_NAMES, findings.SEVERITY_NAMES, [rule.needs for rule in conformity.CLAUSE_RULES]),
    _tables([one.message for one in sign_kinds().values()]),
    _body("rules/signs/judging.py", "AREA_NAME", "_judge_sight"),
    _body("rules/signs/access.py", "_judge_path", "_judge_turns", "_judge_low"),
    _body("rules/signs/conformity.py", "_decide"),
    _body("rules/signs/language_clauses.py", "IDLE", "UNSEEN", "NO_TERMINAL", "judge_notice"),
    _body("center/signage/clause_queries.py", "NO_PLAN", "clauses_of", "_area_plates", "_machine_plates", "_official"),
    _body("center/standard/sign_measuring.py", "measure_signs"),
    _body("rules/signs/drawing.py", "read", "read_new", "_label"),
    _body("rules/signs/ways_out.py", "ways_out"),
    _tables(composing.LANGUAGE_NAMES, composing.POSITION_NAMES, [one.name for one in plates.PLATE_KINDS.values()]),
    _body("rules/signs/composing.py", "check_choice"),
    _body("center/signage/svg_cleaning.py", "clean_svg", "_view_box"),
)
MONTHLY = (
    _tables(trip_words.STEP_NAMES, trip_words.WHY_NAMES, improvements.STATE_NAMES, improvements.EVENT_NAMES),
    *(
        _body(f"rules/{name}.py")
        for name in (
            "monthly",
            "monthly_figures",
            "monthly_measures",
            "monthly_tables",
            "monthly_upkeep",
            "monthly_voices",
            "monthly_help",
            "monthly_placement",
            "monthly_making",
        )
    ),
    _body("center/evaluation/monthly_around.py", "STOP_NOUNS", "_what"),
)
SEARCH = _tables([one.reason for one in search.REFUSALS], [one.advice for one in search.OUTSIDE])
RATING = (
    _tables(evaluation.LEVELS, *(one.reasons for one in evaluation.EDITIONS)),
    _body("rules/evaluation/reason_texts.py", "rating_problem"),
)
OPINIONS = (
    _tables(evaluation.CHANNELS),
    _tables(
        [one.name for one in evaluation.INDICATORS],
        [one.definition for one in evaluation.INDICATORS],
        [evaluation.LEFT_OUT],
    ),
    _tables(negative.STATE_NAMES, negative.EVENT_NAMES, negative.CLOCK_NAMES, negative.RERATE_LEVELS),
    _tables(negative.CONTACT_OUTCOMES, negative.FIX_OUTCOMES, negative.CALL_OUTCOMES, negative.SET_ASIDE_REASONS),
    _tables(integrity.FLAG_KINDS, integrity.FLAG_STATES),
    _tables(complaints.KIND_NAMES, complaints.STATE_NAMES, complaints.EVENT_NAMES, complaints.DECLINE_REASONS),
    _tables(supervision.KIND_NAMES, supervision.STATE_NAMES, supervision.FINDING_NAMES, supervision.EVENT_NAMES),
    _body("center/public/visits.py", "_hint"),
    _tables(placement.KIND_NAMES, placement.STATE_NAMES),
    _tables([one.label for one in parameters.PARAMETERS if one.name in (*placement.NAMES, "placement_days")]),
    _tables(surveys.GROUPS, surveys.WISHES, [one.text for one in surveys.QUESTIONS]),
    _body("rules/evaluation/complaints.py", "state_name"),
    _body("rules/evaluation/integrity.py", "_no_journey"),
    _body("rules/evaluation/surveys.py", "sheet_problem"),
)
STANDARD = (
    _tables(editions.STATE_NAMES, editions.TRAIL_NAMES, editions.ADOPTION_NAMES, edition_text.REFERENCE_KINDS),
    _tables(parts.KIND_NAMES, parts.KIND_HELP, differences.CHANGE_NAMES),
    _tables([(one.title, [column.title for column in one.columns]) for one in edition_sheets.SHEETS]),
    _tables(
        [
            (part.what, part.system, [(field.label, field.unit) for field in part.fields])
            for found in clause_checks().values()
            for part in found
        ]
    ),
    _body("rules/standard/judging.py", "judge_rounds"),
    _body("rules/standard/parts.py", "_check_part", "read_field", "_least"),
    _body("rules/standard/edition_sheets.py", "_text", "SHEETS"),
    _body("rules/standard/edition_reading.py", "_read_sheet", "_read_row", "_check_about", "read_edition"),
    _body("rules/standard/differences.py", "differences"),
    _tables(trial_measures.MEASURES, trial_measures.WEEKDAYS, trial_clauses.WHY_LEFT, trial_results.CANNOT_KNOW),
    _tables([one.label for one in parameters.PARAMETERS if one.name in trial_clauses.JUDGED_BY]),
    _body("rules/standard/trial_measures.py", "_read"),
)
WRITTEN = (
    _tables(stages.STAGE_NAMES, stages.EVENT_NAMES, [one.source for one in wording.RULES]),
    _body("rules/standard/stages.py", "problem"),
    _tables(opinions.KIND_NAMES, opinions.TABLE_TITLES, opinions.SOURCE_NAMES, opinions.STATE_NAMES),
    _tables(opinions.DECISION_NAMES),
    _body("rules/standard/opinions.py", "decision_problem"),
    _tables(drafting.UNIT_ROLE_NAMES, drafting.MEETING_NAMES, drafting.FINDING_NAMES, drafting.FACT_NAMES),
    _tables(drafting.WHAT_NAMES, drafting.TEXT_NAMES),
    _tables(revising.ADVICE_NAMES, revising.ADVICE_WHY),
    _tables(spreading.EVENT_KINDS, spreading.EVENT_STATES, spreading.ADOPTION_NAMES),
    _body("rules/standard/spreading.py", "held_problem", "question_problem", "adoption_problem"),
    _tables(wording.RULE_NAMES, [why for _pattern, _instead, why in wording.BANNED]),
    _body(
        "rules/standard/wording.py",
        "_modal_in_note",
        "_advice_in_note",
        "_no_modal",
        "_cited",
        "_listed",
        "_inner",
        "_no_number",
    ),
    _body("center/standard/writing_note.py", "missing_parts"),
    _body("center/standard/project_queries.py", "timeline"),
    _body("center/standard/writing_standard.py", "MARK"),
)


def _whole_steps() -> Iterator[escalation.Step]:
    """Steps whose sentence has no name of a row of somebody's data in it."""
    for body in escalation.BODY_NAMES:
        yield escalation.Step(escalation.StepKind.TELL_ON_DUTY, body=body)
        yield escalation.Step(escalation.StepKind.TELL_NEXT, body=body)
    yield escalation.Step(escalation.StepKind.TELL_TABLE)
    yield escalation.Step(escalation.StepKind.TELL_GROUP)
    yield escalation.Step(escalation.StepKind.TELL_GROUP, channel=1)
    yield escalation.Step(escalation.StepKind.TELL_PERSON, staff=1)


@dataclass(frozen=True, slots=True)
class Room:
    """A folder with its own catalogue. `reads` is the folder that is read when it is another; `tables` are those whose
    words its pages translate when they show them.
    """

    folder: str
    domain: str = "django"
    reads: str = ""
    tables: tuple[Source, ...] = ()

    def catalogue(self, language: str) -> Path:
        """Path of the .po file."""
        return SOURCE / self.folder / "locale" / language / "LC_MESSAGES" / f"{self.domain}.po"

    def messages(self) -> list[Message]:
        """Everything that people can see of this room, each once, sorted by file and place."""
        found: Found = {}
        for path in self._paths():
            source = path.read_text(encoding="utf-8")
            if path.suffix == ".py":
                found |= dict.fromkeys(in_python(source))
            elif self.domain == "django":
                found |= dict.fromkeys(in_page(source))
            else:
                found |= dict.fromkeys(in_screen(source))
        for table in self.tables:
            found |= dict.fromkeys(table())
        return [one for one in found if one.text]

    def _paths(self) -> list[Path]:
        found = (SOURCE / (self.reads or self.folder)).rglob("*")
        return sorted(one for one in found if one.suffix in {".py", ".html", ".txt"} and "migrations" not in one.parts)


ROOMS: tuple[Room, ...] = (
    Room(
        "center/platform",
        tables=(
            *VERDICTS,
            *RATING,
            *OPINIONS,
            *STANDARD,
            *CATALOGUE,
            CASES,
            CHECKS,
            _tables(terminals.KINDS, terminals.LEVEL_NAMES),
            _body("rules/terminals.py", "roll_up"),
            _tables(causes.BUCKETS, causes.SEVERITY_NAMES, causes.CAUSES),
            _tables(orders.STATE_NAMES, orders.EVENT_NAMES, orders.PAUSE_REASONS),
            _tables(order_proofs.PROOF_NAMES, order_proofs.DOWNTIME_REASONS),
            _tables(reports.KINDS, reports.STATE_NAMES, reports.ABUSE_REASONS),
            _tables(answers.ANSWER_NAMES, standard.METRICS),
            _tables(commands.STATE_NAMES, commands.RING_NAMES, commands.ROLLOUT_NAMES),
            COMMANDS,
            _body("rules/commands.py", "judge_rollout"),
            _tables(profiles.PROFILE),
            _body("rules/profiles.py", "ProfileSetting", "_choices"),
            *WATCHED,
            *DUTY,
            *NOTICES,
            *FAULTS,
            *SUPPLIES,
            *ROUNDS,
            *NIGHT,
            *FAULT_NOTICES,
            *MONTHLY,
            *SIGNS,
            *WRITTEN,
            SEARCH,
            _body("center/platform/outgoing.py", "check_host", "check_url"),
        ),
    ),
    Room("center/areas"),
    Room("center/terminals"),
    Room("center/services", tables=(_body("center/services/judging.py", "SITE_CLOSED"),)),
    Room("center/signage"),
    Room(
        "center/maintenance",
        tables=(
            _body("center/maintenance/queries.py", "CLOCK_NAMES"),
            _body("center/maintenance/report_queries.py", "STEP_WORDS"),
            _body("center/maintenance/explaining.py", "LEVEL_NAMES", "_verdict"),
            _body("center/maintenance/standing.py", "unstable_now"),
            _body("center/maintenance/hours_jobs.py", "LATE", "INCIDENT", "HOURS", "STOP", "GAP"),
            _body("center/maintenance/notice_jobs.py", "STOP_WORDS"),
            _body("center/maintenance/notice_actions.py", "send_test"),
            _body("center/maintenance/notice_messages.py", "_write_message"),
            _body("center/maintenance/channels/kinds.py", "KINDS", "_ROBOT", "_SECURITY", "check_personal"),
            _body("center/maintenance/channels/kinds.py", "_robot", "_webhook", "_mail", "_sms"),
            _body("center/maintenance/channels/robots.py", "instantiate"),
        ),
    ),
    Room("center/evaluation"),
    Room("center/standard"),
    Room("center/config"),
    Room(
        "center/console",
        tables=(
            _body("center/console/device_pages.py", "LINK_WORDS"),
            _body("center/console/maintenance.py", "OWN_EVENTS", "ANSWERS"),
            _body("center/console/contracts.py", "STEP_NAMES"),
            _body("center/console/reports.py", "STEP_NAMES"),
            _body("center/console/safety.py", "DOOR_STATES", "_door_state"),
            _body("center/maintenance/models/order_work.py", "PHOTO_MOMENTS"),
            _body("center/console/incidents.py", "ANSWERS", "PROOFS"),
            _body("center/console/services.py", "CONNECTOR_STATES"),
            _body("center/console/hours_terminal.py", "REFS"),
            _body("center/console/notices.py", "ERRORS", "EVENTS"),
            _body("center/console/notice_setup.py", "_save"),
            _body("center/console/stock.py", "KINDS"),
            _body("center/console/standard_clause.py", "GRADES"),
            _body("center/console/standard_projects.py", "WORK_WORDS"),
            _body("center/console/standard_training.py", "COVERAGE_HEADS"),
        ),
    ),
    Room("center/api"),
    Room(
        "center/public",
        tables=(_body("center/public/open_data.py", "FIELDS"), _body("center/public/monthly.py", "FIELDS")),
    ),
    Room(
        "terminal/screens",
        "screens",
        reads="terminal",
        tables=(
            *VERDICTS,
            *RATING,
            _tables(catalogue.MARK_NAMES, catalogue.WHO_NAMES, catalogue.OUTPUT_KINDS, catalogue.OUTPUT_MEDIA),
            _tables(catalogue.MATERIAL_FORMS),
            *FAULT_NOTICES,
            _tables([one.citizen for one in causes.CAUSES]),
            _tables(terminals.PRINTER, terminals.ID_READER, terminals.DEPARTMENT_PAGE),
            _body("rules/payer_codes.py"),
            _tables(person_check.WHY_NOT),
            _body("terminal/paying.py", "NOT_TAKEN"),
            lambda: in_table([one.announcement for one in commands.KINDS]),
            _body("terminal/catalogue.py", "LIFE_EVENTS", "NETWORK_DOWN", "_fee"),
            SEARCH,
            _body("terminal/views.py", "WEEKDAYS", "TROUBLE_WORDS", "PHASE_WORDS", "BLOCKED_WORDS"),
            _body("terminal/views.py", "clock_words", "printing"),
            _body("terminal/screens/words.py", "_TRUTHS", "SUBMIT_STEPS", "_TROUBLES", "_PRINT_TITLES", "_OUTCOMES"),
            _body("terminal/devices/idreader/words.py", "WORDS"),
            _body("terminal/devices/idreader/card.py", "RESIDENT", "KINDS"),
            _body("terminal/journey.py", "Person"),
            _body("forms/validation.py", "id_number_problem", "_messages", "_missing", "_FORMAT_MESSAGES", "_wrong"),
            # what the center writes for the screen
            _body("center/services/privacy.py", "SHIPPED", "SHIPPED_FACE"),
            _body("center/services/case_finishing.py", "_message_of"),
            _body("center/services/door_words.py"),
            _body("center/services/states.py", "CASE_WORDS"),
            _body("center/services/judging.py", "SITE_CLOSED"),
        ),
    ),
)
