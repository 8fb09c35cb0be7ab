// The page as a whole: what <html> says of the app's state, and what the browser says of the page.

const root = document.documentElement;

/** Python handles clicks from now on. */
export function ready() {
  root.dataset.app = "ready";
  performance.mark("holdfast:ready");
}

/** Python could not start, or ended before it was ready. Later errors do not take the page away. */
export function failed(reason) {
  console.error(reason);
  if (root.dataset.app === "ready") return;
  root.dataset.app = "failed";
  const message = document.getElementById("failure");
  message.querySelector(".reason").textContent = String(reason?.message ?? reason).slice(-300);
  message.hidden = false;
}

/** Set data attributes of <html>: a JSON object of strings. */
export function setRoot(json) {
  for (const [name, value] of Object.entries(JSON.parse(json))) {
    if (root.dataset[name] !== value) root.dataset[name] = value;
  }
}

/** Which thread is in view, and what the window is called. */
export function setThread(id, title) {
  const main = document.getElementById("main");
  if (main.dataset.threadId !== id) main.dataset.threadId = id;
  if (document.title !== title) document.title = title;
}

export const address = () => location.hash;
export const base = () => new URL(".", document.baseURI).href;

/** Change the address, which leaves a step back. */
export function navigate(hash) {
  if (location.hash !== hash) location.hash = hash;
}

/**
 * Call `listen(kind, json)` when something about the page changes. Kinds: "leaving" (the page is
 * hidden and may be gone after this; write now), "shown", "network" (whether there is one).
 */
export function watch(listen) {
  document.addEventListener("visibilitychange", () => {
    listen(document.visibilityState === "hidden" ? "leaving" : "shown", "null");
  });
  addEventListener("pagehide", () => listen("leaving", "null"));
  addEventListener("pageshow", (event) => event.persisted && listen("shown", "null"));
  document.addEventListener("resume", () => listen("shown", "null"));
  for (const kind of ["online", "offline"]) {
    addEventListener(kind, () => listen("network", JSON.stringify(navigator.onLine)));
  }
}

/** Call `changed(hash)` when the address names something else. */
export function watchAddress(changed) {
  addEventListener("hashchange", () => changed(location.hash));
}

/** How many random bytes a caller wants, as hex, from the operating system. */
export function randomHex(count) {
  const bytes = crypto.getRandomValues(new Uint8Array(count));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A short text kept in this browser under a name; "" where there is none or none may be kept. */
export function recall(name) {
  try {
    return localStorage.getItem(key(name)) ?? "";
  } catch {
    return "";
  }
}

export function remember(name, text) {
  try {
    localStorage.setItem(key(name), text);
  } catch {
    // Storage is full or forbidden: the next start asks the server.
  }
}

const key = (name) => `holdfast.${name} ${base()}`;

/** Who this is to the server: one id for the browser, one for the tab. */
export function client() {
  let browser = recall("browser");
  if (!browser) remember("browser", (browser = randomHex(8)));
  return `${browser}.${randomHex(4)}`;
}
