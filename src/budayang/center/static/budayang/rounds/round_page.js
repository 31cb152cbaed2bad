/* One round: its stops in their order, and its end. */
import { el, say, state, stopAddress } from "./draw.js";
import { saveFinish, standing } from "./items.js";
import { progress, roundState } from "./list_page.js";

export const stopName = (stop) => stop.name || say("whole_area");

/* The proof of a stop as it stands on this phone: what the center judged, else what was read and has not arrived. */
export function proofState(round, stop, items) {
  if (!stop.code) return null;
  const read = items.filter((one) => one.kind === "presence" && one.round === round.key && one.stop === stop.code);
  const tones = { proved: "ok", said: "hand", expired: "warn", wrong: "stop" };
  if (stop.proof === "proved" || stop.proof === "said") return state(tones[stop.proof], stop.proof_word);
  if (read.length) return state("hand", say("proof_waits"));
  return stop.proof ? state(tones[stop.proof], stop.proof_word) : state("ask", say("no_proof"));
}

export function leftOf(round, stop, items) {
  const place = { round: round.key, stop: stop.code };
  return stop.asked.filter((question) => !standing(question, place, items).answered).length;
}

function stopRow(round, stop, items) {
  const place = { round: round.key, stop: stop.code };
  const left = leftOf(round, stop, items);
  const bad = stop.asked.filter((one) => standing(one, place, items).bad).length;
  const wants = stop.asked.filter((one) => standing(one, place, items).wantsPhoto).length;
  return el("li", { class: "card" },
    el("h2", {}, el("a", { href: stopAddress(round.key, stop.code) }, stopName(stop)),
      stop.code ? el("small", { class: "mono" }, stop.code) : ""),
    el("p", { class: "phone-count" },
      left ? state("ask", say("left", { n: left })) : state("ok", say("stop_done")),
      bad ? state("stop", say("bad", { n: bad })) : "",
      wants ? state("warn", say("wants_photos", { n: wants })) : "",
      proofState(round, stop, items),
    ),
  );
}

function endForm(told, round, left) {
  const end = told.items.filter((one) => one.kind === "finish" && one.round === round.key).at(-1);
  if (end && end.state !== "refused") return el("section", { class: "card" }, el("p", {}, say("finish_saved")));
  if (round.state !== "open" && round.state !== "missed") return null;
  const note = el("textarea", { id: "end-note", rows: "2", maxlength: "300" });
  const problem = el("p", { class: "field-error", role: "alert", hidden: !end?.reason }, end?.reason ?? "");
  const hand = async (event) => {
    event.preventDefault();
    if (left && !note.value.trim()) {
      problem.textContent = say("blank_why", { n: left });
      problem.hidden = false;
      note.focus();
      return;
    }
    note.blur();
    await saveFinish(told.owner, round.key, note.value.trim());
    await told.changed();
    await told.send({ all: true });
  };
  return el("form", { class: "card", onsubmit: hand },
    el("h2", {}, say("finish")),
    left ? el("p", { class: "help" }, say("blank_help", { n: left })) : "",
    el("div", { class: "field" }, el("label", { for: "end-note" }, left ? say("why_blank") : say("end_note")), note),
    problem,
    el("div", { class: "actions" }, el("button", { type: "submit", class: "btn primary" }, say("finish"))),
  );
}

export function roundPage(told, key) {
  const round = told.rounds.find((one) => one.key === key);
  if (!round) return gone();
  const { asked, answered, conflicts } = progress(round, told.items);
  return [
    el("header", { class: "page-head" }, el("div", {},
      el("p", { class: "crumbs" }, el("a", { href: "#/" }, say("title"))),
      el("h1", {}, round.name),
      el("p", { class: "note" }, `${round.area} · ${round.span}`),
      el("p", { class: "phone-count" }, roundState(round, told.items), say("progress", { a: answered, n: asked })),
    )),
    conflicts && round.number
      ? el("section", { class: "card round-conflict" },
          el("h2", {}, state("warn", say("conflicts", { n: conflicts }))),
          el("p", {}, say("conflict_how")),
          el("div", { class: "actions" }, el("a", { class: "btn", href: `/console/rounds/${round.number}/` }, say("settle"))))
      : "",
    el("ul", { class: "phone-list" }, round.stops.map((stop) => stopRow(round, stop, told.items))),
    endForm(told, round, asked - answered) ?? "",
  ].filter(Boolean);
}

/* A round that is not on this phone. */
export function gone() {
  return [
    el("header", { class: "page-head" }, el("h1", {}, say("gone"))),
    el("p", { class: "card" }, say("gone_why"), " ", el("a", { href: "#/" }, say("title"))),
  ];
}
