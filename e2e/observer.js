// Records what stands on the screen and judges nothing; e2e/verdict.py does. Runs before the
// page's own scripts, in every document of every story.
//
// A look is taken at the end of every task that touched the document and at every frame: those
// are the states a frame could paint. (A state inside one task is never painted, so it is none of
// our business.) Only looks that differ from the last one are told to Python, at once, so that a
// reload, a closed tab or a killed browser takes nothing along.
(() => {
  if (window !== window.top) return;
  const born = `${performance.timeOrigin}/${Math.random()}`;
  const tell = (fact) => window.__holdfast_seen?.(JSON.stringify({ document: born, ...fact }));

  // What of a part's source is readable: characters that are not white space.
  const readable = (element) => element.textContent.replace(/\s+/g, "").length;
  const number = (text) => (/^\d+$/.test(text ?? "") ? Number(text) : null);

  function part(element) {
    const { part: kind, partId: id, chars } = element.dataset;
    return { id: id ?? null, kind, chars: number(chars), shown: readable(element) };
  }

  function article(element) {
    const { messageId: id, role, status } = element.dataset;
    const parts = [...element.querySelectorAll("[data-part]")].map(part);
    return { id, role: role ?? null, status: status ?? null, hidden: !element.checkVisibility(), parts };
  }

  // Pieces of an answer that stand in main outside its parts. Long enough not to be a coincidence.
  const PIECE = 16;
  function strays(main) {
    const answers = main.querySelectorAll('article[data-role="assistant"] [data-part="text"]');
    if (!answers.length) return [];
    const walker = document.createTreeWalker(main, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
      node.nodeType === Node.ELEMENT_NODE && node.hasAttribute("data-part")
        ? NodeFilter.FILTER_REJECT
        : NodeFilter.FILTER_ACCEPT,
    );
    let outside = "";
    while (walker.nextNode()) {
      if (walker.currentNode.nodeType === Node.TEXT_NODE) outside += walker.currentNode.data;
    }
    const found = [];
    for (const answer of answers) {
      const text = answer.textContent.trim();
      if (text.length < PIECE) continue;
      for (const piece of [text.slice(0, PIECE), text.slice(-PIECE)]) {
        if (outside.includes(piece)) found.push(piece);
      }
    }
    return found;
  }

  let last = "";
  let queued = false;
  function look() {
    queued = false;
    const html = document.documentElement;
    if (!html) return;
    const main = document.querySelector("main");
    const view = {
      app: html.dataset.app ?? null,
      sync: html.dataset.sync ?? null,
      main: main ? (main.checkVisibility() ? "visible" : "hidden") : "absent",
      thread: main?.dataset.threadId ?? "",
      articles: main ? [...main.querySelectorAll("article[data-message-id]")].map(article) : [],
      strays: main ? strays(main) : [],
    };
    const now = JSON.stringify(view);
    if (now === last) return;
    last = now;
    tell({ view, at: performance.now() });
  }

  const afterThisTask = new MessageChannel();
  afterThisTask.port1.onmessage = look;
  new MutationObserver(() => {
    if (queued) return;
    queued = true;
    afterThisTask.port2.postMessage(null);
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });

  // A style alone can hide a thread without touching the document.
  (function everyFrame() {
    look();
    requestAnimationFrame(everyFrame);
  })();

  addEventListener("pagehide", look);
  addEventListener("securitypolicyviolation", (event) =>
    tell({ csp: `${event.effectiveDirective} refused ${event.blockedURI} in ${event.sourceFile}:${event.lineNumber}` }),
  );
})();
