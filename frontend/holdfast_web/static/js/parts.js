// The four kinds of part: what each keeps and how it looks. body.js says when to paint.
//
// Every part is one element with data-part, data-part-id and data-chars, and data-chars is set in
// the same step that paints those characters, so it is never ahead of what is there.

import { blocks, nodes } from "./markdown.js";

const MAKE = { text, reasoning, tool, file, plain };

/** A part of this kind; one this page does not know yet is shown by its name. */
export function makePart(kind) {
  return (MAKE[kind] ?? file)();
}

const make = (tag, className, ...content) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
};

/** Code points of a string. */
function length(text) {
  let count = text.length;
  for (const _ of text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)) count--;
  return count;
}

/** What all parts share: `source` is the text (a tool's arguments) that data-chars counts. */
class Part {
  constructor(element, kind) {
    this.element = element;
    this.element.dataset.part = kind;
    this.source = "";
    this.chars = 0;
    this.fields = {};
  }

  get open() {
    return Boolean(this.fields.open);
  }

  /** Take over changed fields; returns whether anything is different now. */
  set(fields) {
    const source = this.element.dataset.part === "tool" ? fields.arguments : fields.text;
    const before = JSON.stringify(this.fields);
    const { text, arguments: _, ...rest } = fields;
    this.fields = { ...this.fields, ...rest };
    this.element.dataset.partId = this.fields.id;
    let changed = before !== JSON.stringify(this.fields);
    if (source !== undefined && source !== this.source) {
      this.source = source;
      this.chars = length(source);
      changed = true;
    }
    return changed;
  }

  /** Add text at an offset that is not ahead; returns whether any of it was new. */
  append(offset, text) {
    const known = this.chars - offset;
    const fresh = known === 0 ? text : [...text].slice(known).join("");
    if (fresh === "") return false;
    this.source += fresh;
    this.chars += length(fresh);
    return true;
  }

  paint() {
    this.show();
    this.element.dataset.chars = String(this.chars);
  }

  /** "0.4 s" between start and end, once both are known. */
  get duration() {
    const { started_at: from, ended_at: to } = this.fields;
    if (from == null || to == null) return "";
    const seconds = Math.max(0, to - from) / 1000;
    if (seconds < 10) return `${seconds.toFixed(1)} s`;
    if (seconds < 90) return `${Math.round(seconds)} s`;
    return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  }
}

/** Paints markdown block by block: blocks that did not change keep their very nodes. */
class Prose {
  constructor(element) {
    this.element = element;
    this.painted = [];
  }

  show(source) {
    const wanted = blocks(source);
    let same = 0;
    while (same < wanted.length && same < this.painted.length && equal(wanted[same], this.painted[same])) same++;
    const stale = this.painted.splice(same).flatMap((block) => block.nodes);
    for (const block of wanted.slice(same)) {
      this.painted.push({ raw: block.raw, type: block.type, shared: block.shared, nodes: nodes(block) });
    }
    // In one step, so that nothing is ever blank in between.
    this.element.append(...this.painted.slice(same).flatMap((block) => block.nodes));
    for (const node of stale) node.remove();
  }
}

const equal = (a, b) => a.raw === b.raw && a.type === b.type && a.shared === b.shared;

function text() {
  const part = new Part(make("div", "prose"), "text");
  const prose = new Prose(part.element);
  part.show = () => prose.show(part.source);
  return part;
}

/** The person's own words: shown as they were written. */
function plain() {
  const part = new Part(make("div", "plain"), "text");
  part.show = () => (part.element.textContent = part.source);
  return part;
}

function reasoning() {
  const summary = make("summary", "");
  const inside = make("div", "prose");
  const part = new Part(make("details", "", summary, inside), "reasoning");
  const prose = new Prose(inside);
  let folded = true;
  part.show = () => {
    summary.textContent = part.open ? "Thinking…" : ["Thought", part.duration].filter(Boolean).join(" for ");
    prose.show(part.source);
    // Unfolded while it is written, folded once when done; in between it is the reader's.
    if (part.open && folded) part.element.open = true;
    if (!part.open && !folded) part.element.open = false;
    folded = !part.open;
  };
  return part;
}

const OUTCOMES = { ok: "done", error: "failed", unknown: "outcome unknown" };

function tool() {
  const [name, outcome] = [make("span", "name"), make("span", "outcome")];
  const [given, returned] = [make("pre", ""), make("pre", "")];
  const result = [make("dt", "", "Result"), make("dd", "", returned)];
  const list = make("dl", "", make("dt", "", "Arguments"), make("dd", "", given), ...result);
  const part = new Part(make("details", "tool", make("summary", "", name, " ", outcome), list), "tool");
  part.show = () => {
    const { fields } = part;
    name.textContent = fields.name ?? "tool";
    const state = part.open ? "running…" : (OUTCOMES[fields.outcome] ?? OUTCOMES.unknown);
    outcome.textContent = [state, part.duration].filter(Boolean).join(" · ");
    part.element.dataset.outcome = part.open ? "" : (fields.outcome ?? "unknown");
    given.textContent = part.source;
    const hasReturned = fields.result !== undefined && fields.result !== null;
    returned.textContent = hasReturned ? shown(fields.result) : "";
    for (const element of result) element.hidden = !hasReturned;
  };
  return part;
}

const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2) ?? "");

function file() {
  const [name, about] = [make("span", "name"), make("span", "about")];
  const part = new Part(make("div", "file", name, about), "file");
  part.show = () => {
    const { name: label, media_type: type, size, kind } = part.fields;
    name.textContent = label ?? kind ?? "file";
    about.textContent = [type, size && `${Math.ceil(size / 1024)} KB`].filter(Boolean).join(", ");
  };
  return part;
}
