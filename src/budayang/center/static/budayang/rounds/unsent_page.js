/* What has not arrived, why, and what can be done about it. */
import { el, moment, say, state, stopAddress, valueWord } from "./draw.js";
import { giveUp } from "./items.js";
import { stopName } from "./round_page.js";

function titleOf(one, told) {
  const round = told.rounds.find((other) => other.key === one.round);
  const stop = round?.stops.find((other) => other.code === one.stop);
  const question = stop?.asked.find((other) => other.code === one.question);
  const what = {
    answer: () => `${question?.text ?? one.question}：${question ? valueWord(question, one.value) : one.value}`,
    photo: () => say("photo_of", { what: question?.text ?? one.question }),
    presence: () => say("presence"),
    finish: () => say("finish"),
  }[one.kind]();
  return { what, where: [round?.name ?? one.round, stop && one.kind !== "finish" ? stopName(stop) : ""].filter(Boolean).join(" · ") };
}

function reasonOf(one) {
  if (one.state === "refused") return state("stop", one.reason || say("refused"));
  if (/^\d+$/.test(one.reason ?? "")) return state("warn", say("line_failed", { detail: one.reason }));
  return state("hand", one.reason || say("waits"));
}

/* What the center will never take: it said so, or it cannot even read the letter. */
const isLost = (one) => one.state === "refused" || /^(400|413)$/.test(one.reason ?? "");

function row(one, told) {
  const { what, where } = titleOf(one, told);
  const drop = async () => {
    if (!window.confirm(say("give_up_sure"))) return;
    await giveUp(told.owner, one.id);
    await told.changed();
  };
  return el("li", { class: "card phone-unsent" },
    one.thumb ? el("img", { src: one.thumb, alt: "" }) : "",
    el("div", {},
      el("p", {}, el("b", {}, what)),
      el("p", { class: "muted" }, `${where} · ${moment(one.at)}`),
      el("p", {}, reasonOf(one)),
      isLost(one)
        ? el("p", { class: "actions" },
            one.kind === "answer" && one.state === "refused" ? el("a", { class: "btn", href: stopAddress(one.round, one.stop) }, say("answer_again")) : "",
            el("button", { type: "button", class: "btn danger", onclick: drop }, say("give_up")))
        : "",
    ),
  );
}

export function unsentPage(told) {
  const { waiting, others } = told;
  const go = async (event) => {
    event.target.disabled = true;
    await told.send({ all: true });
  };
  return [
    el("header", { class: "page-head" }, el("div", {},
      el("p", { class: "crumbs" }, el("a", { href: "#/" }, say("title"))),
      el("h1", {}, say("unsent_title")),
      el("p", { class: "note" }, say("unsent_help")),
    )),
    waiting.length
      ? el("div", { class: "actions" }, el("button", { type: "button", class: "btn primary", onclick: go }, say("send_now")))
      : el("p", { class: "card" }, state("ok", say("all_sent"))),
    el("ul", { class: "phone-list" }, waiting.map((one) => row(one, told))),
    ...others.map(([_who, n]) => el("p", { class: "card phone-told" }, say("others", { n }))),
  ];
}
