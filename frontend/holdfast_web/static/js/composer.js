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
  let touched = false;

  const element = (id) => document.getElementById(id);

  document.addEventListener("DOMContentLoaded", () => {
    const kept = recall();
    waiting.unshift(...kept.waiting);
    if (element("message").value === "") element("message").value = kept.draft;
    else touched = true;
    if (kept.draft !== "") touched = true;
    explain();
  });

  document.addEventListener("input", (event) => {
    if (event.target.id !== "message") return;
    touched = true;
    keep();
    listener?.("draft", JSON.stringify(event.target.value));
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
      location.hash = "#/";
      element("sidebar").hidePopover();
      listener?.("new", "null");
    }
    element("message").focus();
  });

  function send() {
    const text = element("message").value;
    if (text.trim() === "") return;
    element("message").value = "";
    const [id, reply] = [uuid7(), uuid7()];
    // What is sent from one place before Python could move on from there belongs together.
    const before = listener ? undefined : waiting.find((item) => item.address === location.hash);
    const thread = before?.thread ?? uuid7();
    waiting.push({ id, reply, thread, text, address: location.hash });
    keep();
    explain();
    hand();
  }

  function hand() {
    if (!listener) return;
    for (const item of [...waiting]) {
      if (handed.has(item.id)) continue;
      handed.add(item.id);
      listener("send", JSON.stringify(item));
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
      return { draft: String(draft), waiting: [...waiting] };
    } catch {
      return { draft: "", waiting: [] };
    }
  }

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

  /** Show the draft of another thread. */
  function show(text) {
    const box = element("message");
    if (box.value !== text) box.value = text;
    touched = false;
    keep();
  }

  // ---- for Python ----
  return {
    /**
     * Hand over: `listen(kind, json)` is called for everything from now on, and at once for what
     * waits. Kinds: "send" {id, reply, thread, text, address}, "draft" (the text), "stop", "new".
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
    draft: () => element("message").value,
    show,
    /** Show a stored draft, unless the person has typed something since the page was loaded. */
    restore: (text) => touched || show(text),
    setRunning: (running) => (element("stop").hidden = !running),
    focus: () => element("message").focus(),
  };
})();
