/* What leaves the page: the draft in this browser, the check of the findings, and saving. Nothing is lost on the way. */
import { el, say } from "../rounds/draw.js";

const DRAFT_MS = 800;
const CHECK_MS = 600;

async function post(address, csrf, body, signal) {
  return fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf, "X-Requested-With": "plan" },
    body: JSON.stringify(body),
    signal,
  });
}

/* A draft of one person's plan of one area, in this browser only. */
export class Draft {
  constructor(name) {
    this.name = `budayang-plan:${name}`;
    this.timer = 0;
  }

  read() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.name) ?? "null");
      return kept && typeof kept.drawing === "object" ? kept : null;
    } catch {
      return null;
    }
  }

  /* Soon, so that a row of changes is written once; at once when the page goes away. */
  keep(make, at_once = false) {
    window.clearTimeout(this.timer);
    const write = () => {
      const kept = make();
      try {
        if (kept) localStorage.setItem(this.name, JSON.stringify({ ...kept, at: new Date().toISOString() }));
        else localStorage.removeItem(this.name);
      } catch {
        // No room or no right in this browser: saving still works, and leaving still asks.
      }
    };
    if (at_once) write();
    else this.timer = window.setTimeout(write, DRAFT_MS);
  }
}

/* The findings of what is drawn now. The newest answer counts; nothing is saved by asking. */
export class Check {
  constructor(address, csrf, place, told) {
    Object.assign(this, { address, csrf, place, told, timer: 0, asked: null });
  }

  soon(drawing) {
    window.clearTimeout(this.timer);
    this.place.setAttribute("aria-busy", "true");
    this.timer = window.setTimeout(() => this.now(drawing()), CHECK_MS);
  }

  async now(drawing) {
    this.asked?.abort();
    this.asked = new AbortController();
    const { signal } = this.asked;
    try {
      const answer = await post(this.address, this.csrf, { drawing }, signal);
      const said = await answer.text();
      if (signal.aborted) return;
      // A page of another kind (signed out, server error) is not put into this one.
      if (answer.headers.get("X-Plan-Check") === "1") this.place.innerHTML = said;
      else this.failed();
    } catch (error) {
      if (error.name === "AbortError") return;
      this.failed();
    }
    this.place.removeAttribute("aria-busy");
    this.told();
  }

  failed() {
    this.place.replaceChildren(el("p", { class: "empty" }, say("check_failed")));
  }

  /* What is found and has a place on the plan: [{number, severity, at}]. */
  marks() {
    return [...this.place.querySelectorAll("[data-finding][data-at]")].map((one) => ({
      number: one.dataset.finding,
      severity: one.dataset.severity,
      at: one.dataset.at.split(",").map(Number),
    }));
  }
}

/* Saving. Answers {kind: "saved", …}, {kind: "conflict", …}, {kind: "refused" | "failed", message}. */
export async function save(address, csrf, letter) {
  try {
    const answer = await post(address, csrf, letter);
    const plain = (answer.headers.get("Content-Type") ?? "").includes("json");
    if (plain) return { kind: { 200: "saved", 409: "conflict" }[answer.status] ?? "refused", ...(await answer.json()) };
    return { kind: "failed", message: say(answer.redirected || answer.status === 403 ? "save_signed_out" : "save_failed") };
  } catch {
    return { kind: "failed", message: say("save_no_network") };
  }
}
