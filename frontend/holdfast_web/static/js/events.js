// The event pump: a streaming GET whose text reaches Python in as few strings as possible.
//
// While the page is visible, what arrived is handed over once per animation frame; while it is
// hidden, in the very task that read it (animation frames stand still there, timers nearly so).
// What the text means is Python's: here it is bytes, decoded. `receive(kind, said)` gets
//
//   ("open", "")          the response is here and is an event stream
//   ("text", text)        what came since the last time
//   ("ended", status)     the last word: the status that was not 200, or "0" for a lost connection
//
// Python decides about reconnecting. After close() nothing more is handed over.

const WAITING_CHARS_MAX = 4_000_000; // read ahead of Python; then reading waits, and TCP with it

let pump = null;

/** Start a connection, which replaces the one before. */
export function open(url, headersJson, receive) {
  close();
  pump = new Pump(receive);
  pump.run(url, JSON.parse(headersJson));
}

/** End it at once and hand over nothing more; doing it twice is harmless. */
export function close() {
  pump?.stop();
  pump = null;
}

class Pump {
  constructor(receive) {
    this.receive = receive;
    this.controller = new AbortController();
    this.waiting = "";
    this.frame = 0;
    this.drained = null; // reading waits for this to be called
    this.onVisibility = () => document.hidden && this.hand();
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  async run(url, headers) {
    const status = await this.stream(url, headers);
    this.hand();
    this.say("ended", String(status));
    this.stop();
  }

  /** Hand over what comes; returns the status that says how it ended. */
  async stream(url, headers) {
    try {
      const signal = this.controller.signal;
      const response = await fetch(url, { headers, signal, cache: "no-store" });
      const type = response.headers.get("content-type") ?? "";
      if (!response.ok || !type.startsWith("text/event-stream")) return response.ok ? 0 : response.status;
      this.say("open", "");
      await this.read(response.body.getReader());
    } catch (error) {
      if (error.name !== "AbortError") console.info(`events: ${error.message}`);
    }
    return 0;
  }

  async read(reader) {
    const decoder = new TextDecoder();
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      this.add(decoder.decode(value, { stream: true }));
      if (this.waiting.length > WAITING_CHARS_MAX) {
        await new Promise((resolve) => (this.drained = resolve));
      }
    }
  }

  add(text) {
    this.waiting += text;
    if (document.hidden) this.hand();
    else if (this.frame === 0) this.frame = requestAnimationFrame(() => this.hand());
  }

  hand() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const text = this.waiting;
    this.waiting = "";
    if (text) this.say("text", text);
    this.drained?.();
    this.drained = null;
  }

  say(kind, said) {
    if (this.controller.signal.aborted) return;
    try {
      this.receive(kind, said);
    } catch (error) {
      console.error(error); // Lost to Python, which sees the gap and resyncs.
    }
  }

  stop() {
    this.controller.abort();
    this.waiting = "";
    cancelAnimationFrame(this.frame);
    document.removeEventListener("visibilitychange", this.onVisibility);
    this.drained?.();
  }
}
