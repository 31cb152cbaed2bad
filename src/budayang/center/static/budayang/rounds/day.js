/* The day of rounds: fetched while there is a network, kept for as long as there is none. */
import { found, readAll, setMeta, write } from "./store.js";

const ANSWER_S = 30;
const PHOTO_S = 120;
const DAY_MS = 24 * 60 * 60 * 1000;

/* Why the center could not be asked: away (no network), signed_out, no_right, failed. */
export class Trouble extends Error {
  constructor(kind, detail = "") {
    super(kind);
    this.kind = kind;
    this.detail = detail;
  }
}

export async function ask(address, options = {}) {
  if (!navigator.onLine) throw new Trouble("away");
  let answer;
  try {
    const signal = AbortSignal.timeout((options.body instanceof FormData ? PHOTO_S : ANSWER_S) * 1000);
    const whole = document.body.dataset.home + address;
    answer = await fetch(whole, { redirect: "manual", cache: "no-store", credentials: "same-origin", signal, ...options });
  } catch {
    throw new Trouble("away");
  }
  /* Only signing in again, or the second step of it, leads elsewhere. */
  if (answer.type === "opaqueredirect") throw new Trouble("signed_out");
  return answer;
}

async function json(answer) {
  try {
    return await answer.json();
  } catch {
    throw new Trouble("failed", String(answer.status));
  }
}

/* Who is signed in, the key for sending, the rounds; `taken` are keys of rounds that are taken for others. */
export async function fetchDay(taken = []) {
  const query = taken.map((key) => `round=${encodeURIComponent(key)}`).join("&");
  const answer = await ask(`day/${query && `?${query}`}`);
  if (answer.status === 403) throw new Trouble("no_right");
  if (!answer.ok) throw new Trouble("failed", String(answer.status));
  return json(answer);
}

/* A round that was taken for somebody else is asked for by its key, until a day after its end. */
const isTaken = (one) => one.taken && Date.parse(one.closes_at) > Date.now() - DAY_MS;

/* The keys of the rounds that a person has taken for others. */
export const takenBy = async (owner) => (await roundsOf(owner)).filter(isTaken).map((one) => one.key);

/* Keep a day; `also` is the key of a round that is taken with it. What the center had before it was asked (`sentBefore`)
   stands in it by now and leaves the phone; rounds that are over go too, unless something of them has not arrived. Of
   another person only what is unsent and the rounds that were taken stay, unseen. */
export async function keepDay(day, sentBefore, also = "") {
  const owner = day.person.username;
  await write(["rounds", "items"], async (rounds, items) => {
    for (const one of await found(items.getAll()))
      if (one.owner === owner ? sentBefore.has(one.id) : one.state === "sent") await found(items.delete(one.seq));
    const waiting = new Set((await found(items.getAll())).map((one) => `${one.owner} ${one.round}`));
    const fresh = new Set(day.rounds.map((one) => one.key));
    const taken = new Set([also]);
    for (const one of await found(rounds.getAll())) {
      if (one.owner === owner && one.taken) taken.add(one.key);
      const stays = waiting.has(`${one.owner} ${one.key}`) || (one.owner !== owner && isTaken(one));
      if (!stays && (one.owner !== owner || !fresh.has(one.key))) await found(rounds.delete([one.owner, one.key]));
    }
    for (const one of day.rounds) await found(rounds.put({ ...one, owner, taken: taken.has(one.key), kept_at: day.now }));
  });
  await setMeta("person", day.person);
  await setMeta("day", { at: new Date().toISOString(), owner });
}

/* The kept rounds of one person, the one that ends first at the head. */
export async function roundsOf(owner) {
  const mine = (await readAll("rounds")).filter((one) => one.owner === owner);
  return mine.sort((one, other) => (one.closes_at + one.key < other.closes_at + other.key ? -1 : 1));
}
