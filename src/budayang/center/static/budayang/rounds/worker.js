/* The service worker of 我的巡查. KEPT stands above this line, written by the center: the version and what is kept of it.
   Everything of one version comes from one cache, so that old and new files never meet on a page. */
const CACHE = `rounds-${KEPT.version}`;
const HOME = KEPT.shell;
const OWN = new Set(KEPT.files.filter((one) => one.includes("/rounds/")));
const SHARED = new Set(KEPT.files.filter((one) => !one.includes("/rounds/")));

async function keepAll() {
  const cache = await caches.open(CACHE);
  const shell = await fetch(HOME, { cache: "reload" });
  /* Signed out, the shell's address leads to the sign-in page: the version before stays in use. */
  if (!shell.ok || shell.redirected) throw new Error("the page is not to be had now");
  await cache.put(HOME, shell);
  await Promise.all(
    KEPT.files.map(async (address) => {
      const got = await fetch(address, { cache: "reload" });
      if (!got.ok) throw new Error(address);
      await cache.put(address, got);
    }),
  );
}

async function throwOld() {
  for (const name of await caches.keys()) if (name.startsWith("rounds-") && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
}

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(keepAll());
});
self.addEventListener("activate", (event) => event.waitUntil(throwOld()));

const kept = async (address) => (await caches.open(CACHE)).match(address);

/* Another language is shown at the next opening; another version waits for its own worker. */
async function renew() {
  const got = await fetch(HOME, { cache: "reload" }).catch(() => null);
  if (got?.ok && !got.redirected && got.headers.get("X-Rounds-Version") === KEPT.version)
    await (await caches.open(CACHE)).put(HOME, got);
}

async function shell(event) {
  const found = await kept(HOME);
  if (!found) return fetch(event.request);
  event.waitUntil(renew());
  return found;
}

async function networkFirst(event) {
  try {
    return await fetch(event.request);
  } catch (error) {
    const found = await kept(HOME);
    if (found) return found;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    const asked = url.searchParams.has("online");
    if (url.pathname === HOME || (url.pathname === KEPT.here && !asked)) event.respondWith(shell(event));
    else if (url.pathname.startsWith(KEPT.labels)) event.respondWith(networkFirst(event));
    return;
  }
  /* What other pages use too is answered from here only where this page asks for its own version of it. */
  const mine = OWN.has(url.pathname) || (SHARED.has(url.pathname) && url.search === `?v=${KEPT.version}`);
  if (mine) event.respondWith(kept(url.pathname).then((found) => found || fetch(request)));
});
