// What a page cannot do alone: the clock, the idle warning, following the journey, holding to show, surviving a restart of the service.
// Nothing of a person is ever kept here: no storage, no cookies, and what was shown is taken away when the finger lifts.
"use strict";
(() => {
  const body = document.body, root = document.documentElement;
  const $ = (selector, from) => (from || document).querySelector(selector);
  const $$ = (selector, from) => [...(from || document).querySelectorAll(selector)];
  const state = () => body.dataset.state;
  const browsing = () => state() === "attract" || state() === "choose";
  const typing = () => body.classList.contains("typing") || body.classList.contains("s-search") || body.classList.contains("s-fill");
  let alive = true, leaving = false, page = body.dataset.page, catalogue = body.dataset.catalogue;

  function go(where) { leaving = true; if (where === location.pathname + location.search) location.reload(); else location.replace(where); }
  function open(dialog) { if (dialog && !dialog.open) dialog.showModal(); }
  function close(dialog) { if (dialog && dialog.open) dialog.close(); }

  async function send(url, form) {
    const answer = await fetch(url, { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams(form || ""), keepalive: true });
    return answer.headers.get("content-type")?.includes("json") ? answer.json() : {};
  }

  // --- the service may restart under the page: say so instead of showing the browser's error
  function lost() { alive = false; open($("#lost")); }
  function found() { if (!alive) { alive = true; go("/"); } }

  // --- forms go out by fetch, so that a dead service never costs the person the page
  document.addEventListener("submit", async (event) => {
    const form = event.target, button = event.submitter;
    if (form.method !== "post") return;
    event.preventDefault();
    if (form.dataset.sent) return;
    if ("sos" in form.dataset) { open($("#sos")); return; }
    if ("pref" in form.dataset) { prefer(form); return; }
    form.dataset.sent = "1";
    const fields = new FormData(form), where = button?.hasAttribute("formaction") ? button.formAction : form.action;
    try {
      const answer = await send(where, fields);
      if ("help" in form.dataset || "sure" in form.dataset) { close($("#sos")); delete form.dataset.sent; await panels(); return; }
      if ("close" in form.dataset) { close(form.closest("dialog")); return; }
      if ("stay" in form.dataset) { delete form.dataset.sent; close($("#idle")); ends(answer.ends_in_s); touched(true); return; }
      go("/");
    } catch (error) { delete form.dataset.sent; lost(); }
    if (button) button.blur();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link && !alive) { event.preventDefault(); lost(); return; }
    if (event.target.closest("[data-dismiss]")) close(event.target.closest("dialog"));
    if (event.target.closest("[data-more]")) { const list = $(".body"); list.scrollTo({ top: $("main").classList.contains("end") ? 0 : list.scrollTop + list.clientHeight * 0.8, behavior: "smooth" }); }
    const fix = event.target.closest("a.fix");
    if (fix) { event.preventDefault(); const box = $(fix.getAttribute("href")); box?.scrollIntoView({ block: "start" }); $("input", box)?.focus(); }
  });

  async function prefer(form) {
    const name = form.querySelector("[name=name]").value, button = $("button", form);
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", on);
    if (name === "care" || name === "low") { root.classList.toggle(name, on); more(); }
    if (name === "voice") { body.toggleAttribute("data-voice", on); speak(); }
    try { const answer = await send("/journey/prefs", [["name", name], ["value", on ? "on" : "off"]]); if (answer.page !== undefined) page = String(answer.page); } catch (error) { lost(); }
  }

  // --- only the panels and the band of the page are renewed, so that what was typed stays
  async function panels() {
    const text = await (await fetch("/", { headers: { Accept: "text/html" } })).text();
    const fresh = new DOMParser().parseFromString(text, "text/html");
    for (const id of ["#panels", "#band"]) { const now = $(id), then = $(id, fresh); if (now && then) now.replaceWith(document.adoptNode(then)); }
    page = fresh.body.dataset.page;
    $$("[data-open]").forEach(open);
  }

  // --- idle: counted here by the second, decided by the service
  const warn_s = 20;
  let endsAt = null, lastSent = -Infinity;
  function ends(seconds) { endsAt = Number.isFinite(seconds) && seconds > 0 ? performance.now() + seconds * 1000 : null; }
  if (Number(body.dataset.total) > 0) ends(Number(body.dataset.ends));
  function tick() {
    if (endsAt === null) return;
    const left = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000)), dialog = $("#idle");
    if (left > warn_s) { close(dialog); return; }
    if (state() === "attract" || state() === "clear") return;
    open(dialog);
    $("[data-left]", dialog).textContent = left;
    $(".run", dialog).setAttribute("stroke-dasharray", `${(left / warn_s) * 100} 100`);
  }
  async function touched(force) {
    const now = performance.now();
    if (state() === "attract") { if (now - lastSent > 2000) { lastSent = now; send("/journey/start").then((answer) => { if (answer.page !== undefined) page = String(answer.page); body.dataset.state = answer.state || state(); touched(true); }).catch(lost); } return; }
    if ($("#idle").open && !force) return;                 // with the warning up, only its buttons answer
    if (now - lastSent < 2000 && !force) return;
    lastSent = now;
    try { const answer = await send("/api/activity"); if (answer.ends_in_s !== undefined) ends(answer.ends_in_s); } catch (error) { lost(); }
  }
  for (const kind of ["pointerdown", "keydown", "input"]) document.addEventListener(kind, () => touched(false), { capture: true, passive: true });

  // --- follow the journey
  function minutes(seconds) { const m = Math.floor(seconds / 60), words = since.dataset; return (m ? words.minutes.replace("#", m) : "") + words.seconds.replace("#", seconds % 60); }
  function show(live) {
    if (live.now) for (const part of ["time", "date", "weekday"]) { const at = $(`[data-clock="${part}"]`); if (at && live.now[part]) at.textContent = live.now[part]; }
    if (live.idle && Number(live.idle.total_s) > 0) ends(live.idle.ends_in_s);
    const told = (live.printing || live.submit || {}).text, line = $("[data-live=text]");
    if (told && line && line.textContent !== told) line.textContent = told;
  }
  let quietFrom = 0;
  document.addEventListener("pointerdown", () => { quietFrom = Math.max(quietFrom, performance.now() + 2000); }, { capture: true, passive: true });
  document.addEventListener("click", (event) => { if (!event.defaultPrevented && event.target.closest("a[href]")) quietFrom = performance.now() + 10000; });
  async function follow() {
    let misses = 0;
    while (!leaving) {
      try {
        const answer = await fetch(`/api/live?page=${page}&wait=20`, { headers: { Accept: "application/json" } });
        if (answer.status === 403 || answer.status === 401) { await new Promise((done) => setTimeout(done, 3000)); continue; }
        const live = await answer.json();
        misses = 0; found(); show(live);
        // Back to attract from anywhere is a new person: nothing of the page may stay, not even what was searched for.
        const samePlace = live.state === state() || (browsing() && live.state === "choose");
        if (String(live.page) !== page) {
          page = String(live.page);
          if (samePlace && (browsing() || (state() === "fill" && !$("[data-slots]")) || (state() === "agent" && $("[data-sign]")))) { body.dataset.state = live.state; await panels(); }
          else if (!leaving) { go("/"); return; }
        }
        // News of what can be done come with news of the page: both count, or the old truth would stand for a whole held request.
        if (browsing() && String(live.catalogue) !== catalogue && !typing()) {
          // A touch comes first: no page is renewed under a finger, nor while the page that it asked for is on its way.
          while (!leaving && performance.now() < quietFrom) await new Promise((done) => setTimeout(done, 200));
          if (!leaving && !typing()) { go(location.pathname + location.search); return; }
        }
      } catch (error) { if (leaving) return; misses += 1; if (misses >= 2) lost(); await new Promise((done) => setTimeout(done, 1500)); }
    }
  }
  addEventListener("pagehide", () => { leaving = true; speechSynthesis?.cancel(); });

  // --- press and hold shows; the answer of a finger that has lifted is thrown away
  let holding = 0;
  async function hold() {
    const box = $("[data-person]"), mine = ++holding;
    $("[data-hold]").classList.add("held");
    try {
      const answer = await fetch("/api/person", { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const person = await answer.json();
      if (mine !== holding) return;
      for (const cell of $$("[data-clear]", box)) { const clear = person[cell.dataset.clear]; if (clear) { masks.set(cell, masks.get(cell) ?? cell.textContent); cell.textContent = clear; } }
      box.classList.add("shown");
    } catch (error) { lost(); }
  }
  const masks = new Map();
  function hide() { holding += 1; masks.forEach((text, cell) => { cell.textContent = text; }); masks.clear(); $("[data-person]")?.classList.remove("shown"); $("[data-hold]")?.classList.remove("held"); }
  document.addEventListener("pointerdown", (event) => { if (event.target.closest("[data-hold]")) hold(); });
  document.addEventListener("keydown", (event) => { if (!event.repeat && (event.key === " " || event.key === "Enter") && event.target.closest("[data-hold]")) { event.preventDefault(); hold(); } });
  for (const kind of ["pointerup", "pointercancel", "keyup", "blur", "visibilitychange", "pagehide"]) addEventListener(kind, () => { if ($(".held")) hide(); }, true);
  document.addEventListener("contextmenu", (event) => event.preventDefault());
  document.addEventListener("dragstart", (event) => event.preventDefault());

  // --- more below: a button for those who do not know that a page can be pushed
  function left() { const list = $(".body"); return list.scrollHeight - list.scrollTop - list.clientHeight; }
  function more() { const main = $("main"), button = $("[data-more]"); button.hidden = true; const there = left() >= 24; button.hidden = !there; main.classList.toggle("rest", there); main.classList.remove("end"); }
  $(".body").addEventListener("scroll", () => $("main").classList.toggle("end", left() < 24), { passive: true });
  addEventListener("resize", more);

  // --- what must be chosen before a button works
  for (const button of $$("[data-need]")) { const form = button.form, need = button.dataset.need; const look = () => { button.disabled = !new FormData(form).has(need); more(); }; form.addEventListener("change", look); look(); }

  // --- voice only where the browser has a Chinese one
  let voice = null;
  function speak() {
    speechSynthesis?.cancel();
    if (!voice || !body.hasAttribute("data-voice")) return;
    const words = new SpeechSynthesisUtterance($("[data-say]")?.innerText || ""); words.voice = voice; words.lang = voice.lang; words.rate = root.classList.contains("care") ? 0.85 : 1; speechSynthesis.speak(words);
  }
  function voices() { voice = (speechSynthesis?.getVoices() || []).find((v) => v.localService && /^(zh|cmn)/i.test(v.lang)) || null; const form = $("[data-pref=voice]"); if (form) form.hidden = !voice; if (voice) speak(); }
  if ("speechSynthesis" in window) { speechSynthesis.addEventListener("voiceschanged", voices); voices(); }

  // --- seconds that pass while one waits
  const since = $("[data-elapsed]"), began = performance.now(), before = Number(since?.dataset.elapsed || 0);
  setInterval(() => { tick(); if (since) since.textContent = minutes(Math.floor(before + (performance.now() - began) / 1000)); }, 500);

  // --- a department's page stands below our strip: its time runs here, its size is that of this screen
  const until = $("[data-until]"), ending = performance.now() + Number(until?.dataset.until || 0) * 1000;
  if (until) setInterval(() => { const left = Math.max(0, Math.round((ending - performance.now()) / 1000)), m = Math.floor(left / 60); until.textContent = (m ? until.dataset.minutes.replace("#", m) : "") + until.dataset.seconds.replace("#", left % 60); }, 500);
  for (const [name, size] of [["width", innerWidth], ["height", innerHeight]]) for (const field of $$(`input[type=hidden][name=${name}]`)) field.value = size;

  // --- a code that changes with the minute (巡查码)
  const again = $("[data-again]");
  if (again) setTimeout(() => { if (!leaving) go(location.pathname); }, Number(again.dataset.again) * 1000);

  $$("[data-open]").forEach(open); $(".note[role=alert][tabindex]")?.focus(); more(); follow();
  window.budayang = { more, touched };
})();
