from holdfast_js import kernel, page
from wybthon import render, set_dev_mode
from wybthon.kernel import BrowserBackend

from holdfast_web.views.hello import Hello


def start():
    set_dev_mode(False)
    BrowserBackend._eval_kernel = staticmethod(lambda: kernel)
    render(Hello(), "#main")
    page.ready()
