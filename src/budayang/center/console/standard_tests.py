"""Pages of tests on the standard: questions that people make of clauses, and a short test for who has an account."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.people import People
from budayang.center.console.reader import reader
from budayang.center.console.standard_training import KEEPERS, edition_in_force, form_page
from budayang.center.console.standard_training_forms import QuestionForm
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.standard import training_actions, training_queries
from budayang.center.standard.models import Question, TestSitting
from budayang.center.standard.text_queries import clause_texts


def _question_state(row: Question) -> State:
    return State("ask", _("已停用")) if row.withdrawn_at else State("ok", _("在用"))


@allow(KEEPERS)
def questions(request: HttpRequest) -> HttpResponse:
    """All questions of the edition in force."""
    edition = edition_in_force()
    numbers = {one.code: one.number for one in clause_texts(edition)}
    rows = Question.objects.filter(edition=edition)
    people = People(rows.order_by().values_list("written_by", flat=True).distinct())
    return listing(
        request,
        title=_("测试题"),
        note=_("由人按条款出题；测试时随机抽取。停用的题不再抽，考过的成绩不变。"),
        columns=(
            Column("text", _("题目"), lambda row: row.text, sort="text"),
            Column("clause", _("章条"), lambda row: f"{numbers.get(row.clause_code, '')} {row.clause_code}"),
            Column("right", _("答案"), lambda row: row.choices[row.right]),
            Column("by", _("出题人"), lambda row: people.called(row.written_by), sort="written_by"),
            Column("at", _("时间"), lambda row: row.written_at, sort="written_at", kind="moment"),
            Column("state", _("状态"), _question_state, kind="state"),
        ),
        queryset=rows,
        filters=(
            Filter(
                "state",
                _("状态"),
                lambda: [("on", _("在用")), ("off", _("已停用"))],
                lambda rows, v: rows.filter(withdrawn_at__isnull=v == "on"),
            ),
        ),
        search=("text", "clause_code"),
        default_sort="-at",
        row_url=lambda row: reverse("console:question", args=[row.pk]),
        empty=_("还没有题目。点“出一道题”。"),
        export_name=_("测试题"),
        actions=(
            Action(reverse("console:question_new"), _("出一道题"), primary=True),
            Action(reverse("console:standard_test"), _("去测试")),
        ),
    )


@allow(KEEPERS)
def question_new(request: HttpRequest) -> HttpResponse:
    """Make a question of a clause."""
    edition = edition_in_force()
    form = QuestionForm(edition, request.POST or None, initial={"clause": request.GET.get("clause", "")})
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            training_actions.write_question(
                reader(request), edition, clause_code=typed["clause"], text=typed["text"],
                choices=typed["options"].splitlines(), right=typed["right"] - 1, now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已登记。"))
            return redirect("console:questions")
    return form_page(request, form, _("出一道题"), reverse("console:questions"), _("测试题"))


def _found(pk: int) -> Question:
    row = Question.objects.filter(pk=pk, edition=edition_in_force()).first()
    if row is None:
        raise Http404
    return row


@allow(KEEPERS)
def question(request: HttpRequest, pk: int) -> HttpResponse:
    """One question with its clause."""
    row = _found(pk)
    clause = next((one for one in clause_texts(row.edition) if one.code == row.clause_code), None)
    by = People([row.written_by]).called(row.written_by)
    context = {"row": row, "state": _question_state(row), "clause": clause, "by": by}
    return render(request, "console/standard/question.html", context)


@allow(KEEPERS)
@require_POST
def question_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask it no more."""
    training_actions.withdraw_question(reader(request), _found(pk), timezone.now())
    return redirect("console:question", pk)


@allow(OPERATING_ROLES)
def test(request: HttpRequest) -> HttpResponse:
    """Begin a test, answer it, and see how the earlier ones went."""
    actor, edition = reader(request), edition_in_force()
    mine = training_queries.sittings_of(actor, edition)
    standing = mine.filter(ended_at__isnull=True).first()
    context = {
        "edition": edition,
        "asked": _asked(standing) if standing else [],
        "earlier": mine.filter(ended_at__isnull=False)[:10],
        "last": _marked(mine.filter(ended_at__isnull=False).first()) if not standing else [],
        "count": training_queries.questions(edition).count(),
    }
    return render(request, "console/standard/test.html", context)


def _asked(sitting: TestSitting) -> list[Question]:
    rows = Question.objects.in_bulk(sitting.questions)
    return [rows[pk] for pk in sitting.questions if pk in rows]


def _marked(sitting: TestSitting | None) -> list[tuple[Question, str, bool]]:
    """(question, what was answered, whether it is right) of a test that was handed in."""
    if sitting is None:
        return []
    found = []
    for one in _asked(sitting):
        given = sitting.answers.get(str(one.pk))
        said = one.choices[given] if isinstance(given, int) and 0 <= given < len(one.choices) else _("没有答")
        found.append((one, said, given == one.right))
    return found


@allow(OPERATING_ROLES)
@require_POST
def test_begin(request: HttpRequest) -> HttpResponse:
    """Draw the questions."""
    try:
        training_actions.begin_test(reader(request), edition_in_force(), timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("console:standard_test")


@allow(OPERATING_ROLES)
@require_POST
def test_end(request: HttpRequest) -> HttpResponse:
    """Hand the answers in."""
    actor, edition = reader(request), edition_in_force()
    standing = training_queries.sittings_of(actor, edition).filter(ended_at__isnull=True).first()
    if standing is None:
        messages.error(request, _("这次测试已经交过了。"))
        return redirect("console:standard_test")
    answers = {
        pk: int(given) for pk in standing.questions if (given := request.POST.get(f"q{pk}", "")) in set("012345")
    }
    done = training_actions.end_test(actor, standing, answers, timezone.now())
    told = {"right": done.right, "all": len(done.questions)}
    if done.passed:
        messages.success(request, _("答对 %(right)d 道，共 %(all)d 道，通过。") % told)
    else:
        messages.error(request, _("答对 %(right)d 道，共 %(all)d 道，没有通过，看过条文可以再测。") % told)
    return redirect("console:standard_test")


urlpatterns = [
    path("questions/", questions, name="questions"),
    path("questions/new/", question_new, name="question_new"),
    path("questions/<int:pk>/", question, name="question"),
    path("questions/<int:pk>/withdraw/", question_withdraw, name="question_withdraw"),
    path("standard-test/", test, name="standard_test"),
    path("standard-test/begin/", test_begin, name="standard_test_begin"),
    path("standard-test/end/", test_end, name="standard_test_end"),
]
