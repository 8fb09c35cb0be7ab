// The event pump: a streaming GET whose frames reach Python as few JSON strings as possible.
//
// While the page is visible, what arrived is handed over once per animation frame; while it is
// hidden, in the very task that read it (animation frames stand still there, timers nearly so).
// Payloads are passed on unparsed. Each batch is a JSON list, in order of arrival, of
//
//   {event, id, data}                        an SSE frame; id is "" where the frame had none
//   {stream: "open", status}                 the response is here and is an event stream
//   {stream: "refused", status, text}        it is not: an error, or something in between
//   {stream: "beat"}                         a comment came: the connection lives
//   {stream: "closed"} {stream: "failed", text}   the last item; "failed" also where it never began
//
// Python decides about reconnecting. After abort() nothing more is handed over.

import { Frames } from "./sse.js";

const BATCH_MAX = 1000; // items handed over at a time: some 5 ms of Python
const WAITING_MAX = 8000; // items read ahead of Python; then reading waits, and TCP with it
const REFUSAL_CHARS_MAX = 4000;

const pumps = new Map();

/** Start pump `generation`, which replaces every other. `receive(generation, json)` gets batches. */
export function open(generation, url, headersJson, receive) {
  for (const other of [...pumps.keys()]) abort(other);
  const pump = new Pump(generation, receive);
  pumps.set(generation, pump);
  pump.run(url, JSON.parse(headersJson));
}

/** Close it at once and hand over nothing more; doing it twice is harmless. */
export function abort(generation) {
  pumps.get(generation)?.stop();
  pumps.delete(generation);
}

class Pump {
  constructor(generation, receive) {
    this.generation = generation;
    this.receive = receive;
    this.controller = new AbortController();
    this.waiting = [];
    this.frame = 0;
    this.drained = null; // reading waits for this to be called
    this.ended = false;
    this.onVisibility = () => document.hidden && this.hand(Infinity);
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  async run(url, headers) {
    const last = await this.stream(url, headers);
    this.ended = true;
    this.add([last]);
  }

  /** Hand over what comes; returns the item that says how it ended. */
  async stream(url, headers) {
    try {
      const signal = this.controller.signal;
      const response = await fetch(url, { headers, signal, cache: "no-store" });
      if (!response.ok || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
        const text = (await response.text()).slice(0, REFUSAL_CHARS_MAX);
        return { stream: "refused", status: response.status, text };
      }
      this.add([{ stream: "open", status: response.status }]);
      await this.read(response.body.getReader());
      return { stream: "closed" };
    } catch (error) {
      return { stream: "failed", text: String(error?.message ?? error) };
    }
  }

  async read(reader) {
    const frames = new Frames();
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      this.add(frames.feed(value));
      if (this.waiting.length > WAITING_MAX) await new Promise((resolve) => (this.drained = resolve));
    }
  }

  add(items) {
    if (this.controller.signal.aborted || items.length === 0) return;
    this.waiting.push(...items);
    if (document.hidden) this.hand(Infinity);
    else if (this.frame === 0) this.frame = requestAnimationFrame(() => this.hand(BATCH_MAX));
  }

  /** Give Python up to `limit` items now, and the rest, if any, with the next frame. */
  hand(limit) {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    while (this.waiting.length > 0 && limit > 0) {
      const batch = this.waiting.splice(0, BATCH_MAX);
      limit -= batch.length;
      try {
        this.receive(this.generation, JSON.stringify(batch));
      } catch (error) {
        console.error(error); // The batch is lost to Python, which sees the gap and resyncs.
      }
    }
    if (this.waiting.length > 0) this.frame = requestAnimationFrame(() => this.hand(BATCH_MAX));
    else this.rest();
  }

  /** Python has everything: read on, or, after the last item, be gone. */
  rest() {
    this.drained?.();
    this.drained = null;
    if (this.ended) abort(this.generation);
  }

  stop() {
    this.controller.abort();
    this.waiting.length = 0;
    cancelAnimationFrame(this.frame);
    document.removeEventListener("visibilitychange", this.onVisibility);
    this.drained?.();
  }
}
