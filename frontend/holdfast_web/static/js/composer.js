// The composer, from the first paint on: what is typed and sent is kept in this browser, a draft for
// each thread, over a reload, a crash and a closed tab, and sends are handed over once Python connects.
// A tab that opens meanwhile hands over the same send again: its ids make that the same send.
//
// Not a module: it runs in the head, before there is anything to type in, so that no key is missed.
// It knows nothing of threads or of the server: a send is a text, the address it was sent from, and
// ids for the question, its reply and the thread it may begin. They are made here, at the press, so
// that handing over twice is sending once.

"use strict";

globalThis.holdfastComposer = (() => {
  const SEND = "holdfast.send "; // one record for each send, so that tabs do not overwrite another's
  const DRAFT = "holdfast.draft "; // one for each address that something is written at

  /** Sends that Python has not taken over yet, oldest first: {id, reply, thread, text, address}. */
  const waiting = [];
  const handed = new Set();
  const begun = new Set(); // addresses of the threads that the sends here may begin
  let listener = null;
  let anew = false; // New thread was pressed, and nothing sent since
  let here = address(); // where the draft in the box belongs

  const element = (id) => document.getElementById(id);
  // A finger that pressed a button wants to see the page, not the keyboard.
  const focus = () => matchMedia("(pointer: coarse)").matches || element("message").focus();

  document.addEventListener("DOMContentLoaded", () => {
    waiting.unshift(...recallSends());
    for (const { thread } of waiting) begun.add(`#/t/${thread}`);
    if (element("message").value === "") element("message").value = recallDraft();
    explain();
    focus();
  });

  addEventListener("hashchange", () => {
    const before = here;
    here = address();
    if (here === before) return;
    // The new thread that was just begun is the place where the person goes on writing.
    const goesOn = before === "#/" && begun.has(here);
    if (goesOn) forget(DRAFT + before);
    else element("message").value = recallDraft();
    if (goesOn) keepDraft();
  });

  document.addEventListener("input", (event) => {
    if (event.target.id === "message") keepDraft();
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
    const [id, reply] = [uuid7(), uuid7()];
    // What is sent from one place before Python could move on from there belongs together.
    const alone = listener !== null || anew;
    const before = alone ? undefined : waiting.findLast((item) => item.address === here);
    anew = false;
    const item = { id, reply, thread: before?.thread ?? uuid7(), text, address: here };
    begun.add(`#/t/${item.thread}`);
    waiting.push(item);
    keep(SEND + id, JSON.stringify(item));
    keepDraft();
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

  function address() {
    return location.hash || "#/";
  }

  function keepDraft() {
    const text = element("message").value;
    if (text === "") forget(DRAFT + here);
    else keep(DRAFT + here, text);
  }

  const recallDraft = () => recall(DRAFT + here) ?? "";

  /** Sends that no tab has been rid of yet, oldest first: an id begins with its time. */
  function recallSends() {
    const names = recallNames().filter((name) => name.startsWith(SEND));
    return names.sort().map((name) => parsed(recall(name))).filter(isSend);
  }

  function parsed(json) {
    try {
      return JSON.parse(json);
    } catch {
      return null;
    }
  }

  // Storage may be full or forbidden: what is written then lives as long as the page.
  function keep(name, text) {
    try {
      localStorage.setItem(name, text);
    } catch {
      console.info("composer: this browser keeps nothing");
    }
  }

  function recall(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  }

  function recallNames() {
    try {
      return Object.keys(localStorage);
    } catch {
      return [];
    }
  }

  function forget(name) {
    try {
      localStorage.removeItem(name);
    } catch {
      // It was never there.
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
    /** The journal has this send, or the person discarded it; until then it is handed over again. */
    taken(id) {
      const at = waiting.findIndex((item) => item.id === id);
      if (at >= 0) waiting.splice(at, 1);
      forget(SEND + id);
    },
    /** Put this text into the box, before what is being written there, to be worked on. */
    show(text) {
      const box = element("message");
      const written = box.value;
      box.value = written.trim() === "" ? text : `${text}\n\n${written}`;
      keepDraft();
      box.focus();
      box.setSelectionRange(text.length, text.length);
    },
    setRunning: (running) => (element("stop").hidden = !running),
  };
})();
