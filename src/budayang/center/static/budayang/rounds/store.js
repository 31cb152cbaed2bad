/* The phone's own books (IndexedDB). A promise of a write is kept when the write is on the disk, not before: whatever the
   page calls saved outlives a killed browser and an empty battery. */
const NAME = "budayang-rounds";
const VERSION = 1;
let opened = null;

function open() {
  opened ??= new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      const base = asked.result;
      base.createObjectStore("rounds", { keyPath: ["owner", "key"] });
      /* By their order: a later answer names an earlier one, which has to arrive first. */
      base.createObjectStore("items", { keyPath: "seq", autoIncrement: true }).createIndex("id", "id", { unique: true });
      base.createObjectStore("photos", { keyPath: "id" });
      base.createObjectStore("meta", { keyPath: "name" });
    };
    asked.onsuccess = () => {
      asked.result.onversionchange = () => { asked.result.close(); opened = null; };
      done(asked.result);
    };
    asked.onerror = () => { opened = null; failed(asked.error); };
  });
  return opened;
}

/* What an IDBRequest finds. */
export const found = (request) =>
  new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });

/* Run `work(store, store…)` in one transaction; resolves with its result after the transaction is on the disk. */
export async function write(names, work) {
  const base = await open();
  const act = base.transaction(names, "readwrite", { durability: "strict" });
  const ended = new Promise((done, failed) => {
    act.oncomplete = done;
    act.onabort = () => failed(act.error || new Error("aborted"));
  });
  let result;
  try {
    result = await work(...names.map((name) => act.objectStore(name)));
  } catch (error) {
    try { act.abort(); } catch { /* it ended by itself */ }
    await ended.catch(() => {});
    throw error;
  }
  await ended;
  return result;
}

export async function readAll(name) {
  const base = await open();
  return found(base.transaction(name).objectStore(name).getAll());
}

export async function readOne(name, key) {
  const base = await open();
  return found(base.transaction(name).objectStore(name).get(key));
}

export async function getMeta(name) {
  return (await readOne("meta", name))?.value;
}

export const setMeta = (name, value) => write(["meta"], (meta) => found(meta.put({ name, value })));

/* This phone's own name, made once: answers say from which device they come. */
export function deviceName() {
  return write(["meta"], async (meta) => {
    const known = await found(meta.get("device"));
    if (known) return known.value;
    const value = `phone-${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
    await found(meta.put({ name: "device", value }));
    return value;
  });
}
