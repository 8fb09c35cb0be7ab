// The composer, from the first paint on: what is typed and sent before Python has started is kept
// (over a reload too, in this tab's session storage) and handed over once Python connects.
//
// Not a module: it runs in the head, before there is anything to type in, so that no key is missed.
// It knows nothing of threads or of the server: a send is a text, the address it was sent from, and
// ids for the question, its reply and the thread it may begin. They are made here, at the press, so
// that handing over twice is sending once.

"use strict";

globalThis.holdfastComposer = (() => {
  const KEPT = "holdfast.composer";

  /** Sends that Python has not taken over yet, oldest first: {id, reply, thread, text, address}. */
  const waiting = [];
  const handed = new Set();
  let listener = null;
  let anew = false; // New thread was pressed, and nothing sent since

  const element = (id) => document.getElementById(id);
  // A finger that pressed a button wants to see the page, not the keyboard.
  const focus = () => matchMedia("(pointer: coarse)").matches || element("message").focus();

  document.addEventListener("DOMContentLoaded", () => {
    const kept = recall();
    waiting.unshift(...kept.waiting);
    if (element("message").value === "") element("message").value = kept.draft;
    explain();
    focus();
  });

  document.addEventListener("input", (event) => {
    if (event.target.id === "message") keep();
  });

  document.addEventListener("keydown", (event) => {
    if (event.target.id !== "message") return;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });

  document.addEventListener("click", (event) => {
    const pressed = event.target.closest?.("#send, #stop, #new-thread");
    if (!pressed) return;
    if (pressed.id === "send") send();
    else if (pressed.id === "stop") listener?.("stop", "null");
    else {
      anew = true;
      location.hash = "#/";
      element("sidebar").hidePopover();
    }
    focus();
  });

  function send() {
    const text = element("message").value;
    if (text.trim() === "") return;
    element("message").value = "";
    const [id, reply, address] = [uuid7(), uuid7(), location.hash];
    // What is sent from one place before Python could move on from there belongs together.
    const alone = listener !== null || anew;
    const before = alone ? undefined : waiting.findLast((item) => item.address === address);
    anew = false;
    waiting.push({ id, reply, thread: before?.thread ?? uuid7(), text, address });
    keep();
    explain();
    hand();
  }

  function hand() {
    if (!listener) return;
    for (const item of [...waiting]) {
      if (handed.has(item.id)) continue;
      handed.add(item.id);
      try {
        listener("send", JSON.stringify(item));
      } catch (error) {
        console.error(error); // One that cannot be taken must not keep back the others.
      }
    }
  }

  function explain() {
    const early = waiting.length > 0 && !listener;
    element("composer-note").textContent = early ? "Will be sent as soon as Holdfast has started." : "";
  }

  function keep() {
    try {
      sessionStorage.setItem(KEPT, JSON.stringify({ draft: element("message").value, waiting }));
    } catch {
      // Storage is full or forbidden: it still lives as long as the page.
    }
  }

  function recall() {
    try {
      const { draft, waiting } = JSON.parse(sessionStorage.getItem(KEPT));
      return { draft: String(draft), waiting: waiting.filter(isSend) };
    } catch {
      return { draft: "", waiting: [] };
    }
  }

  const isSend = (item) =>
    ["id", "reply", "thread", "text", "address"].every((field) => typeof item?.[field] === "string");

  /** An id from the time and the operating system's randomness (UUID version 7). */
  function uuid7() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    let now = Date.now();
    for (let at = 5; at >= 0; at--) {
      bytes[at] = now % 256;
      now = Math.floor(now / 256);
    }
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  // ---- for Python ----
  return {
    /**
     * Hand over: `listen(kind, json)` is called for everything from now on, and at once for what
     * waits. Kinds: "send" {id, reply, thread, text, address} and "stop".
     */
    connect(listen) {
      listener = listen;
      hand();
      explain();
    },
    /** This send is stored for good; until this call a reload would hand it over again. */
    taken(id) {
      const at = waiting.findIndex((item) => item.id === id);
      if (at >= 0) waiting.splice(at, 1);
      keep();
    },
    /** Put this text into the box, before what is being written there, to be worked on. */
    show(text) {
      const box = element("message");
      const written = box.value;
      box.value = written.trim() === "" ? text : `${text}\n\n${written}`;
      keep();
      box.focus();
      box.setSelectionRange(text.length, text.length);
    },
    setRunning: (running) => (element("stop").hidden = !running),
  };
})();
