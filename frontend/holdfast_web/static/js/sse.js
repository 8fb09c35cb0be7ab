// Framing of an event stream, and nothing else: bytes in any cut → fields of whole frames.

const FRAME_CHARS_MAX = 64 * 1024 * 1024; // a frame that never ends must not fill the memory

export class Frames {
  constructor() {
    this.decoder = new TextDecoder(); // holds back a character that is cut in two; drops a BOM
    this.rest = "";
    this.afterReturn = false;
    this.clear();
  }

  /** The items that are whole with these bytes: {event, id, data}, and {stream: "beat"} once. */
  feed(bytes) {
    const items = [];
    let beat = false;
    for (const line of this.lines(this.decoder.decode(bytes, { stream: true }))) {
      if (line === "") {
        if (this.data.length > 0) items.push({ event: this.event, id: this.id, data: this.data.join("\n") });
        this.clear();
      } else if (line[0] === ":") beat = true;
      else this.field(line);
    }
    if (beat && items.length === 0) items.push({ stream: "beat" });
    return items;
  }

  *lines(text) {
    // A line ends with LF, CR or CR LF, and the CR and LF may come in different chunks.
    if (this.afterReturn && text !== "") {
      if (text[0] === "\n") text = text.slice(1);
      this.afterReturn = false;
    }
    const lines = (this.rest + text).split(/\r\n|\n|\r/);
    this.rest = lines.pop();
    if (this.rest.length > FRAME_CHARS_MAX) throw new Error("a line of the event stream is too long");
    if (text.endsWith("\r")) this.afterReturn = true;
    yield* lines;
  }

  field(line) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "data") {
      this.size += value.length;
      if (this.size > FRAME_CHARS_MAX) throw new Error("a frame of the event stream is too long");
      this.data.push(value);
    } else if (name === "event") this.event = value;
    else if (name === "id" && !value.includes("\0")) this.id = value;
  }

  clear() {
    this.event = "message";
    this.id = "";
    this.data = [];
    this.size = 0;
  }
}
