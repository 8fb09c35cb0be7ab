"""Above the thread: its title, and a banner for what the whole page should say."""

from wybthon import Show, component, create_effect, create_signal, html

from holdfast_web.views.screen import Screen

BANNERS = {
    "offline": "No connection. What you read before is here; what you send goes out later.",
    "polling": "The connection is slow: answers arrive in steps.",
}


def heading(screen: Screen):
    """The open thread's title, and what can be done with it as a whole."""
    asked, set_asked = create_signal("")

    def thread():
        return screen.timeline().thread

    def delete():
        if asked() == thread():
            screen.actions.delete(thread())
            set_asked("")
        else:
            set_asked(thread())

    def keep():
        set_asked("")

    def can_delete():
        return screen.timeline().state in ("fresh", "saved")

    def label():
        return "Delete for good" if asked() == thread() else "Delete"

    def is_asked():
        return asked() == thread()

    def asked_of():
        return "true" if is_asked() else "false"

    def take_back():
        return html(t'<button type="button" class="quiet" onclick={keep}>Keep</button>')

    def thread_actions():
        return html(t"""
          <span class="thread-actions">
            <button type="button" class="quiet" data-asked={asked_of()} onclick={delete}>
              {label()}</button>
            {Show(is_asked(), take_back)}
          </span>
        """)

    @component
    def Heading():
        create_effect(thread, lambda now, before: set_asked(""))
        return html(t"""
          <div class="heading">
            <h1>{screen.timeline().title}</h1>
            {Show(can_delete(), thread_actions)}
          </div>
        """)

    return Heading()


def banner(screen: Screen):
    """One line for what concerns the whole page, and nothing while all is well."""

    def text():
        return screen.notice() or BANNERS.get(screen.sync(), "")

    def dismiss():
        return html(t"""
          <button type="button" class="quiet" onclick={screen.actions.dismiss}>Dismiss</button>
        """)

    def line():
        return html(t"<p>{text()} {Show(screen.notice() != '', dismiss)}</p>")

    @component
    def Banner():
        return html(t"<div>{Show(text() != '', line)}</div>")

    return Banner()


def announcer(screen: Screen):
    """The sentence that only a screen reader gets."""

    @component
    def Announcer():
        return html(t"<p>{screen.spoken()}</p>")

    return Announcer()
