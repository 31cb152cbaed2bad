/* The rounds of the day, how far each is, and whether all of it is on this phone. */
import { el, moment, roundAddress, say, state } from "./draw.js";
import { standing } from "./items.js";

/* {asked, answered, bad, waiting, unread}: how far a round is on this phone. */
export function progress(round, items) {
  const own = items.filter((one) => one.round === round.key);
  const count = { asked: 0, answered: 0, bad: 0, conflicts: 0, waiting: own.filter((one) => one.state !== "sent").length };
  for (const stop of round.stops)
    for (const question of stop.asked) {
      const now = standing(question, { round: round.key, stop: stop.code }, own);
      count.asked += 1;
      count.answered += now.answered ? 1 : 0;
      count.bad += now.answered && now.bad ? 1 : 0;
      count.conflicts += question.conflicts.length;
    }
  return count;
}

/* Where a round stands, the phone's own end of it included. */
export function roundState(round, items) {
  const end = items.filter((one) => one.kind === "finish" && one.round === round.key).at(-1);
  if (end && end.state === "unsent") return state("hand", say("finish_waits"));
  if (end && end.state === "refused") return state("stop", say("finish_refused"));
  const tones = { done: "ok", done_late: "warn", missed: "stop" };
  if (round.state in tones) return state(tones[round.state], round.word);
  return Date.parse(round.opens_at) > Date.now() ? state("ask", say("to_come")) : state("hand", say("to_walk"));
}

function card(round, items) {
  const { asked, answered, bad, conflicts, waiting } = progress(round, items);
  return el("li", { class: "card" },
    el("h2", {}, el("a", { href: roundAddress(round.key) }, round.name), roundState(round, items)),
    el("p", { class: "muted" }, `${round.area} · ${round.span}`),
    el("p", { class: "phone-count" },
      el("progress", { max: String(asked), value: String(answered), "aria-label": say("progress", { a: answered, n: asked }) }),
      el("span", {}, say("progress", { a: answered, n: asked })),
      bad ? state("stop", say("bad", { n: bad })) : "",
      conflicts ? state("warn", say("conflicts", { n: conflicts })) : "",
      waiting ? state("hand", say("unsent", { n: waiting })) : "",
    ),
  );
}

export function listPage({ person, rounds, items, others, day, line }) {
  const head = el("header", { class: "page-head" }, el("h1", {}, say("title")));
  if (!person) return [head, el("p", { class: "card" }, say(line && line.kind !== "ok" ? "never_online" : "loading"))];
  const kept = day ? say("kept", { at: moment(day.at) }) : "";
  return [
    head,
    el("p", { class: "note" }, kept),
    rounds.length
      ? el("ul", { class: "phone-list" }, rounds.map((one) => card(one, items)))
      : el("p", { class: "card" }, say("no_rounds")),
    ...others.map(([_who, n]) => el("p", { class: "card phone-told" }, say("others", { n }))),
  ];
}
