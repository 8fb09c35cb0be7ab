"""A browser, a server with one streaming answer, and a watch over all that is shown."""

from frontend.tests.protocol.script import Script, Turn
from frontend.tests.shell.server import ScriptServer, pass_time, serve
from frontend.tests.shell.watch import Watch
from frontend.tests.shell.world import Browser, Tab
from holdfast_web.core.persist import restore_marks, restore_window
from holdfast_web.core.select import timeline


class Scene:
    """Thread A, whose answer says "one " and goes on when the test says so."""

    def __init__(self) -> None:
        self.server = ScriptServer()
        self.script: Script = self.server.script
        self.reply: Turn = self.script.send(self.script.create_thread("A"), "hello")
        self.script.start(self.reply)
        self.piece = self.script.start_part(self.reply)
        self.watch = Watch(self._true_text)
        self.browser = Browser(look=self.watch)
        self.say("one ")

    def _true_text(self, message: str, part: str) -> str | None:
        turn = self.script.turns.get(message)
        pieces = turn.pieces if turn is not None else ()
        return next((piece.text for piece in pieces if piece.id == part), None)

    @property
    def thread(self) -> str:
        return self.reply.thread

    def say(self, text: str) -> None:
        self.script.delta(self.reply, self.piece, text)

    def open(self, thread: str | None = None) -> Tab:
        tab = self.browser.open_tab(thread or self.thread)
        self.serve()
        return tab

    def serve(self) -> None:
        serve(self.browser, self.server)

    def wait(self, ms: int) -> None:
        pass_time(self.browser, self.server, ms)

    def shown(self, tab: Tab) -> str:
        """The text of the answer, as the tab shows it."""
        turns = {turn.id: turn for turn in timeline(tab.app).turns}
        parts = turns[self.reply.id].parts if self.reply.id in turns else ()
        return parts[0].text if parts else ""

    def stored(self, thread: str | None = None) -> str:
        """The text of the answer, as a page would read it from the store."""
        records = self.browser.content.records(thread or self.thread)
        mark = restore_marks(records.windows)[self.thread]
        window = restore_window(mark, records.messages, records.segments)
        parts = window.messages[self.reply.id].parts
        return parts[0].text if parts else ""
