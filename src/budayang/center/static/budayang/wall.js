/* The wall's clock, and a shift of a few pixels every ten minutes so that no edge burns into the screen.
   The clock goes by the center's time: a screen's own clock may be wrong. */
(() => {
  "use strict";
  const clock = document.getElementById("clock");
  const ahead = Date.parse(clock.dataset.at) - Date.now();
  const words = new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false, timeZone: "Asia/Shanghai" });
  function tick() {
    clock.textContent = words.format(new Date(Date.now() + ahead));
    window.setTimeout(tick, 1000 - ((Date.now() + ahead) % 1000));
  }
  tick();
  let turn = 0;
  window.setInterval(() => {
    document.body.classList.remove(`shift-${turn}`);
    turn = (turn + 1) % 4;
    document.body.classList.add(`shift-${turn}`);
  }, 600000);
})();
