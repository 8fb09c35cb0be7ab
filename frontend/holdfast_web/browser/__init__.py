"""The only code that knows it runs in a browser: adapters between the ports and JavaScript.

Each is a thin class over one module of static/js, which `holdfast_js` names. JSON strings cross the
bridge; no JsProxy leaves this package. Nothing is decided here. Not imported by tests in CPython.
"""
