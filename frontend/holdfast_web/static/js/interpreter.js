// The interpreter that PyScript is configured with: Pyodide, our own copy, started unasked.
//
// PyScript imports this module for `loadPyodide`; boot.js imports it first, which starts the work,
// so that Python boots while PyScript is still being parsed. Both get the same Python.

import { loadPyodide as load, version } from "../vendor/pyodide/pyodide.js";
import createModule from "../vendor/pyodide/pyodide.asm.js";
import lockFileContents from "../vendor/pyodide/lock.js";
import * as modules from "./modules.js";

const at = (path) => new URL(path, import.meta.url).href;
const app = bytes(at("../py/app.zip"));

export const python = start();
export const loadPyodide = () => python;
export { version };

async function start() {
  const broken = Promise.withResolvers();
  const interpreter = await load({
    indexURL: at("../vendor/pyodide/"),
    packageBaseUrl: at("../vendor/pyodide/"),
    stdLibURL: at("../py/stdlib.zip"),
    lockFileContents,
    createPyodideModule: (settings) => {
      failOnBadWasm(broken.reject);
      return Promise.race([createModule(settings), broken.promise]);
    },
    env: { PYTHONPATH: "/lib/app.zip" },
    fsInit: async (files) => {
      try {
        files.writeFile("/lib/app.zip", await app);
      } catch (error) {
        broken.reject(error);
      }
    },
  });
  interpreter.registerJsModule("holdfast_js", modules);
  performance.mark("holdfast:python");
  return interpreter;
}

// Pyodide only warns when its wasm cannot be had, and then never settles. So report it, and take
// wasm that a web server sends with an unfitting content type.
function failOnBadWasm(report) {
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = async (source, imports) => {
    WebAssembly.instantiateStreaming = instantiateStreaming;
    try {
      const response = await source;
      if (!response.ok) throw new Error(`${response.url} gave ${response.status}`);
      if (response.headers.get("content-type")?.startsWith("application/wasm")) {
        return await instantiateStreaming(response, imports);
      }
      return await WebAssembly.instantiate(await response.arrayBuffer(), imports);
    } catch (error) {
      report(error);
      throw error;
    }
  };
}

async function bytes(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} gave ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
