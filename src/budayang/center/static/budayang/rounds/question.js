/* One question as a card: big answers, words, photographs. It says 已保存 only after the phone's disk has it.
   The card is built once and brought up to now in place: what a thumb is on its way to must not be drawn away. */
import { el, moment, say, state, valueWord } from "./draw.js";
import { giveUp, itemsOf, saveAnswer, savePhoto, standing } from "./items.js";
import { shrink } from "./photo.js";

const CHOSEN = new Set(["yes_no", "choice"]);

export function questionCard(told, place, question) {
  const card = { told, place, question, now: standing(question, place, told.items) };
  card.known = el("div", { class: "phone-known" });
  card.note = el("textarea", { id: `n-${question.code}`, rows: "2", maxlength: "300", onchange: () => save(card, valueOf(card)) });
  card.noteField = el("label", { class: "field" }, el("span", {}, say("note")), card.note);
  card.field = CHOSEN.has(question.kind) ? null : valueField(card);
  card.radios = question.options.map((one) => radio(card, one.value));
  card.cameraWord = el("span");
  card.camera = el("label", { class: "btn phone-camera" }, card.cameraWord, camera(card));
  card.pictures = el("div", { class: "phone-photos" });
  card.saved = el("p", { class: "phone-saved", role: "status" });
  card.problem = el("p", { class: "field-error", role: "alert" });
  card.whole = el("fieldset", { class: "card round-q", id: `q-${question.code}` },
    el("legend", {}, question.text),
    question.hint ? el("p", { class: "help" }, question.hint) : null,
    card.known,
    card.field ? el("label", { class: "field" }, el("span", {}, say(`field_${question.kind}`, { unit: question.unit ? `（${question.unit}）` : "" })), card.field) : null,
    el("div", { class: `round-options${question.kind === "choice" ? " rows" : ""}` },
      question.options.map((one, at) => el("label", { class: `round-option ${one.value}` }, card.radios[at], el("span", {}, one.word)))),
    card.noteField, card.camera, card.pictures, card.saved, card.problem,
  );
  show(card, "");
  return card.whole;
}

function radio(card, value) {
  const chosen = () => {
    if (card.field) card.field.value = "";
    save(card, value);
  };
  return el("input", { type: "radio", name: `v-${card.question.code}`, value, onchange: chosen });
}

/* A number, day or text. */
function valueField(card) {
  const { question } = card;
  const number = question.kind === "number" ? { step: "any", inputmode: "decimal" } : {};
  const told = () => { if (card.field.reportValidity()) save(card, card.field.value.trim()); };
  return el("input", { type: question.kind, id: `w-${question.code}`, maxlength: "200", onchange: told, ...number });
}

function camera(card) {
  const taken = async (event) => {
    await guarded(card, () => take(card, event.target.files));
    event.target.value = "";
  };
  return el("input", { type: "file", accept: "image/*", capture: "environment", multiple: true, onchange: taken });
}

const valueOf = (card) => card.field?.value.trim() || card.radios.find((one) => one.checked)?.value || "";

async function save(card, value) {
  const { now, question, place, told } = card;
  const note = card.noteField.hidden ? now.note : card.note.value.trim();
  if (!value) return;
  if (!now.refused && now.answered && !now.known && value === now.value && note === now.note) return;
  const answer = { ...place, question: question.code, value, note, replaces: now.replaces };
  await guarded(card, () => saveAnswer(told.owner, answer));
}

/* A write that fails is told at once: a full phone must not look like a saved answer. */
async function guarded(card, work) {
  let problem = "";
  try {
    await work();
  } catch (error) {
    problem = error.name === "QuotaExceededError" ? say("phone_full") : error.message || say("not_saved");
  }
  const items = await itemsOf(card.told.owner);
  card.now = standing(card.question, card.place, items);
  show(card, problem);
  await card.told.changed({ redraw: false });
}

/* Bring the card up to what stands now. */
function show(card, problem) {
  const { now, question } = card;
  card.known.replaceChildren(...knownWords(card));
  card.known.hidden = !card.known.childNodes.length;
  for (const one of card.radios) one.checked = one.value === now.value;
  set(card.field, now.value === "na" ? "" : now.value);
  /* Words belong to an answer: their field comes with it. */
  card.noteField.hidden = !now.value || now.known;
  set(card.note, now.note);
  const offered = question.photo !== "no" || now.bad || now.photos.length || question.photos;
  card.camera.hidden = !offered;
  card.cameraWord.textContent = say(now.wantsPhoto ? "photo_wanted" : "photo_add");
  card.camera.classList.toggle("wanted", now.wantsPhoto);
  card.pictures.replaceChildren(...pictures(card));
  card.saved.replaceChildren(...savedWords(now));
  card.saved.hidden = !card.saved.childNodes.length;
  card.problem.textContent = problem || now.refused?.reason || "";
  card.problem.hidden = !card.problem.textContent;
}

const set = (field, value) => {
  if (field && field !== document.activeElement && field.value !== value) field.value = value;
};

function knownWords({ question, now }) {
  const found = [];
  if (now.known) found.push(el("p", { class: "help" }, state("hand", say("known")), ` ${say("known_more", { at: moment(now.at) })}`));
  for (const one of question.conflicts) {
    const kept = valueWord(question, question.answer?.value ?? "");
    const more = say("conflict_more", { kept, by: question.answer?.by ?? "", other: one.word, who: one.by });
    found.push(el("p", { class: "help" }, state("warn", say("conflict")), ` ${more}`));
  }
  return found;
}

function savedWords(now) {
  if (now.refused) return [state("stop", say("refused"))];
  if (now.here?.state === "unsent") return [state("hand", say("saved_here")), ` ${moment(now.here.at)}`];
  if (now.answered && !now.known) return [state("ok", say("sent")), ` ${moment(now.at)} ${now.by}`];
  return [];
}

function pictures(card) {
  const { question, now } = card;
  const there = question.photos ? [el("span", { class: "muted" }, say("photos_there", { n: question.photos }))] : [];
  return there.concat(now.photos.map((one, at) => {
    const word = one.state === "sent" ? say("sent") : one.state === "refused" ? one.reason : say("photo_waits");
    return el("figure", {},
      el("img", { src: one.thumb, alt: say("photo_n", { n: at + 1, what: question.text }) }),
      el("figcaption", {}, word,
        one.state === "sent" ? "" : el("button", { type: "button", class: "link", onclick: () => drop(card, one) }, say("photo_drop"))),
    );
  }));
}

async function drop(card, one) {
  if (window.confirm(say("photo_drop_sure"))) await guarded(card, () => giveUp(card.told.owner, one.id));
}

/* One after the other: a phone has room for one large picture at a time. */
async function take(card, files) {
  for (const file of [...files]) {
    const picture = await shrink(file).catch(() => null);
    if (!picture) throw new Error(say("photo_bad", { name: file.name }));
    await savePhoto(card.told.owner, { ...card.place, question: card.question.code }, picture);
  }
}
