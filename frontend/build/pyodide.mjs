// Runs one Python script in Pyodide under node: `node pyodide.mjs <script> [arguments]`, starting
// from the standard library in $HOLDFAST_STDLIB (compiled: a third of the time) or Pyodide's own.
// `frontend/` is mounted at /frontend and is the working directory; the exit code is the script's.
// A script that needs the event loop defines `async def finish()`, which is awaited at its end.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadPyodide } from "../node_modules/pyodide/pyodide.mjs";

const frontend = dirname(dirname(fileURLToPath(import.meta.url)));
const [script, ...args] = process.argv.slice(2);

const python = await loadPyodide({
  indexURL: join(frontend, "node_modules/pyodide"),
  stdLibURL: process.env.HOLDFAST_STDLIB || undefined,
  env: { PYTHONHASHSEED: "0", PYTHONPYCACHEPREFIX: "/frontend/.cache/pycache" },
});
python.mountNodeFS("/frontend", frontend);
python.globals.set("_arguments", python.toPy([`/frontend/${script}`, ...args]));
const status = await python.runPythonAsync(`
import os, runpy, sys
os.chdir("/frontend")
sys.argv[:] = _arguments
try:
    names = runpy.run_path(sys.argv[0], run_name="__main__")
    status = await names["finish"]() if "finish" in names else 0
except SystemExit as end:
    status = end.code if isinstance(end.code, int) else int(end.code is not None)
status
`);
process.exit(status);
