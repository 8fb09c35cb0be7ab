// The composer, from the first paint on: what is typed and sent before Python has started is kept
// (over a reload too, in this tab's session storage) and handed over once Python connects.
//
// It knows nothing of threads or of the server: a send is a text, an id and the address it was
// sent from. The id is made here, at the press, so that handing over twice is sending once.

import { uuid7 } from "./ids.js";

const KEPT = "holdfast.composer";

const box = document.getElementById("message");
const note = document.getElementById("composer-note");
const stopButton = document.getElementById("stop");

/** Sends that Python has not taken over yet, oldest first: {id, text, address}. */
const waiting = [];
let listener = null;
let touched = false;

const kept = recall();
waiting.push(...kept.waiting);
if (kept.draft && box.value === "") box.value = kept.draft;
if (box.value !== "") touched = true;
explain();

box.addEventListener("input", () => {
  touched = true;
  keep();
  listener?.("draft", JSON.stringify(box.value));
});
box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
document.getElementById("send").addEventListener("click", () => {
  send();
  box.focus();
});
stopButton.addEventListener("click", () => listener?.("stop", "null"));
document.getElementById("new-thread").addEventListener("click", () => {
  location.hash = "#/";
  listener?.("new", "null");
  document.getElementById("sidebar").hidePopover?.();
  box.focus();
});

function send() {
  const text = box.value;
  if (text.trim() === "") return;
  box.value = "";
  waiting.push({ id: uuid7(), text, address: location.hash });
  keep();
  explain();
  hand();
}

function hand() {
  if (!listener) return;
  for (const item of waiting) {
    if (item.handed) continue;
    item.handed = true;
    listener("send", JSON.stringify({ id: item.id, text: item.text, address: item.address }));
  }
}

function explain() {
  const start = waiting.length > 0 && !listener;
  note.textContent = start ? "Will be sent as soon as Holdfast has started." : "";
}

function keep() {
  try {
    const items = waiting.map(({ id, text, address }) => ({ id, text, address }));
    sessionStorage.setItem(KEPT, JSON.stringify({ draft: box.value, waiting: items }));
  } catch {
    // Storage is full or forbidden: it still lives as long as the page.
  }
}

function recall() {
  try {
    const { draft, waiting } = JSON.parse(sessionStorage.getItem(KEPT));
    return { draft: String(draft), waiting: [...waiting] };
  } catch {
    return { draft: "", waiting: [] };
  }
}

// ---- for Python ----

/**
 * Hand over: `listen(kind, json)` is called for everything from now on, and at once for what waits.
 * Kinds: "send" {id, text, address}, "draft" (the text), "stop", "new".
 */
export function connect(listen) {
  listener = listen;
  hand();
  explain();
}

/** Python has stored this send for good; until this call it would be handed over again on reload. */
export function taken(id) {
  const at = waiting.findIndex((item) => item.id === id);
  if (at >= 0) waiting.splice(at, 1);
  keep();
}

export const draft = () => box.value;

/** Show a stored draft, unless the person has typed something since the page was loaded. */
export function restore(text) {
  if (!touched) show(text);
}

/** Show the draft of another thread. */
export function show(text) {
  if (box.value !== text) box.value = text;
  touched = false;
  keep();
}

export function setRunning(running) {
  stopButton.hidden = !running;
}

export const focus = () => box.focus();
