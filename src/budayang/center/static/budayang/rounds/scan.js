/* Codes at machines: what was read is taken apart here, and is a proof only after the center has looked at it. */

export const canScan = () => "BarcodeDetector" in window && Boolean(navigator.mediaDevices?.getUserMedia);

/* {code, terminal, label}: of an address, or of the bare code. `terminal` is "" where only the label's hash tells. */
export function readCode(text) {
  const told = text.trim().split("#")[0];
  let code = told;
  const label = told.match(/\/console\/watching\/label\/([A-Za-z0-9_-]+)\/?/);
  if (label) code = label[1];
  else if (told.includes("?")) code = new URLSearchParams(told.slice(told.indexOf("?"))).get("c") || "";
  const parts = code.split(".");
  const changing = parts.length === 3 && /^\d{1,10}$/.test(parts[1]);
  return { code, terminal: changing ? parts[0] : "", changing };
}

export async function hashOf(code) {
  const raw = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(code));
  return [...new Uint8Array(raw)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/* Who comes a little early stands there all the same. */
const EARLY_MS = 30 * 60 * 1000;
const isOn = (round) =>
  (round.state === "open" || round.state === "missed") && Date.parse(round.opens_at) - Date.now() < EARLY_MS;

/* The stops of a person's rounds that a code belongs to: [{round, stop}], rounds that are walked about now only. */
export async function stopsOf(read, rounds) {
  const hash = read.changing ? "" : await hashOf(read.code);
  return rounds
    .filter(isOn)
    .flatMap((round) =>
      round.stops
        .filter((stop) => (read.changing ? stop.code === read.terminal : stop.label && stop.label === hash))
        .map((stop) => ({ round, stop })),
    );
}

/* Read codes from the camera until `found(text)` says that it was one. Returns how to stop. */
export async function scan(video, found) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  video.srcObject = stream;
  await video.play();
  const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
  const look = async () => {
    if (!stream.active || !video.isConnected) return stop();
    const seen = await detector.detect(video).catch(() => []);
    if (seen.length && found(seen[0].rawValue)) return stop();
    return setTimeout(look, 200);
  };
  look();
  return stop;
}

export const WHERE_MS = 10_000;

/* Where the phone is, asked only when a fixed label was read; null when the person or the phone does not say. */
export function whereAmI() {
  if (!navigator.geolocation) return Promise.resolve(null);
  return new Promise((done) =>
    navigator.geolocation.getCurrentPosition(
      ({ coords }) =>
        done({ latitude: coords.latitude, longitude: coords.longitude, accuracy_m: coords.accuracy }),
      () => done(null),
      { enableHighAccuracy: true, timeout: WHERE_MS, maximumAge: 60000 },
    ),
  );
}
