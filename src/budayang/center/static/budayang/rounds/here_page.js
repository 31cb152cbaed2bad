/* A code that was read at a machine: which round it is for, and "am I here?". Written down at once, judged by the center. */
import { el, say, stopAddress } from "./draw.js";
import { addPosition, savePresence } from "./items.js";
import { canScan, readCode, scan, stopsOf, WHERE_MS, whereAmI } from "./scan.js";

/* When a code was read is when this page was opened with it, not when the person has chosen the round. */
let readAt = new Date().toISOString();
let text = location.pathname === document.body.dataset.home ? "" : location.href;

/* Who comes back to this page stands at another machine. */
addEventListener("hashchange", () => { if (location.hash !== "#/here") text = ""; });

function again(told, typed) {
  text = typed;
  readAt = new Date().toISOString();
  told.changed();
}

function confirmButton(told, read, { round, stop }) {
  const yes = async (event) => {
    event.target.disabled = true;
    /* Written down before anything is asked: the question for the position may stand there for long. */
    const waits_until = read.changing ? 0 : Date.now() + WHERE_MS;
    const made = { round: round.key, stop: stop.code, question: "", code: read.code, at: readAt, waits_until };
    const id = await savePresence(told.owner, made);
    text = "";
    history.replaceState(null, "", `${document.body.dataset.home}${stopAddress(round.key, stop.code)}`);
    await told.changed();
    if (!read.changing) await addPosition(id, await whereAmI()).catch((error) => console.error(error));
    await told.send();
  };
  return el("button", { type: "button", class: "btn primary", onclick: yes }, say("yes_here", { name: round.name, span: round.span }));
}

function reader(told) {
  const field = el("input", { type: "text", id: "typed-code", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: "400" });
  const take = (event) => {
    event.preventDefault();
    if (!field.value.trim()) return;
    field.blur();
    again(told, field.value);
  };
  const video = el("video", { class: "phone-video", muted: true, playsinline: true, hidden: true, "aria-label": say("scan") });
  const problem = el("p", { class: "field-error", role: "alert", hidden: true });
  const look = async () => {
    video.hidden = false;
    try {
      await scan(video, (seen) => { again(told, seen); return true; });
    } catch {
      video.hidden = true;
      problem.hidden = false;
      problem.textContent = say("no_camera");
    }
  };
  return [
    el("section", { class: "card" },
      el("p", {}, say("scan_help")),
      canScan() ? el("div", { class: "actions" }, el("button", { type: "button", class: "btn primary", onclick: look }, say("scan"))) : "",
      video, problem,
    ),
    el("form", { class: "card", onsubmit: take },
      el("div", { class: "field" }, el("label", { for: "typed-code" }, say("typed_code")), field),
      el("div", { class: "actions" }, el("button", { type: "submit", class: "btn" }, say("take_code"))),
    ),
  ];
}

/* "Not here": the code is forgotten, another can be read. */
function notHere(told) {
  history.replaceState(null, "", `${document.body.dataset.home}#/here`);
  again(told, "");
}

export async function herePage(told) {
  const crumbs = el("p", { class: "crumbs" }, el("a", { href: `${document.body.dataset.home}#/` }, say("title")));
  const read = readCode(text);
  if (!read.code) return [head(crumbs, say("prove")), ...reader(told)];
  const found = await stopsOf(read, told.rounds);
  if (!found.length) {
    const online = `${document.body.dataset.here}?c=${encodeURIComponent(read.code)}&online=1`;
    return [
      head(crumbs, say(read.changing ? "not_mine" : "not_a_code")),
      el("p", { class: "card" }, say("not_mine_help"), " ", el("a", { href: online }, say("ask_center"))),
      ...reader(told),
    ];
  }
  const { stop } = found[0];
  return [
    head(crumbs, say("are_you_here", { what: `${stop.name} ${stop.code}`.trim() })),
    el("section", { class: "card" },
      el("p", { class: "note" }, say(read.changing ? "here_changing" : "here_label")),
      el("div", { class: "actions" }, found.map((one) => confirmButton(told, read, one))),
    ),
    el("div", { class: "actions" }, el("button", { type: "button", class: "btn", onclick: () => notHere(told) }, say("not_here"))),
  ];
}

const head = (crumbs, title) => el("header", { class: "page-head" }, el("div", {}, crumbs, el("h1", {}, title)));
