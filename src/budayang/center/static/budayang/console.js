/* What a staff page cannot do without a script: live parts, and a question before what cannot be undone.
   One stream a browser: the tab that holds the Web Lock listens to /live/ and tells the others by BroadcastChannel. */
(() => {
  "use strict";
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("budayang-live") : null;
  const EVERYTHING = "*";
  const waiting = new Set();
  /* When a part was fetched last, by its id: with 100,000 terminals something changes every second, and a page that
     is costly to make says by data-calm how many seconds it keeps quiet. */
  const fetched = new Map();
  let timer = 0;

  function refresh(element) {
    window.htmx.ajax("GET", element.getAttribute("hx-get"), {
      source: element,
      target: element,
      swap: element.getAttribute("hx-swap") || "outerHTML",
    });
  }

  function calm(element) {
    const left = (fetched.get(element.id) || 0) + Number(element.dataset.calm || 0) * 1000 - Date.now();
    if (left <= 0) fetched.set(element.id, Date.now());
    return Math.max(0, left);
  }

  /* Somebody who types in a part keeps what was typed: that part is fetched when the field is left. */
  function typing(element) {
    const active = document.activeElement;
    return (active && element.contains(active) && active.matches("input, select, textarea")) || unsent(element);
  }

  /* What is not sent yet: words, ticks, choices, and photos that are chosen: a phone's camera takes the focus away. */
  function unsent(element) {
    return [...element.querySelectorAll("form[method=post]")].some((form) => [...form.elements].some(touched));
  }

  function touched(field) {
    if (field.type === "file") return field.files.length > 0;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.matches("select")) return chosen(field);
    return field.matches("input, textarea") && field.type !== "hidden" && field.value !== field.defaultValue;
  }

  /* A list that names no choice shows its first one. */
  function chosen(list) {
    const options = [...list.options];
    const named = options.some((one) => one.defaultSelected);
    if (!named && !list.multiple) return list.selectedIndex > 0;
    return options.some((one) => one.selected !== one.defaultSelected);
  }

  function flush() {
    timer = 0;
    if (document.hidden || !waiting.size || !window.htmx) return;
    const late = new Set();
    const later = [];
    for (const element of document.querySelectorAll("[data-topic][hx-get]")) {
      const topics = element.dataset.topic.split(" ");
      const hit = waiting.has(EVERYTHING) || topics.some((topic) => waiting.has(topic));
      if (hit && typing(element)) topics.forEach((topic) => late.add(topic));
      else if (hit) {
        const left = calm(element);
        if (left) {
          topics.forEach((topic) => late.add(topic));
          later.push(left);
        } else refresh(element);
      }
    }
    waiting.clear();
    late.forEach((topic) => waiting.add(topic));
    if (later.length && !timer) timer = window.setTimeout(flush, Math.min(...later) + 50);
  }

  function hear(topic) {
    waiting.add(topic);
    if (!timer) timer = window.setTimeout(flush, 250);
  }

  function show(connected) {
    const sign = document.getElementById("live");
    if (!sign) return;
    sign.hidden = connected;
    sign.textContent = connected ? "" : sign.dataset.lost;
  }

  function tell(message) {
    if (channel) channel.postMessage(message);
    if (message.topic) hear(message.topic);
    if ("connected" in message) show(message.connected);
  }

  function listen() {
    return new Promise((done) => {
      let lost = false;
      const stream = new EventSource("/live/");
      stream.addEventListener("topic", (event) => tell({ topic: event.data }));
      stream.onopen = () => {
        /* What was missed while the line was down is unknown: fetch every live part again. */
        if (lost) tell({ topic: EVERYTHING });
        lost = false;
        tell({ connected: true });
      };
      stream.onerror = () => {
        lost = true;
        tell({ connected: false });
        if (stream.readyState === EventSource.CLOSED) window.setTimeout(done, 15000);
      };
    });
  }

  async function hold() {
    for (;;) {
      if (navigator.locks) await navigator.locks.request("budayang-live", listen);
      else await listen();
    }
  }

  /* On a phone a table becomes cards (console.css), and each cell says its column. */
  function label() {
    for (const table of document.querySelectorAll("table.cards")) {
      const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
      for (const row of table.querySelectorAll("tbody tr")) {
        if (row.cells.length !== heads.length) continue;
        [...row.cells].forEach((cell, place) => {
          if (cell.tagName === "TD" && heads[place] && !cell.dataset.label) cell.dataset.label = heads[place];
        });
      }
    }
  }

  document.addEventListener("htmx:afterSettle", label);
  document.addEventListener("DOMContentLoaded", () => {
    label();
    if (channel) {
      channel.onmessage = (event) => {
        if (event.data.topic) hear(event.data.topic);
        if ("connected" in event.data) show(event.data.connected);
      };
    }
    document.addEventListener("visibilitychange", flush);
    document.addEventListener("focusout", () => window.setTimeout(flush, 300));
    /* Sign-in pages have no live parts and no right to the stream. */
    if (document.body.classList.contains("console") && "EventSource" in window) hold();
  });

  document.addEventListener("htmx:configRequest", (event) => {
    if (!(event.target instanceof Element) || !event.target.matches("form.filters")) return;
    const parameters = event.detail.parameters;
    for (const key of Object.keys(parameters)) if (!parameters[key]) delete parameters[key];
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const question = form.dataset.confirm;
    if (question && !window.confirm(question)) {
      event.preventDefault();
      return;
    }
    if (form.method === "post" && event.submitter && !event.submitter.name) {
      window.setTimeout(() => { event.submitter.disabled = true; }, 0);
    }
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[method=post] button:disabled").forEach((button) => { button.disabled = false; });
  });
})();
