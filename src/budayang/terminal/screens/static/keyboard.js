// The on-screen keyboard: letters for pinyin or initials (search), Chinese characters by syllable (forms), digits.
// What is written goes into the page's own input and nowhere else; nothing is learned from one person for the next.
"use strict";
(() => {
  const keys = document.querySelector("[data-keys]");
  if (!keys) return;
  const cands = keys.querySelector("[data-cands]"), search = keys.dataset.mode === "search";
  let target = null, spelling = "", latin = false, table = null;

  const layout = (name) => keys.querySelectorAll("[data-layout]").forEach((pad) => { pad.hidden = pad.dataset.layout !== name; });
  const told = () => { target.dispatchEvent(new Event("input", { bubbles: true })); };
  const chinese = () => !search && !latin && target?.dataset.write === "text";

  function put(text) {
    if (!target) return;
    const most = target.maxLength > 0 ? target.maxLength : Infinity;
    if (target.dataset.write === "date") { const digits = (target.value + text).replace(/\D/g, "").slice(0, 8); target.value = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6)].filter(Boolean).join("-"); }
    else { const at = target.selectionStart ?? target.value.length, end = target.selectionEnd ?? at; if (target.value.length - (end - at) + text.length > most) return; target.setRangeText(text, at, end, "end"); }
    told();
  }
  function erase() {
    if (spelling) { spelling = spelling.slice(0, -1); offer(); return; }
    if (!target) return;
    const at = target.selectionStart ?? target.value.length, end = target.selectionEnd ?? at;
    if (at !== end) target.setRangeText("", at, end, "end"); else if (at > 0) { const before = [...target.value.slice(0, at)]; before.pop(); const left = before.join(""); target.setRangeText("", left.length, at, "end"); }
    told();
  }
  function offer() {
    cands.replaceChildren();
    cands.hidden = !chinese();
    if (cands.hidden) return;
    const spell = document.createElement("span"); spell.className = spelling ? "spell" : "quiet"; spell.textContent = spelling || cands.dataset.hint; cands.append(spell);
    if (!spelling || !table) return;
    let found = table[spelling] || "";
    if (!found) { const near = Object.keys(table).filter((s) => s.startsWith(spelling)).slice(0, 8); found = near.map((s) => [...table[s]].slice(0, 3).join("")).join(""); }
    if (!found) { const none = document.createElement("span"); none.className = "quiet"; none.textContent = cands.dataset.none; cands.append(none); return; }
    for (const character of [...found].slice(0, 60)) { const key = document.createElement("button"); key.type = "button"; key.textContent = character; key.dataset.pick = character; cands.append(key); }
    cands.scrollLeft = 0;
  }
  function use(input) {
    target?.classList.remove("on");
    target = input; target.classList.add("on"); spelling = "";
    keys.hidden = false; document.body.classList.add("typing");
    const kind = input.dataset.write, digits = kind === "digits" || kind === "date" || kind === "id" || kind === "phone";
    layout(digits ? "digits" : "letters");
    keys.querySelectorAll('[data-do="letters"]').forEach((key) => { key.hidden = digits; });
    keys.querySelectorAll("[data-extra]").forEach((key) => { key.hidden = false; key.disabled = kind !== "id"; key.classList.toggle("off", kind !== "id"); });
    if (kind === "text" && !table) fetch(new URL("vendor/pinyin/pinyin.json", here)).then((answer) => answer.json()).then((found) => { table = found; offer(); });
    offer();
    input.closest(".ask-field, .code-entry")?.scrollIntoView({ block: "nearest" });
  }
  function done() {
    spelling = "";
    keys.hidden = true; document.body.classList.remove("typing"); target?.classList.remove("on"); target?.blur(); target = null; window.budayang?.more();
  }
  const here = document.currentScript?.src || document.querySelector('script[src*="keyboard"]').src;

  // The pointer goes to the key while the caret stays in the field.
  keys.addEventListener("pointerdown", (event) => { if (event.target.closest("button")) event.preventDefault(); });
  keys.addEventListener("click", (event) => {
    const key = event.target.closest("button");
    if (!key || !target || key.disabled) return;
    if (key.dataset.pick) { spelling = ""; put(key.dataset.pick); offer(); return; }
    if (key.dataset.key) {
      const letter = key.dataset.key;
      if (chinese() && /[a-z]/.test(letter)) { if (spelling.length < 6) spelling += letter; offer(); return; }
      if (chinese() && letter === " " && spelling) { const first = cands.querySelector("[data-pick]"); if (first) first.click(); return; }
      put(letter); return;
    }
    const act = key.dataset.do;
    if (act === "erase") erase();
    else if (act === "clear") { spelling = ""; target.value = ""; told(); offer(); }
    else if (act === "digits" || act === "letters") layout(act);
    else if (act === "latin") { latin = !latin; spelling = ""; key.setAttribute("aria-pressed", latin); offer(); }
    else if (act === "done") done();
    target?.focus({ preventScroll: true });
  });
  document.addEventListener("focusin", (event) => { if (event.target.matches("[data-write]") && event.target !== target) use(event.target); });

  // --- search as one types
  if (search) {
    const form = document.querySelector("[data-find]"), input = form.querySelector("input"), found = document.querySelector("[data-found]");
    let asked = 0, timer = 0;
    async function ask() {
      const mine = ++asked;
      try { const answer = await fetch("/found?q=" + encodeURIComponent(input.value.trim())); if (answer.ok && mine === asked) { found.innerHTML = await answer.text(); document.querySelector(".body").scrollTop = 0; window.budayang?.more(); } } catch (error) { /* the page's own watch says that the service is away */ }
    }
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 60); });
    form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
    input.focus(); use(input); input.setSelectionRange(input.value.length, input.value.length);
  }
})();
