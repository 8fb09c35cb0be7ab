// Starts Python at once, and tells the person when it cannot start.

import { failed } from "./page.js";

const sidebar = document.getElementById("sidebar");
sidebar.addEventListener("click", (event) => {
  // Whoever chose a thread wants to read it, the one that was open too.
  if (event.target.closest("a")) sidebar.hidePopover();
});

document.getElementById("reload").addEventListener("click", () => location.reload());

const program = document.querySelector('script[type="py"]');
program.addEventListener("py:done", () => {
  // PyScript reports the program's own exception on the console and fires this all the same.
  if (document.documentElement.dataset.app === "booting") failed("The program ended early.");
});

// All three at once. Imported here rather than above, so that a missing file is a message too.
import("./interpreter.js").then(({ python }) => python).catch(failed);
import("../vendor/pyscript/core.js").then(({ hooks }) => {
  // Writing this hook out for a worker is PyScript's only Function(...), which the CSP forbids.
  // No worker is used.
  hooks.worker.onBeforeRunAsync.clear();
}).catch(failed);
