"""The open thread: its messages as articles, each with a body that body.js draws, and a line."""

from wybthon import For, Show, component, html

from holdfast_web.core.select import status_line
from holdfast_web.views.screen import Screen

ACTIVE = ("queued", "pending", "streaming")


def thread(screen: Screen):
    """Everything in the scrolling column."""

    @component
    def Thread():
        def state():
            return screen.timeline().state

        def turns():
            return screen.timeline().turns

        def has_earlier():
            return screen.timeline().has_earlier

        return html(t"""
          <div>
            {Show(state() == "new", greeting)}
            {Show(state() == "loading", placeholder)}
            {Show(state() == "missing", missing)}
            {Show(has_earlier(), lambda: earlier(screen))}
            {For(turns, lambda turn, index: message(screen, turn), keyed=lambda one: one.id)}
            {Show(state() == "saved", saved_copy)}
          </div>
        """)

    return Thread()


def earlier(screen: Screen):
    """What asks for the page above the oldest message shown."""
    return html(t"""
      <p class="earlier"><button type="button" class="quiet" onclick={screen.actions.earlier}>
        Show earlier messages</button></p>
    """)


def saved_copy():
    return html(t'<p class="saved-copy">Saved copy. Checking for what came since…</p>')


def greeting():
    return html(t"""
      <section class="empty-thread">
        <h2>What would you like to know?</h2>
        <p>Answers hold fast here: switch threads, reload, close the tab or lose the network, and
        they go on. Come back any time and find all of it.</p>
      </section>
    """)


def placeholder():
    return html(t"""
      <div class="placeholder" role="status" aria-label="Loading the thread">
        <i></i><i></i><i></i><i></i>
      </div>
    """)


def missing():
    return html(t"""
      <section class="empty-thread">
        <h2>This thread is not here</h2>
        <p>It was deleted, or the address is wrong. Choose another one, or begin a new thread.</p>
      </section>
    """)


def message(screen: Screen, turn):
    """One message. Its parts are no business of the view's: the body is drawn apart."""

    def form():
        return "plain" if turn().role == "user" else "markdown"

    def line():
        now_ms = screen.now_ms() if turn().status in ACTIVE else 0
        return status_line(turn(), now_ms, screen.sync())

    def who():
        return "Your question" if turn().role == "user" else "Answer"

    return html(t"""
      <article data-message-id={turn().id} data-role={turn().role} data-status={turn().status}
               aria-label={who()}>
        <div class="body" data-body={turn().id} data-format={form()}></div>
        {Show(line() != "", lambda: status(screen, turn, line))}
      </article>
    """)


def status(screen: Screen, turn, line):
    """The line under a message: how it stands, and what can be done about it."""
    return html(t"""
      <p class="status"><span class="reason">{line()}</span>{buttons(screen, turn)}</p>
    """)


def buttons(screen: Screen, turn):
    """What can be done about a message that did not get through, or an answer cut short."""
    actions = screen.actions

    def can_ask_again():
        return turn().role == "assistant" and turn().status in ("failed", "interrupted", "stopped")

    def resend():
        actions.resend(turn().id)

    def edit():
        actions.edit(turn().id)

    def discard():
        actions.discard(turn().id)

    def ask_again():
        actions.ask_again(turn().id)

    def waiting():
        return html(t'<button type="button" onclick={resend}>Try now</button>')

    def refused():
        return html(t"""
          <span>
            <button type="button" onclick={edit}>Edit</button>
            <button type="button" onclick={discard}>Discard</button>
          </span>
        """)

    def again():
        return html(t'<button type="button" onclick={ask_again}>Ask again</button>')

    return html(t"""
      <span class="turn-actions">
        {Show(turn().unsent == "waiting", waiting)}
        {Show(turn().unsent == "refused", refused)}
        {Show(can_ask_again(), again)}
      </span>
    """)
