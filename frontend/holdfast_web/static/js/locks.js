// What the tabs of one browser share: a lock that one of them holds, and a channel between them.

/** Web Locks exist only in secure contexts: not over plain http on a LAN name. */
export const supported = () => Boolean(navigator.locks);

/**
 * Ask for the lock and wait in line. `held()` when it is ours; `lost()` when another tab took it
 * from us. `steal` takes it at once from whoever holds it. → {release()}, also to leave the line.
 */
export function request(name, steal, held, lost) {
  const asking = new AbortController();
  let letGo = () => asking.abort();
  const options = steal ? { steal: true } : { signal: asking.signal };
  let owned = false;
  let released = false;
  navigator.locks
    .request(name, options, () => {
      if (released) return undefined;
      owned = true;
      held();
      return new Promise((resolve) => (letGo = resolve));
    })
    .catch((error) => {
      if (owned && !released) lost();
      else if (!released) console.error(error);
    });
  return {
    release() {
      released = true;
      letGo();
    },
  };
}

/** A channel to this browser's other tabs: text only, all else is ignored. → {post(text), close()} */
export function channel(name, receive) {
  const open = new BroadcastChannel(name);
  open.addEventListener("message", ({ data }) => {
    if (typeof data === "string") receive(data);
  });
  return { post: (text) => open.postMessage(text), close: () => open.close() };
}
