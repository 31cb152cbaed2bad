/* What a staff page cannot do without a script: live parts, and a question before what cannot be undone.
   One stream a browser: the tab that holds the Web Lock listens to /live/ and tells the others by BroadcastChannel. */
(() => {
  "use strict";
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("budayang-live") : null;
  const EVERYTHING = "*";
  const waiting = new Set();
  let timer = 0;

  function refresh(element) {
    window.htmx.ajax("GET", element.getAttribute("hx-get"), {
      source: element,
      target: element,
      swap: element.getAttribute("hx-swap") || "outerHTML",
    });
  }

  /* Somebody who types in a part keeps what was typed: that part is fetched when the field is left. */
  function typing(element) {
    const active = document.activeElement;
    return active && element.contains(active) && active.matches("input, select, textarea");
  }

  function flush() {
    timer = 0;
    if (document.hidden || !waiting.size || !window.htmx) return;
    const late = new Set();
    for (const element of document.querySelectorAll("[data-topic][hx-get]")) {
      const topics = element.dataset.topic.split(" ");
      const hit = waiting.has(EVERYTHING) || topics.some((topic) => waiting.has(topic));
      if (hit && typing(element)) topics.forEach((topic) => late.add(topic));
      else if (hit) refresh(element);
    }
    waiting.clear();
    late.forEach((topic) => waiting.add(topic));
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

  document.addEventListener("DOMContentLoaded", () => {
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
