// Markdown from a model → nodes that can do no harm (law L24).
//
// Three walls: raw HTML is shown as text; DOMPurify lets through only the tags and attributes
// below; links and pictures become buttons that say where they lead (see outside.js), so nothing
// is fetched and nowhere is gone without a second, explicit click. The CSP stands behind these.

import { Lexer, Marked } from "../vendor/marked.js";
import DOMPurify from "../vendor/purify.js";
import { inert } from "./outside.js";

// One of our own, set up once: reading the configuration again for every block costs a fifth.
const purify = DOMPurify(window);
purify.setConfig({
  ALLOWED_TAGS: [
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
    "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
  ],
  ALLOWED_ATTR: ["align", "class", "href", "start"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
});

// Nesting that no person writes, and that costs a parser more than it shows.
const DEEP = /^[ \t]*(?:>[ \t]?){24}|^[ \t]{80}[-*+\d]/m;
const CHARS_MAX = 400_000;
// Finding which of n emphasis marks belong together costs n²: 2,000 in one paragraph take 60 ms.
const MARKS_MAX = 2000;

const escaped = (text) =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);

let linksAround = 0;

const marked = new Marked({
  gfm: true,
  renderer: {
    link({ href, tokens }) {
      linksAround++;
      try {
        return `<a href="${escaped(href)}">${this.parser.parseInline(tokens)}</a>`;
      } finally {
        linksAround--;
      }
    },
    // Never an <img>: that would fetch. Inside a link only its words are left.
    image({ href, text }) {
      const words = escaped(text.trim() || "Picture");
      return linksAround ? words : `<a class="picture" href="${escaped(href)}">${words}</a>`;
    },
    html: ({ text }) => (/^<br\s*\/?>$/i.test(text.trim()) ? "<br>" : escaped(text)),
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

/** Split a text into its top-level blocks. Blocks before the last are settled as text grows. */
export function blocks(text) {
  if (text.length > CHARS_MAX || DEEP.test(text)) return [{ type: "plain", raw: text }];
  try {
    const tokens = lex(text);
    const shared = JSON.stringify(tokens.links);
    return tokens
      .filter((token) => token.type !== "space")
      .map(({ type, raw, ...token }) =>
        // Where a link leads is text too: an answer of nothing else would be blank.
        type === "def" ? { type: "plain", raw } : { type, raw, token: { type, raw, ...token }, shared },
      );
  } catch (error) {
    return unrendered(text, error);
  }
}

function lex(text) {
  const lexer = new Lexer(marked.defaults);
  lexer.blockTokens(text.replace(/\r\n?/g, "\n"), lexer.tokens);
  for (const { src, tokens } of lexer.inlineQueue) {
    if ((src.match(/[*_~]/g)?.length ?? 0) <= MARKS_MAX) lexer.inlineTokens(src, tokens);
    else tokens.push({ type: "text", raw: src, text: src, escaped: false });
  }
  return lexer.tokens;
}

/** Nodes for one block. What cannot be rendered is shown as it was written. */
export function nodes(block) {
  if (block.type === "plain") return [plain(block.raw)];
  try {
    const fragment = purify.sanitize(marked.parser([block.token]));
    inert(fragment);
    for (const table of fragment.querySelectorAll("table")) wrap(table);
    return [...fragment.childNodes].filter((node) => node.nodeType === 1 || node.data.trim());
  } catch (error) {
    return [plain(unrendered(block.raw, error)[0].raw)];
  }
}

function unrendered(raw, error) {
  console.warn("markdown: shown as plain text", error);
  return [{ type: "plain", raw }];
}

function plain(text) {
  const element = document.createElement("pre");
  element.textContent = text;
  return element;
}

/** A wide table scrolls by itself and not the page. */
function wrap(table) {
  const frame = document.createElement("div");
  frame.className = "table";
  frame.tabIndex = 0;
  table.replaceWith(frame);
  frame.append(table);
}
