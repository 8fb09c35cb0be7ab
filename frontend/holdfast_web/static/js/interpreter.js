// The interpreter PyScript is configured with: Pyodide, our own copy, started before being asked.
//
// PyScript imports this module for `loadPyodide`; boot.js imports it first, which starts the work,
// so that Python boots while PyScript is still being parsed. Both get the same one.

import { loadPyodide as load, version } from "../vendor/pyodide/pyodide.js";
import createPyodideModule from "../vendor/pyodide/pyodide.asm.js";
import lockFileContents from "../vendor/pyodide/lock.js";
import * as modules from "./modules.js";

const at = (path) => new URL(path, import.meta.url).href;

const app = fetch(at("../py/app.zip")).then((response) => {
  if (!response.ok) throw new Error(`the app is missing (${response.status})`);
  return response.arrayBuffer();
});

const started = load({
  indexURL: at("../vendor/pyodide/"),
  packageBaseUrl: at("../vendor/pyodide/"),
  stdLibURL: at("../py/stdlib.zip"),
  createPyodideModule,
  lockFileContents,
  env: { PYTHONPATH: "/lib/app.zip" },
  fsInit: async (fs) => fs.writeFile("/lib/app.zip", new Uint8Array(await app)),
});

export const python = started.then((interpreter) => {
  interpreter.registerJsModule("holdfast_js", modules);
  return interpreter;
});

export const loadPyodide = () => python;
export { version };
