// Runs one Python script in Pyodide under node: `node pyodide.mjs <script> [arguments]`.
// `frontend/` is mounted at /frontend and is the working directory; the exit code is the script's.

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadPyodide } from "../node_modules/pyodide/pyodide.mjs";

const frontend = dirname(dirname(fileURLToPath(import.meta.url)));
const [script, ...args] = process.argv.slice(2);

// The compiled standard library starts in a third of the time, once the build has made it.
function compiledStdlib() {
  const cache = join(frontend, ".cache");
  try {
    const made = readdirSync(cache).find((name) => /^stdlib-\w+\.zip$/.test(name));
    return made && join(cache, made);
  } catch {
    return undefined;
  }
}

const python = await loadPyodide({
  indexURL: join(frontend, "node_modules/pyodide"),
  stdLibURL: compiledStdlib(),
  env: { PYTHONHASHSEED: "0", PYTHONPYCACHEPREFIX: "/frontend/.cache/pycache" },
});
python.mountNodeFS("/frontend", frontend);
python.globals.set("_arguments", python.toPy([`/frontend/${script}`, ...args]));
const status = await python.runPythonAsync(`
import os, runpy, sys
os.chdir("/frontend")
sys.argv[:] = _arguments
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
    status = 0
except SystemExit as end:
    status = end.code if isinstance(end.code, int) else int(end.code is not None)
status
`);
process.exit(status);
