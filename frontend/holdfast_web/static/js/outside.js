// What leads out of the page: inert until asked (law L24).
//
// The first click shows the address, whole. The second is on a link of its own that says "Open"
// and opens a new tab which knows nothing of this one. Anything but the web and mail stays text.

const LEADS_OUT = /^(?:https?:\/\/|mailto:)/i;

/**
 * Replace every link in `root` by a button, or by its own content where it leads nowhere. A link
 * of class "picture" stands for a picture, and says from which host it would come.
 */
export function inert(root) {
  for (const link of root.querySelectorAll("a")) {
    const url = address(link.getAttribute("href"));
    const picture = link.classList.contains("picture");
    if (url === null) link.replaceWith(...link.childNodes);
    else if (picture) link.replaceWith(button("picture", url, ...link.childNodes, ` · ${host(url)}`));
    else link.replaceWith(button("link", url, ...link.childNodes));
  }
}

/** The absolute address, or null where it is not one that may be opened. */
function address(written) {
  if (written === null || !LEADS_OUT.test(written)) return null;
  try {
    return new URL(written).href;
  } catch {
    return null;
  }
}

function host(url) {
  const { host, pathname } = new URL(url);
  return host || pathname;
}

function button(kind, url, ...content) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = `outside ${kind}`;
  element.setAttribute("aria-expanded", "false");
  element.append(...content);
  element.addEventListener("click", () => toggle(element, url));
  return element;
}

function toggle(element, url) {
  const shown = element.nextElementSibling;
  if (shown?.classList.contains("destination")) {
    shown.remove();
    element.setAttribute("aria-expanded", "false");
    return;
  }
  const destination = document.createElement("span");
  destination.className = "destination";
  const open = document.createElement("a");
  open.href = url;
  open.target = "_blank";
  open.rel = "noopener noreferrer nofollow";
  open.textContent = "Open";
  destination.append(url, open);
  element.after(destination);
  element.setAttribute("aria-expanded", "true");
}
