/* 我的巡查: a page that a phone keeps. Addresses after "#" say what is shown; what is shown comes from the phone's books. */
import { roundsOf } from "./day.js";
import { el, say } from "./draw.js";
import { herePage } from "./here_page.js";
import { itemsOf, waitingOfOthers } from "./items.js";
import { listPage } from "./list_page.js";
import { line as lineNow, sync } from "./outbox.js";
import { roundPage } from "./round_page.js";
import { stopPage } from "./stop_page.js";
import { getMeta } from "./store.js";
import { unsentPage } from "./unsent_page.js";

const EVERY_S = 60;
const ROUTES = [
  [/^#\/r\/([^/]+)\/s\/([^/]+)$/, stopPage],
  [/^#\/r\/([^/]+)$/, roundPage],
  [/^#\/unsent$/, unsentPage],
  [/^#\/here$/, herePage],
  [/^/, listPage],
];
const main = document.getElementById("content");
const channel = new BroadcastChannel("budayang-rounds");
let last = Promise.resolve();
let drawn = "";

/* Everything a page may need, read anew from the books. */
async function load() {
  const person = await getMeta("person");
  const owner = person?.username ?? "";
  const [rounds, items, others] = await Promise.all([roundsOf(owner), itemsOf(owner), waitingOfOthers(owner)]);
  const [line, day] = await Promise.all([lineNow(), getMeta("day")]);
  const waiting = items.filter((one) => one.state !== "sent");
  return { person, owner, rounds, items, others, line, day, waiting, changed, send };
}

/* The stop on the screen: its answers may still be completed. */
function openStop() {
  const read = location.hash.match(ROUTES[0][0]);
  return read ? { round: read[1], stop: read[2] === "-" ? "" : read[2] } : null;
}

function showHead(told) {
  document.getElementById("who").textContent = told.person ? told.person.name : "";
  const pill = document.getElementById("unsent");
  pill.textContent = told.waiting.length ? say("unsent", { n: told.waiting.length }) : say("all_sent");
  pill.classList.toggle("some", told.waiting.length > 0);
  pill.hidden = !told.person;
  const kind = navigator.onLine ? told.line?.kind ?? "" : "away";
  const strip = document.getElementById("line");
  const trouble = kind && kind !== "ok";
  strip.hidden = !trouble;
  strip.replaceChildren(...(trouble ? lineWords(kind, told) : []));
}

function lineWords(kind, told) {
  const words = [say(`line_${kind}`, { detail: told.line?.detail ?? "" })];
  if (kind === "signed_out" || kind === "other_person") {
    const after = encodeURIComponent(location.pathname);
    words.push(" ", el("a", { href: `/accounts/login/?next=${after}` }, say("sign_in")));
  }
  return words;
}

/* A field in which somebody writes is not drawn away. */
const writing = () => document.activeElement?.matches?.("#content input:not([type=radio]), #content textarea");

/* How to find the same element after the page was drawn anew. */
function sameAs(element) {
  if (!element || !main.contains(element)) return "";
  if (element.id) return `#${CSS.escape(element.id)}`;
  const card = element.closest("fieldset[id]");
  return card && element.value ? `#${CSS.escape(card.id)} input[value="${CSS.escape(element.value)}"]` : "";
}

async function draw({ calm = false } = {}) {
  const told = await load();
  showHead(told);
  const here = location.pathname + location.search + location.hash;
  const moved = here !== drawn;
  if (calm && !moved && writing()) return;
  const [pattern, page] = ROUTES.find(([one]) => one.test(location.hash));
  const made = await page(told, ...(location.hash.match(pattern) ?? []).slice(1).map(decodeURIComponent));
  const focus = moved ? "" : sameAs(document.activeElement);
  main.replaceChildren(...made);
  if (focus) main.querySelector(focus)?.focus({ preventScroll: true });
  drawn = here;
  if (moved) {
    document.title = `${main.querySelector("h1")?.textContent ?? ""} · ${say("title")}`;
    scrollTo(0, 0);
  }
}

/* Something was written down: other tabs draw too. */
async function changed({ redraw = true } = {}) {
  channel.postMessage("changed");
  if (redraw) await draw({ calm: true });
  else showHead(await load());
}

/* Send what can be sent, one after the other; `all` also takes the answers of the stop on the screen, `also` is the round
   that the address of this page takes for somebody else. */
function send({ all = false, also = new URLSearchParams(location.search).get("round") ?? "" } = {}) {
  const onArrival = () => changed({ redraw: false });
  last = last
    .then(() => sync({ open: all ? null : openStop(), also, onArrival }))
    .catch((error) => console.error(error));
  return last.then(() => changed());
}

async function start() {
  if ("serviceWorker" in navigator) {
    const { scope, worker } = document.body.dataset;
    navigator.serviceWorker.register(worker, { scope }).catch((error) => console.error(error));
    navigator.serviceWorker.ready.then(() => { document.body.dataset.kept = "yes"; });
  }
  /* Asked for, not relied on: a phone that needs room takes what was not asked to stay first. */
  navigator.storage?.persist?.().catch(() => false);
  if (location.pathname !== document.body.dataset.home && location.hash !== "#/here") location.hash = "#/here";
  channel.onmessage = () => draw({ calm: true });
  addEventListener("hashchange", async () => { await draw(); await send(); });
  addEventListener("online", () => send());
  addEventListener("offline", () => draw({ calm: true }));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
  setInterval(() => { if (!document.hidden) send(); }, EVERY_S * 1000);
  await draw();
  await send();
}

start();
