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

export function setSync(state) {
  if (root.dataset.sync !== state) root.dataset.sync = state;
}

export function setLeader(leads) {
  root.dataset.leader = String(Boolean(leads));
}

export function setThread(id) {
  const main = document.getElementById("main");
  if (main.dataset.threadId !== id) main.dataset.threadId = id;
}

export function setTitle(text) {
  if (document.title !== text) document.title = text;
}

export const address = () => location.hash;
export const origin = () => location.origin;
export const base = () => new URL(".", document.baseURI).href;

/** Change the address without a load; `replace` leaves no step back. */
export function navigate(hash, replace) {
  if (location.hash === hash) return;
  if (replace) history.replaceState(null, "", hash);
  else location.hash = hash;
}

/** What is true of the page now, as JSON: {visible, focused, online}. */
export function facts() {
  const visible = document.visibilityState === "visible";
  return JSON.stringify({ visible, focused: document.hasFocus(), online: navigator.onLine });
}

/**
 * Call `listen(kind, json)` when something about the page changes. Kinds: "facts" (see above),
 * "address" (the hash), "leaving" (the page may be gone after this; write now).
 */
export function watch(listen) {
  const tell = () => listen("facts", facts());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") listen("leaving", "null");
    tell();
  });
  for (const kind of ["focus", "blur", "online", "offline"]) addEventListener(kind, tell);
  addEventListener("pagehide", () => listen("leaving", "null"));
  addEventListener("pageshow", (event) => event.persisted && tell());
  addEventListener("hashchange", () => {
    document.getElementById("sidebar").hidePopover?.();
    listen("address", JSON.stringify(location.hash));
  });
}

/** How many random bytes a caller wants, as hex, from the operating system. */
export function randomHex(count) {
  const bytes = crypto.getRandomValues(new Uint8Array(count));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
