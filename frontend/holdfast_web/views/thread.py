"""The open thread: its messages as articles, each with a body that body.js draws, and a line."""

from wybthon import For, Show, component, html

from holdfast_web.core.select import status_line
from holdfast_web.views.screen import Screen

ACTIVE = ("queued", "pending", "streaming")
FORMS = {"user": ("plain", "Your question"), "assistant": ("markdown", "Answer")}
"""By role: how a body is drawn, and what a screen reader calls the message."""


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
    """One message. Its parts are no business of the view's: the body is drawn apart.

    What a message is never changes, and is read once: every value that is watched costs time when
    a long thread is opened and left.
    """
    own = turn()
    form, who = FORMS[own.role]

    def line():
        now_ms = screen.now_ms() if turn().status in ACTIVE else 0
        return status_line(turn(), now_ms, screen.sync())

    return html(t"""
      <article data-message-id={own.id} data-role={own.role} data-status={turn().status}
               aria-label={who}>
        <div class="body" data-body={own.id} data-format={form}></div>
        {Show(line() != "", lambda: status(screen, turn, line))}
      </article>
    """)


def status(screen: Screen, turn, line):
    """The line under a message: how it stands, and what can be done about it."""
    actions, message = screen.actions, turn().id

    def resend():
        actions.resend(message)

    def edit():
        actions.edit(message)

    def discard():
        actions.discard(message)

    def ask_again():
        actions.ask_again(message)

    def answer_now():
        actions.answer_now(message)

    def skip():
        actions.skip(message)

    def go_on():
        return html(t'<button type="button" onclick={answer_now}>Answer now</button>')

    def buttons(offer):
        match offer:
            case "waiting":
                return html(t"""
                  <span>
                    <button type="button" onclick={resend}>Try now</button>
                    <button type="button" onclick={discard}>Discard</button>
                  </span>
                """)
            case "refused":
                return html(t"""
                  <span>
                    <button type="button" onclick={edit}>Edit</button>
                    <button type="button" onclick={discard}>Discard</button>
                  </span>
                """)
            case "queued":
                return html(t"""
                  <span>
                    {Show(turn().waits == "person", go_on)}
                    <button type="button" aria-label="Skip this question"
                            onclick={skip}>Skip</button>
                  </span>
                """)
            case "cut short":
                return html(t'<button type="button" onclick={ask_again}>Ask again</button>')

    return html(t"""
      <p class="status"><span class="reason">{line()}</span>
        <span class="turn-actions">{Show(offer_of(turn()), buttons, keyed=True)}</span></p>
    """)


def offer_of(turn) -> str:
    """Return why something can be done about a message; "" if nothing can."""
    if turn.unsent in ("waiting", "refused"):
        return turn.unsent
    if turn.status == "queued" and not turn.unsent:
        return "queued"
    if turn.role == "assistant" and turn.status in ("failed", "interrupted", "stopped"):
        return "cut short"
    return ""
