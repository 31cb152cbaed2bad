// A signature drawn with a finger or a pen. It lives in the canvas and in one hidden field, and nowhere else.
"use strict";
(() => {
  const pad = document.querySelector("[data-sign]");
  if (!pad) return;
  const form = pad.closest("form"), field = form.querySelector("[name=signature]"), ink = pad.getContext("2d");
  let drawing = false, strokes = 0;
  function blank() { ink.fillStyle = "#fff"; ink.fillRect(0, 0, pad.width, pad.height); strokes = 0; field.value = ""; }
  function at(event) { const box = pad.getBoundingClientRect(); return [(event.clientX - box.left) * pad.width / box.width, (event.clientY - box.top) * pad.height / box.height]; }
  pad.addEventListener("pointerdown", (event) => { event.preventDefault(); pad.setPointerCapture(event.pointerId); drawing = true; ink.beginPath(); ink.moveTo(...at(event)); });
  pad.addEventListener("pointermove", (event) => { if (!drawing) return; ink.lineWidth = 7; ink.lineCap = ink.lineJoin = "round"; ink.strokeStyle = "#111"; ink.lineTo(...at(event)); ink.stroke(); strokes += 1; });
  for (const kind of ["pointerup", "pointercancel"]) pad.addEventListener(kind, () => { drawing = false; if (strokes > 8) field.value = pad.toDataURL("image/png"); });
  form.querySelector("[data-sign-clear]").addEventListener("click", blank);
  blank();
})();
