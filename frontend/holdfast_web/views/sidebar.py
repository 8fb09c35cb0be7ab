"""The list of threads, and what the server says of its model below it."""

from wybthon import For, Show, component, html

from holdfast_web.views.screen import Screen

STATES = {"queued": "waiting", "pending": "starting", "streaming": "answering"}


def sidebar(screen: Screen):
    """The threads: one link each, in the order they were chosen."""

    def row(item, index):
        def current():
            return "page" if item().current else None

        def unread():
            return "true" if item().unread else "false"

        def state():
            return STATES.get(item().run, "") or ("new" if item().unread else "")

        return html(t"""
          <li>
            <a href={f"#/t/{item().id}"} data-thread-id={item().id} data-run={item().run}
               data-unread={unread()} aria-current={current()}>
              <span class="title">{item().title}</span>
              <span class="state">{state()}</span>
              <span class="dot" aria-hidden="true"></span>
            </a>
          </li>
        """)

    def empty():
        return html(t'<li class="empty">Your threads will be listed here.</li>')

    @component
    def Sidebar():
        return html(t"""
          <ul>{For(screen.rows, row, empty, keyed=lambda one: one.id)}</ul>
        """)

    return Sidebar()


def notes(screen: Screen):
    """What a person should know of the model that answers."""

    def is_demo():
        server = screen.server()
        return server is not None and server.is_demo

    def model():
        server = screen.server()
        return f"Model: {server.model}" if server is not None and server.model else ""

    def demo():
        return html(t"""
          <p><strong>Demo model.</strong> No model is configured, so a built-in one answers. Start
          Ollama, or set OPENAI_BASE_URL, and restart Holdfast to talk to a real one.</p>
        """)

    def real():
        return html(t"<p>{model()}</p>")

    @component
    def Notes():
        return html(t"<div>{Show(is_demo(), demo, fallback=real)}</div>")

    return Notes()
