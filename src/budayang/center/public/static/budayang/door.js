/* A display that gets no answer for fifteen seconds says so: what it shows may be old. */
"use strict";
(() => {
  const OLD_MS = 15000;
  const stale = document.querySelector(".stale");
  let heard = Date.now();
  document.body.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) heard = Date.now(); });
  setInterval(() => { stale.hidden = Date.now() - heard < OLD_MS; }, 1000);
})();
