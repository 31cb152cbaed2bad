// Draws /control/state each second and sends orders as JSON. All text goes in by textContent.
"use strict";
const el = (tag, text, attributes = {}) => {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};
let people = [];

async function order(path, body) {
  const answer = await fetch("/control/" + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const said = await answer.json();
  document.getElementById("said").textContent = answer.ok ? "" : said.error;
  if (answer.ok) draw(said);
}

function card(title, words, bad, buttons) {
  const box = el("article", "");
  if (bad) box.className = "bad";
  const row = el("div", "", { class: "buttons" });
  for (const [name, path, body, pressed] of buttons) {
    const button = el("button", name, { type: "button", "data-key": path + JSON.stringify(body), "aria-pressed": String(Boolean(pressed)) });
    button.addEventListener("click", () => order(path, body));
    row.append(button);
  }
  box.append(el("h3", title), el("p", words), row);
  return box;
}

function fill(id, cards) {
  const place = document.getElementById(id);
  const held = document.activeElement?.dataset?.key;
  place.replaceChildren(...cards);
  // A redraw must not take the keyboard's place away.
  if (held) [...place.querySelectorAll("button")].find((one) => one.dataset.key === held)?.focus();
}

function draw(state) {
  document.getElementById("clock").textContent = new Date(state.clock.now).toLocaleString("zh-CN", { timeZone: "Asia/Shanghai" }) + (state.clock.factor === 1 ? "" : `（${state.clock.factor} 倍速）`);
  fill("readers", Object.entries(state.readers).map(([n, one]) => card(`阅读器 ${n}`, (one.card ? `放着 ${one.card} 的身份证` : "没有放证") + `，读过 ${one.reads} 次` + (one.sam === "ok" ? "" : "，安全模块故障"), one.sam !== "ok", [
    ...people.map((who) => [who.key, `readers/${n}`, { card: who.key }, one.card === who.key]),
    ["拿走", `readers/${n}`, { card: null }, false],
    [one.sam === "ok" ? "弄坏" : "修好", `readers/${n}`, { sam: one.sam === "ok" ? "selftest" : "ok" }, one.sam !== "ok"],
  ])));
  fill("printers", Object.entries(state.printers).map(([n, one]) => card(`打印机 ${n}`, `纸 ${one.paper} 张，墨粉 ${one.toner}%，已打 ${one.sheets_printed} 张，排队 ${one.queued}` + (one.reasons[0] === "none" ? "" : "；" + one.reasons.join("、")), one.paper === 0 || one.jam || one.cover_open || one.toner === 0, [
    ["加满纸", `printers/${n}`, { paper: 250 }, false], ["剩 1 张", `printers/${n}`, { paper: 1 }, one.paper === 1], ["取空纸", `printers/${n}`, { paper: 0 }, one.paper === 0],
    [one.jam ? "清除卡纸" : "卡纸", `printers/${n}`, { jam: !one.jam }, one.jam], [one.cover_open ? "关盖" : "开盖", `printers/${n}`, { cover_open: !one.cover_open }, one.cover_open],
    [one.toner > 10 ? "墨粉将尽" : "换墨粉", `printers/${n}`, { toner: one.toner > 10 ? 5 : 100 }, one.toner <= 10],
  ])));
  fill("faces", Object.entries(state.faces).map(([n, one]) => card(`人像摄像头 ${n}`, (one.who ? "站着别人" : "站着持证人") + { ok: "", empty: "，没有人", paper: "，举着照片", black: "，镜头被挡", frozen: "，画面不动", off: "，没有信号" }[one.sight] + `，拍过 ${one.taken} 张` + (one.engine_down ? "，比对引擎已停" : ""), one.sight !== "ok" || one.engine_down, [
    ["持证人", `faces/${n}`, { who: null }, one.who === null], ...people.slice(0, 2).map((who) => [`站着${who.key}`, `faces/${n}`, { who: who.key }, one.who === who.id_number]),
    ...[["ok", "正常"], ["empty", "没有人"], ["paper", "举照片"], ["black", "挡住镜头"]].map(([word, name]) => [name, `faces/${n}`, { sight: word }, one.sight === word]),
    [one.engine_down ? "恢复引擎" : "停掉引擎", `faces/${n}`, { engine_down: !one.engine_down }, one.engine_down],
  ])));
  fill("windows", Object.entries(state.windows).map(([n, one]) => {
    const box = card(`部门网页窗口 ${n}`, (one.open ? "开着 " : "没有打开") + `，打开过 ${one.opened} 次` + (one.why ? "，本机不能打开" : ""), Boolean(one.why), [
      ["关掉窗口", `windows/${n}`, { close: true }, false], [one.why ? "修好" : "弄坏", `windows/${n}`, { why: one.why ? "" : "no rights for namespaces" }, Boolean(one.why)],
    ]);
    if (one.open) box.querySelector("p").append(el("a", "看部门的网页", { href: one.open, target: "_blank", rel: "noreferrer" }));
    return box;
  }));
  fill("machines", Object.entries(state.machines).map(([n, one]) => card(`专机 ${n}`, `${{ on: "开着", standby: "待机", off: "关机" }[one.power]}，插座测得 ${one.watts} W，网页${one.power === "on" ? { ok: "正常", error: "报错", down: "没有应答" }[one.page] : "没有应答"}`, one.power !== "on" || one.page !== "ok", [
    ...[["on", "开机"], ["standby", "待机"], ["off", "关机"]].map(([word, name]) => [name, `machines/${n}`, { power: word }, one.power === word]),
    ...[["ok", "网页正常"], ["error", "网页报错"], ["down", "程序退出"]].map(([word, name]) => [name, `machines/${n}`, { page: word }, one.page === word]),
  ])));
  fill("departments", Object.entries(state.departments).map(([code, one]) => card(one.name, (one.down ? "系统已停" : "系统正常") + (one.delay_s ? `，每次慢 ${one.delay_s} 秒` : "") + `，已答复 ${one.answered} 件`, one.down, [
    [one.down ? "恢复" : "停掉系统", `departments/${code}`, { down: !one.down }, one.down], [one.delay_s ? "不再慢" : "慢 5 秒", `departments/${code}`, { delay_s: one.delay_s ? 0 : 5 }, one.delay_s > 0],
    ["丢一次答复", `departments/${code}`, { lose_answers: 1 }, one.lose_answers > 0],
  ])));
}

function drawNotices(board) {
  document.getElementById("notice-count").textContent = board.notices.length ? `最近 ${board.notices.length} 条` : "还没有";
  document.getElementById("notices").replaceChildren(...board.notices.map((one) => {
    const row = el("tr", "");
    row.append(el("td", new Date(one.came_at).toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai" })), el("td", one.title), el("td", one.text));
    return row;
  }));
}

async function look() {
  try {
    drawNotices(await (await fetch("/control/notices")).json());
    draw(await (await fetch("/control/state")).json());
  } catch {
    document.getElementById("said").textContent = "沙盒没有应答";
  }
}

fetch("/control/citizens").then((answer) => answer.json()).then((found) => {
  people = found.citizens;
  document.getElementById("citizens").replaceChildren(...people.map((who) => {
    const row = el("tr", "");
    row.append(el("td", who.name), el("td", who.id_number), el("td", who.card_code), el("td", who.note));
    return row;
  }));
  look();
  setInterval(look, 1000);
});
