// The first script of the page: starts Python at once and tells the person when it cannot.

import { failed } from "./page.js";
import { python } from "./interpreter.js";

async function loadPyScript() {
  const { hooks } = await import("../vendor/pyscript/core.js");
  // Serialising this hook for a worker is the only Function(...) in PyScript. No worker is used.
  hooks.worker.onBeforeRunAsync.clear();
}

const program = document.querySelector('script[type="py"]');
program.addEventListener("py:done", () => {
  if (document.documentElement.dataset.app !== "ready") failed("the program ended early");
});
python.catch(failed);
loadPyScript().catch(failed);
