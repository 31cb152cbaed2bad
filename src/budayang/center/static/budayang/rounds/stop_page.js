/* One stop: presence first, then its questions, then the way on. */
import { el, roundAddress, say, stopAddress } from "./draw.js";
import { questionCard } from "./question.js";
import { gone, leftOf, proofState, stopName } from "./round_page.js";

export function stopPage(told, key, path) {
  const code = path === "-" ? "" : path;
  const round = told.rounds.find((one) => one.key === key);
  const stop = round?.stops.find((one) => one.code === code);
  if (!stop) return gone();
  const place = { round: key, stop: code };
  const after = round.stops.slice(round.stops.indexOf(stop) + 1);
  const next = after.find((one) => leftOf(round, one, told.items));
  return [
    el("header", { class: "page-head" }, el("div", {},
      el("p", { class: "crumbs" }, el("a", { href: "#/" }, say("title")), " · ", el("a", { href: roundAddress(key) }, round.name)),
      el("h1", {}, stopName(stop), code ? el("small", { class: "mono" }, ` ${code}`) : ""),
      code ? el("p", { class: "phone-count" }, proofState(round, stop, told.items)) : "",
      code ? el("p", { class: "note" }, say(stop.watched ? "prove_label" : "prove_screen"), " ", el("a", { href: "#/here" }, say("scan_or_type"))) : "",
    )),
    el("div", { class: "round-sheet" }, stop.asked.map((question) => questionCard(told, place, question))),
    el("div", { class: "actions round-bar" },
      next ? el("a", { class: "btn primary", href: stopAddress(key, next.code) }, say("next", { what: stopName(next) })) : "",
      el("a", { class: next ? "btn" : "btn primary", href: roundAddress(key) }, say("to_round")),
    ),
  ];
}
