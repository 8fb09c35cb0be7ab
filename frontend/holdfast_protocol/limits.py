"""Law L12: every bound of Holdfast, in one place, each with what it costs to be there.

Both sides import these; nothing else in the code may invent a limit. Units are last in the name.
"""

# --- text and ids that people and peers send -------------------------------------------------
MESSAGE_CHARS_MAX = 200_000
"""One question. Past it the server answers 413; 200,000 code points are some 50,000 tokens."""

TITLE_CHARS_MAX = 200
"""One line of the sidebar; it travels with every list of threads."""

TITLE_FROM_TEXT_CHARS_MAX = 60
"""A title made of a question's first words."""

INSTRUCTIONS_CHARS_MAX = 20_000
"""What a thread tells its model; sent along with every turn, and with every list of threads."""

MODEL_NAME_CHARS_MAX = 200
"""The provider's name for a model, kept in every message that it wrote."""

ACCOUNT_CHARS_MAX = 64
"""It is in every key of every row."""

CLIENT_CHARS_MAX = 100
"""`X-Holdfast-Client`: two ids and a dot, with room."""

BODY_BYTES_MAX = 1_000_000
"""One request body: a longest message in four-byte characters, plus its frame."""

SEARCH_CHARS_MAX = 200
"""One search. It is matched against every title."""

NUMBER_MAX = 2**53 - 1
"""Sequences, times, offsets, sizes: past it JSON readers and stores no longer agree on digits."""

NESTING_MAX = 20
"""Objects in objects in a field of free form, such as `usage`: a deeper one could end a stack."""

# --- an answer -------------------------------------------------------------------------------
ANSWER_CHARS_MAX = 4_000_000
"""All parts of one answer together. A run that passes it ends as failed: the text is kept."""

PARTS_PER_MESSAGE_MAX = 1_000
"""Each change of one part copies a tuple of this length at most: 8 kB."""

TOOL_RESULT_CHARS_MAX = 100_000
"""A tool's result is cut here, and says so: the journal holds it whole in one entry."""

DELTA_CHARS_MAX = 65_536
"""One `part.delta`. Longer text is split, so that no single entry can stall a reader."""

RUN_MS_MAX = 30 * 60 * 1000
"""One run. A model that never ends is stopped as failed, not left spinning."""

RUNS_PER_ACCOUNT_MAX = 500
"""Runs at once. One more is refused with 429 before anything of it is journalled."""

# --- coalescing ------------------------------------------------------------------------------
WINDOW_MS_MAX = 33
"""Longest that a delta waits for company on the server: two frames of a 60 Hz screen."""

STORE_WINDOW_MS_MAX = 250
"""Furthest that a browser's stored text may lag behind what it shows (L15)."""

# --- reading ---------------------------------------------------------------------------------
ENTRIES_PER_READ_MAX = 1_000
"""Entries in one SSE frame or poll page; costs a reader at most a few hundred kilobytes."""

ENTRY_BYTES_PER_READ_MAX = 300_000
"""The same page by weight; one entry always fits, however heavy (1.2 MB: a longest question in
JSON's escapes). A reader that stopped reading costs this twice: a frame, and what is unsent."""

FRAME_CHARS_MAX = 8_000_000
"""One frame of an event stream. The heaviest are resets, which carry a list of threads with their
instructions; a page of entries is far below. A reader drops a longer one and, by the gap it
leaves, knows that it has to read again."""

THREADS_PER_PAGE_MAX = 200
"""Rows in one list: some 100 kB without instructions. Bootstrap and reset carry half as many."""

MESSAGES_PER_PAGE_MAX = 100
"""Messages in one page of history; the reader asks for the next page while showing this one."""

POLL_WAIT_S_MAX = 25.0
"""Long poll. Below the 30 s at which common proxies give up."""

STREAMS_PER_ACCOUNT_MAX = 10_000
"""Event streams at once. One more is refused with 429. An idle one costs the server some 30 kB and
an open file, so all of them 300 MB; one that stopped reading up to 1 MB."""

SEND_S_MAX = 120.0
"""How long one frame may take to be sent before its stream is closed, which is noticed at the next
beat: a reader must take some 3 kB a second of what is heaviest. It goes on from its cursor."""

BEAT_ACTIVE_S = 5.0
"""Between two comments on an event stream while a run is active: how soon a dead one is known."""

BEAT_IDLE_S = 15.0
"""The same while nothing runs; below the 30 s at which common proxies give up."""

# --- writing ---------------------------------------------------------------------------------
RUN_ATTEMPTS_MAX = 3
"""Attempts at a run by itself, while nothing of its answer was seen: at most two more questions to
a model that refuses, some three seconds later than at first."""

RETRY_RUN_MS = 500
"""Before the second attempt at a run; each further wait is twice as long."""

RETRY_RUN_MS_MAX = 8_000
"""The longest such wait: how long a person may look at an answer that has not begun for nothing."""

STORE_WAIT_MS_MAX = 30_000
"""How long a run holds its model while the store takes no writes: a full disk that is freed in
time costs nothing; after it the run ends as failed, with what it had, once that can be written."""

APPENDS_QUEUED_MAX = 10_000
"""Appends waiting for the writer; one more waits at the door, which slows its run down."""

APPENDS_PER_COMMIT_MAX = 500
"""Appends that share one sync of the disk; more would make the first of them wait for the last."""

STORE_READERS = 4
"""Connections that read the store at once; a read is a millisecond, and more would wait for CPU."""

STORE_BUSY_S_MAX = 5.0
"""How long the store may be held by somebody else (a backup, a shell) before we give up on it."""

STORE_CLOSING_S_MAX = 0.5
"""How long the store may take to write what is queued at the end. Past it the process ends without:
a store that does not answer must not keep it."""

CHECK_S_MAX = 8.0
"""One check of the store; longer than the store may be held, so that its trouble gets its name."""

CHECK_BALLAST_BYTES = BODY_BYTES_MAX
"""What a check writes once a write has failed: as much as the largest request. A disk that has not
room for that is still called full."""

TAKEOVER_WATCH_S = 0.5
"""Between two looks whether another process has started the store: one read of one row each."""

TAKEOVER_KILL_S_MAX = 2.0
"""How long a killed process may take to be gone, and its locks with it."""

SWITCH_INTERVAL_S = 0.001
"""How long a busy thread keeps the interpreter from one that wants it: a commit that is done waits
no longer to be told of. A shorter one would spend more on switching than it gains."""

RETRY_WRITE_MS_MAX = 1_000
"""Longest between two tries of a write that fails: one small append a second for each open run,
and how late a run may notice that its store takes writes again."""

STOPS_REMEMBERED_MS = 10 * 60 * 1000
"""How long the stop of a reply that is not known yet waits for it: one small row each."""

SHUTDOWN_S_MAX = 5.0
"""From SIGTERM to the end of the process; every run is flushed and ended inside it."""

# --- delivery --------------------------------------------------------------------------------
FEED_BYTES_MAX = 1_000_000
"""The newest frames of an account, kept while anybody follows it: a reader that is further behind
reads for itself. Once per account, not per reader."""

BEATS_AT_ONCE_MAX = 100
"""Streams that beat before anything else has its turn: some 2 ms."""

PEER_SILENT_S_MAX = 180.0
"""How long a connection may acknowledge nothing of what was sent, or have no room for more, before
the system ends it. Longer than `SEND_S_MAX`: the system adds up the moments without room of one who
takes slowly but takes, and whoever gets one frame through in that time is not to be cut before."""

FULL_HOUSE_LOG_S = 10.0
"""Between two lines of the log that say that no connection can be taken."""

UNSENT_BYTES_MAX = 131_072
"""What the system holds of a connection beyond what is under way to its peer. Less would cost
speed on long fast lines; more is memory that a reader who stopped would hold."""

# --- the browser -----------------------------------------------------------------------------
WINDOWS_IN_MEMORY_MAX = 30
"""Threads whose messages a tab keeps at hand; the rest is read from IndexedDB in ~20 ms."""

WINDOWS_STORED_MAX = 500
"""Threads kept in IndexedDB, some 100 kB each; the rest is fetched when it is opened."""

PARKED_ENTRIES_MAX = 5_000
"""Entries kept for a thread whose history is on its way; past it the history is asked again."""

FETCH_S_MAX = 20.0
"""Any one request of the page, but for the event stream."""

RECONNECT_MS_MIN = 250
"""The first wait before the event stream is opened again; each further one is longer."""

RECONNECT_MS_MAX = 15_000
"""The longest such wait: how late a page may notice that its server is back."""

RETRY_MS = 3_000
"""How soon a page asks again for what the server did not answer, while the stream stays up."""

DRAFT_CHARS_MAX = MESSAGE_CHARS_MAX
"""What is typed and not sent, per thread: no longer than what could be sent."""
