"""Gives wybthon its DOM kernel as a module of the page.

wybthon keeps its kernel, one JavaScript expression, in `wybthon/_kernel.js`, and evaluates it with
`run_js` when the first view is rendered; a page without 'unsafe-eval' forbids that. The seam is
`BrowserBackend.__init__`, which takes the kernel from the static method `_eval_kernel` and asks
nothing else of it. The build writes the same expression, untouched, behind an `export default`
(vendor/wybthon-kernel.js), and `install` puts that module in the method's place. A new wybthon
that renames the method would go on evaluating and fail at the first render, so `install` refuses.
"""

import wybthon
from holdfast_js import kernel
from wybthon.kernel import BrowserBackend


def install() -> None:
    """Make wybthon ready to render under the page's policy; call it before the first render."""
    if not hasattr(BrowserBackend, "_eval_kernel"):
        raise RuntimeError(f"wybthon {wybthon.__version__} has no _eval_kernel to replace")
    BrowserBackend._eval_kernel = staticmethod(lambda: kernel)
    # Its development checks cost time on every call and its warnings are for whoever writes views.
    wybthon.set_dev_mode(False)
    # Templates were compiled by the build: no import needs its hook any more.
    wybthon._hook.uninstall()
