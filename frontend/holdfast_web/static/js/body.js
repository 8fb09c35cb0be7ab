// The inside of a message's body element: its parts, in order. Python decides what is there and
// sends operations; this module alone touches the DOM below a body, and holds the big texts.
//
// A body is the element `[data-body="<message id>"]` that a view made. Operations, in one JSON list:
//
//   {op: "parts",  message, parts: [part, …]}              exactly these parts, in this order
//   {op: "part",   message, part}                          a new part at the end, or changed fields
//   {op: "append", message, part: <id>, offset, text}      text (a tool's arguments) at this offset
//
// A part is {id, kind, open, text, started_at, ended_at}, a tool also {name, arguments, result,
// outcome}, a file {name, media_type, size}; what is left out stays as it was. Offsets and
// data-chars count code points. What an append brings twice is left away; one that would leave a
// hole is not applied but answered as {message, part, have}, and the caller sends "parts".
//
// Painting: at once the first time in a frame, then at most once a frame while a part is open.

import { makePart } from "./parts.js";

/** Element → (part id → part). Kept by element: when a view drops one, its parts go with it. */
const bodies = new WeakMap();
const unpainted = new Set();
const paintedInThisFrame = new Set();
let latest = null;
let frame = 0;

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") paintRest();
});

/** Apply a JSON list of operations; returns a JSON list of those that had nowhere to go. */
export function apply(json) {
  const refused = [];
  for (const operation of JSON.parse(json)) {
    const have = applyOne(operation);
    if (have !== null) {
      refused.push({ message: operation.message, part: operation.part?.id ?? operation.part ?? null, have });
    }
  }
  return JSON.stringify(refused);
}

/** One operation. Returns null when done, else how many code points of the part are here. */
function applyOne({ op, message, part, parts, offset, text }) {
  const element = bodyOf(message);
  if (element === null) return -1;
  if (!bodies.has(element)) bodies.set(element, new Map());
  const here = bodies.get(element);
  switch (op) {
    case "parts":
      arrange(element, here, parts);
      return null;
    case "part":
      change(element, here, part);
      return null;
    case "append": {
      const target = here.get(part);
      if (target === undefined) return -1;
      if (offset > target.chars) return target.chars;
      if (target.append(offset, text)) paintSoon(target);
      return null;
    }
    default:
      throw new Error(`body: unknown operation ${op}`);
  }
}

/** The element a view made for this message, or null; the last one asked for is remembered. */
function bodyOf(message) {
  if (latest?.dataset.body !== message || !latest.isConnected) {
    latest = document.querySelector(`[data-body="${CSS.escape(message)}"]`);
  }
  return latest;
}

function arrange(element, here, parts) {
  const wanted = new Set(parts.map(({ id }) => id));
  for (const [id, part] of here) {
    if (wanted.has(id)) continue;
    part.element.remove();
    here.delete(id);
  }
  let before = element.firstElementChild;
  for (const fields of parts) {
    const part = change(element, here, fields);
    if (part.element === before) before = before.nextElementSibling;
    else element.insertBefore(part.element, before);
  }
}

function change(element, here, fields) {
  let part = here.get(fields.id);
  if (part === undefined) {
    part = makePart(element.dataset.format === "plain" && fields.kind === "text" ? "plain" : fields.kind);
    here.set(fields.id, part);
    part.set(fields);
    element.append(part.element);
    paint(part);
  } else if (part.set(fields)) {
    // What has ended is painted whole at once, whatever this frame has seen already.
    if (part.open) paintSoon(part);
    else paint(part);
  }
  return part;
}

function paintSoon(part) {
  if (paintedInThisFrame.has(part)) unpainted.add(part);
  else paint(part);
}

function paint(part) {
  part.paint();
  unpainted.delete(part);
  paintedInThisFrame.add(part);
  if (frame === 0) frame = requestAnimationFrame(paintRest);
}

function paintRest() {
  cancelAnimationFrame(frame);
  frame = 0;
  const rest = [...unpainted];
  paintedInThisFrame.clear();
  for (const part of rest) paint(part);
}
