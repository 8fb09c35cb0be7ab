// Clocks inside the page, for the scripts that measure. Put there before the page's own scripts.
// All times are milliseconds since the navigation began, unless they are called wall: then since
// 1970, on the machine's clock, which the provider's stamps are on too.
(() => {
  const marks = (window.__marks = {});
  const once = (name) => (marks[name] ??= performance.now());
  const composer = () => document.querySelector('textarea[aria-label="Message"]');

  // A frame that has been painted: after its callbacks come style, layout and paint, then a task.
  const painted = () =>
    new Promise((done) =>
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => done(performance.now());
        port2.postMessage(null);
      }),
    );

  addEventListener("input", () => once("typed"), { capture: true });

  // Ready is when a click was handled by the app, not when the app says that it could.
  function watchStart() {
    const html = document.documentElement;
    if (!html) return;
    if (composer() && !marks.composer) {
      once("composer");
      composer().focus();
    }
    if (html.dataset.app !== "ready") return;
    once("ready");
    const link = document.querySelector("nav a[data-thread-id]:not([aria-current])");
    if (!link) return;
    starting.disconnect();
    const wanted = link.dataset.threadId;
    const main = document.querySelector("main");
    const arrived = new MutationObserver(() => {
      if (main.dataset.threadId !== wanted) return;
      arrived.disconnect();
      once("clicked");
      painted().then((at) => (marks.clickPainted = at));
    });
    arrived.observe(main, { attributes: true });
    link.click();
  }
  const starting = new MutationObserver(watchStart);
  if (window.__clickWhenReady) {
    starting.observe(document, { subtree: true, childList: true, attributes: true });
  }

  const reply = (id) => document.querySelector(`main article[data-message-id="${id}"]`);
  const chars = (id) =>
    [...(reply(id)?.querySelectorAll("[data-part]") ?? [])].reduce((sum, part) => sum + Number(part.dataset.chars), 0);

  // Click a thread's link; tell when all of `message` that was known had been painted, and when
  // it was first seen to grow after that.
  window.__switchTo = async (thread, message, known, grows) => {
    const main = document.querySelector("main");
    const there = () => main.dataset.threadId === thread && chars(message) >= known;
    const began = performance.now();
    document.querySelector(`nav a[data-thread-id="${thread}"]`).click();
    while (!there()) await painted();
    const shown = (await painted()) - began;
    if (!grows) return { shown };
    const had = chars(message);
    while (chars(message) === had) await painted();
    return { shown, live: (await painted()) - began };
  };
  window.__chars = chars;

  // Some tokens carry a stamp, `t20@ab12cd34 `: see stamped.py. `seen` gets, for each of those, how
  // long after it was written the frame that shows it had been painted.
  const SINCE_MS = 1_700_000_000_000;
  window.__watchTokens = (selector) => {
    const log = (window.__tokens = { seen: [], frames: [], longTasks: [] });
    let next = 0;
    let last = performance.now();
    new PerformanceObserver((list) => {
      for (const task of list.getEntries()) log.longTasks.push(task.duration);
    }).observe({ type: "longtask" });
    (async () => {
      for (;;) {
        const at = await painted();
        log.frames.push(at - last);
        last = at;
        const text = document.querySelector(selector)?.textContent ?? "";
        const wall = performance.timeOrigin + at;
        const fresh = /t(\d+)@([0-9a-z]+)\s/g;
        fresh.lastIndex = next;
        for (let token; (token = fresh.exec(text)); next = fresh.lastIndex - 1) {
          log.seen.push([Number(token[1]), wall - SINCE_MS - parseInt(token[2], 36) / 10]);
        }
      }
    })();
  };
})();
