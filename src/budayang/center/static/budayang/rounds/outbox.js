/* Sending: in order, under the name of the person who said it only, and nothing leaves the phone before the center has
   acknowledged it. Whatever is sent twice counts once there: every item carries its id. */
import { ask, fetchDay, keepDay, takenBy, Trouble } from "./day.js";
import { deviceName, found, getMeta, readOne, setMeta, write } from "./store.js";
import { itemsOf, onTheWay } from "./items.js";
import { WHERE_MS } from "./scan.js";

const AT_ONCE = 50;
const LOCK = "budayang-rounds-outbox";
const ADDRESS = "sync/";
const PHOTO_ADDRESS = "photos/";
/* An answer of the stop that is open waits a little: words and corrections belong to it. */
const STILL_OPEN_S = 120;

let arrived = () => {};
let unwritten = null;

/* How the last sending went: {kind, at, detail}; of a phone that had no room to write it down from memory. */
export const line = async () => unwritten ?? getMeta("line");

async function tell(kind, detail = "") {
  const told = { kind, at: new Date().toISOString(), detail };
  unwritten = await setMeta("line", told).then(() => null, () => told);
  return kind;
}

/* One tab sends. `open` is {round, stop} of the page on the screen, `also` the key of a round that is taken besides;
   `onArrival` is called whenever something has arrived. */
export async function sync({ open = null, also = "", onArrival = () => {} } = {}) {
  arrived = onArrival;
  if (!navigator.locks) return run(open, also);
  return navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock ? run(open, also) : null));
}

async function run(open, also) {
  try {
    const sentBefore = async (owner) =>
      new Set((await itemsOf(owner)).filter((one) => one.state === "sent").map((one) => one.id));
    const known = await getMeta("person");
    const before = known ? await sentBefore(known.username) : new Set();
    const day = await readDay(also);
    let unkept = await keep(day, before, also);
    if (await sendAll(day, open)) {
      const owner = day.person.username;
      const sent = await sentBefore(owner);
      const after = await readDay(also);
      unkept = await keep(after, after.person.username === owner ? sent : new Set(), also);
    }
    return await (unkept ? tell("unkept", unkept.name) : tell("ok"));
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return tell(error.kind, error.detail);
  }
}

/* A day that the phone has no room for holds back nothing that was said: what is sent makes room. Returns the error. */
async function keep(day, sentBefore, also) {
  try {
    await keepDay(day, sentBefore, also);
    return null;
  } catch (error) {
    console.error(error);
    return error;
  }
}

/* The day of whoever is signed in, with the rounds that this person has taken for others. */
async function readDay(also) {
  const keysOf = async (owner) => [...new Set([also, ...(await takenBy(owner))])].filter(Boolean);
  const asked = await keysOf((await getMeta("person"))?.username ?? "");
  const day = await fetchDay(asked);
  const own = await keysOf(day.person.username);
  return own.join() === asked.join() ? day : fetchDay(own);
}

function held(one, open) {
  /* Not longer than that, whatever became of the phone's clock. */
  const wait = one.waits_until - Date.now();
  if (wait > 0 && wait <= WHERE_MS) return true;
  if (!open || one.kind !== "answer" || one.round !== open.round || one.stop !== open.stop) return false;
  return Date.now() - Date.parse(one.at) < STILL_OPEN_S * 1000;
}

const unsent = async (owner) => (await itemsOf(owner)).filter((one) => one.state === "unsent");

async function sendAll(day, open) {
  const owner = day.person.username;
  const letter = { owner, device: await deviceName().catch(() => ""), csrf: day.csrf };
  const said = (await unsent(owner)).filter((one) => !held(one, open));
  let sent = 0;
  const small = said.filter((one) => one.kind === "answer" || one.kind === "presence");
  for (let from = 0; from < small.length; from += AT_ONCE) sent += await sendBatch(letter, small.slice(from, from + AT_ONCE));
  for (const one of said.filter((item) => item.kind === "photo")) sent += await sendPhoto(letter, one);
  /* A round ends after everything of it has arrived: an end that came first would say that answers are missing. */
  const left = await unsent(owner);
  const ends = left.filter(
    (one) => one.kind === "finish" && !left.some((other) => other.round === one.round && other.kind !== "finish"),
  );
  if (ends.length) sent += await sendBatch(letter, ends);
  return sent;
}

/* An item that was on its way may be there already: from now on a change to it is an answer of its own. */
async function markTried(batch) {
  for (const one of batch) onTheWay.add(one.id);
  await write(["items"], async (items) => {
    for (const one of batch) {
      const now = await found(items.get(one.seq));
      if (now) await found(items.put({ ...now, tried: true }));
    }
  }).catch((error) => console.error(error));
}

async function sendBatch(letter, batch) {
  await markTried(batch);
  const fresh = [];
  for (const one of batch) {
    const now = await readOne("items", one.seq);
    if (now) fresh.push(now);
  }
  const items = fresh.map(({ kind, id, round, at, stop, question, value, note, replaces, code, position }) => ({
    kind, id, round, at, stop, question, value, note, replaces, code, position,
  }));
  const answer = await ask(ADDRESS, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": letter.csrf },
    body: JSON.stringify({ owner: letter.owner, device: letter.device, items }),
  });
  if (answer.ok) return settle(await results(answer));
  if (answer.status < 500 && answer.status !== 400 && answer.status !== 413) throw trouble(answer);
  /* One that the center cannot digest holds back no other. */
  if (batch.length > 1) {
    let sent = 0;
    for (const one of batch) sent += await sendBatch(letter, [one]);
    return sent;
  }
  return settle([{ id: batch[0].id, state: "later", reason: `${answer.status}` }]);
}

async function sendPhoto(letter, one) {
  const kept = await readOne("photos", one.id);
  const body = new FormData();
  for (const name of ["id", "round", "stop", "question", "at"]) body.append(name, one[name]);
  body.append("owner", letter.owner);
  body.append("photo", new Blob([kept ? kept.content : new ArrayBuffer(0)], { type: "image/jpeg" }), "photo.jpg");
  const answer = await ask(PHOTO_ADDRESS, { method: "POST", headers: { "X-CSRFToken": letter.csrf }, body });
  if (answer.ok) return settle(await results(answer));
  if (answer.status < 500 && answer.status !== 400 && answer.status !== 413) throw trouble(answer);
  return settle([{ id: one.id, state: "later", reason: `${answer.status}` }]);
}

/* An answer that was cut off on its way says nothing; what was sent is sent again. */
async function results(answer) {
  try {
    return (await answer.json()).results;
  } catch {
    throw new Trouble("away");
  }
}

function trouble(answer) {
  /* 403: signed in anew in another tab, the key is old; 409: somebody else is signed in. Both are asked again later. */
  return new Trouble(answer.status === 409 ? "other_person" : "failed", String(answer.status));
}

/* Write down what became of each; returns how many the center has now. */
async function settle(results) {
  const taken = results.filter((told) => told.state === "kept" || told.state === "conflict");
  await write(["items", "photos"], async (items, photos) => {
    for (const told of results) {
      const one = await found(items.index("id").get(told.id));
      if (!one) continue;
      const state = taken.includes(told) ? "sent" : told.state === "refused" ? "refused" : "unsent";
      await found(items.put({ ...one, state, reason: told.reason || "", conflict: told.state === "conflict" }));
      if (state === "sent") await found(photos.delete(one.id));
    }
  }).catch(() => forget(taken));
  if (taken.length) arrived();
  return taken.length;
}

/* Without room to note that something has arrived it leaves the phone at once: deleting needs none. */
const forget = (taken) =>
  write(["items", "photos"], async (items, photos) => {
    for (const { id } of taken) {
      const one = await found(items.index("id").get(id));
      if (one) await found(items.delete(one.seq));
      await found(photos.delete(id));
    }
  });
