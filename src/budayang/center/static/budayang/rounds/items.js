/* What was said on this phone: answers, photographs, presences and ends of rounds, each with an id of its own made here.
   An item is "unsent" until the center has it, "refused" when the center says why it cannot take it, "sent" until the next
   reading of the day shows it. */
import { found, readAll, write } from "./store.js";

const newId = () => crypto.randomUUID();
const same = (one, other) => one.round === other.round && one.stop === other.stop && one.question === other.question;

/* All items of one person, in their order. Nobody else's are ever shown or sent. */
export async function itemsOf(owner) {
  return (await readAll("items")).filter((one) => one.owner === owner);
}

/* How many things of other people wait on this phone: [[user name, how many]]. */
export async function waitingOfOthers(owner) {
  const counts = new Map();
  for (const one of await readAll("items"))
    if (one.owner !== owner && one.state !== "sent") counts.set(one.owner, (counts.get(one.owner) || 0) + 1);
  return [...counts];
}

/* A thumb that slipped and is corrected within seconds has said one thing, and opens no order on its way. */
const SLIP_S = 10;
const slipped = (one) => Date.now() - Date.parse(one.at) < SLIP_S * 1000;

/* Ids of what was on its way since this page was opened, for a phone that had no room to mark it. */
export const onTheWay = new Set();
const untouched = (one) => one.state === "unsent" && !one.tried && !onTheWay.has(one.id);

/* An answer. Words added to an answer that has not left the phone belong to it; any other change is an answer of its own
   that names the one before: the phone's last, as it stands in the books now, else the center's that stood on the page
   (`replaces`). */
export function saveAnswer(owner, answer) {
  return write(["items"], async (items) => {
    const all = (await found(items.getAll())).filter((one) => one.owner === owner && one.kind === "answer");
    const before = all.filter((one) => same(one, answer));
    const last = before.at(-1);
    for (const one of before) if (one.state === "refused") await found(items.delete(one.seq));
    if (last && untouched(last) && (last.value === answer.value || slipped(last))) {
      await found(items.put({ ...last, value: answer.value, note: answer.note }));
      return;
    }
    const replaces = before.filter((one) => one.state !== "refused").at(-1)?.id ?? answer.replaces;
    const made = { ...answer, replaces, owner, kind: "answer", id: newId(), state: "unsent" };
    await found(items.add({ ...made, at: new Date().toISOString() }));
  });
}

/* A photograph: the small picture stays with the item, the large one by itself until it is acknowledged. */
export function savePhoto(owner, place, picture) {
  const id = newId();
  const made = { ...place, owner, kind: "photo", id, state: "unsent", at: new Date().toISOString(), thumb: picture.thumb };
  return write(["items", "photos"], async (items, photos) => {
    await found(photos.add({ id, content: picture.content }));
    await found(items.add(made));
  });
}

/* That a code was read at a stop; resolves with the item's id. `at` is when it was read, not when the person said for which
   round. It leaves the phone at `waits_until` (milliseconds) at the earliest: its position may follow. */
export async function savePresence(owner, read) {
  const id = newId();
  await write(["items"], (items) => found(items.add({ ...read, owner, kind: "presence", id, state: "unsent" })));
  return id;
}

/* Where the phone was when the code was read, null when it does not say; too late for what was on its way already. */
export function addPosition(id, position) {
  return write(["items"], async (items) => {
    const one = await found(items.index("id").get(id));
    if (one && untouched(one)) await found(items.put({ ...one, position, waits_until: 0 }));
  });
}

/* The end of a round, once. */
export function saveFinish(owner, round, note) {
  return write(["items"], async (items) => {
    const all = await found(items.getAll());
    const before = all.find((one) => one.owner === owner && one.kind === "finish" && one.round === round);
    if (before && before.state !== "refused") return;
    if (before) await found(items.delete(before.seq));
    const made = { owner, round, note, stop: "", question: "", kind: "finish", id: newId(), state: "unsent" };
    await found(items.add({ ...made, at: new Date().toISOString() }));
  });
}

/* A person gives up one thing that was not taken, or a photograph that was taken by mistake. */
export function giveUp(owner, id) {
  return write(["items", "photos"], async (items, photos) => {
    const one = await found(items.index("id").get(id));
    if (!one || one.owner !== owner || one.state === "sent") return;
    await found(photos.delete(id));
    await found(items.delete(one.seq));
  });
}

/* What stands for one question on this page: the phone's last word, else the center's. */
export function standing(question, place, items) {
  const mine = items.filter((one) => one.kind === "answer" && same(one, { ...place, question: question.code }));
  const last = mine.filter((one) => one.state !== "refused").at(-1);
  const refused = mine.at(-1)?.state === "refused" ? mine.at(-1) : null;
  const photos = items.filter((one) => one.kind === "photo" && same(one, { ...place, question: question.code }));
  const value = refused?.value ?? last?.value ?? question.answer?.value ?? "";
  return {
    value,
    note: refused?.note ?? last?.note ?? question.answer?.note ?? "",
    at: last?.at ?? question.answer?.at ?? "",
    by: last ? "" : question.answer?.by ?? "",
    replaces: last?.id ?? question.answer?.id ?? "",
    here: last ?? null,
    known: !last && Boolean(question.answer?.known),
    refused,
    photos,
    bad: isBad(question, value),
    answered: Boolean(last || question.answer),
    wantsPhoto: wantsPhoto(question, value) && !photos.length && !question.photos,
  };
}

/* Whether the answer is a fault, by the bounds that came with the question; the center's word is the one that counts. */
export function isBad(question, value) {
  const { bad, low, high } = question.bounds;
  if (!value || value === "na") return false;
  if (bad) return bad.includes(value);
  const told = question.kind === "number" ? Number(value) : value;
  return question.kind !== "text" && ((low != null && told < low) || (high != null && told > high));
}

function wantsPhoto(question, value) {
  if (!value || value === "na") return false;
  return question.photo === "always" || (question.photo === "on_fault" && isBad(question, value));
}
