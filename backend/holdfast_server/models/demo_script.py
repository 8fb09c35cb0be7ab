"""What the demo says. Words only.

Must not know: how they are sent.
"""

import re

REASONING = (
    "The person is trying Holdfast without a model of their own, so I should show what an answer "
    "looks like here: some thinking first, as now, then a tool or two, then a text long enough to "
    "leave and come back to. I will ask the clock what time it is and let the calculator do the "
    "sum, rather than guess either of them. "
)

BEFORE_TOOLS = "Let me look at the clock and do a sum first. "

DEFAULT_SUM = "(12 + 30) * 24"

SUM = re.compile(r"[-+]?[\d.(][\d\s.()]*(?:[-+*/^×÷]\s*[-+]?[\d.()\s]*[\d)]\s*)+")

SUM_CHARS_MAX = 100


def sum_in(question: str) -> str:
    """Return the first arithmetic in the question, or one of the demo's own."""
    found = SUM.search(question[:2_000])
    expression = found.group().strip() if found else ""
    return expression if 0 < len(expression) <= SUM_CHARS_MAX else DEFAULT_SUM


def after_tools(clock: str, expression: str, calculated: str) -> str:
    """Return the long answer, with what the tools returned."""
    return f"""\
## Hello from the built-in demo

No model is configured here, so this text is **written by a script**, not by a model. Everything \
around it is real: the question you sent was stored before this answer began, every word you see \
was written to disk before it was shown, and the two tools above really ran.

- The clock says: {clock}.
- The calculator says: `{expression}` = **{calculated}**.

### What Holdfast is

Holdfast is a chat whose answers hold fast. An answer belongs to the server, not to the page that \
happens to look at it. So it is never lost, blank, repeated or stuck, whatever happens between \
the model and your eyes.

### Try it while this is still streaming

1. **Switch threads.** Press *New thread*, ask something else, then come back here. This answer \
will have gone on without you, and you will find all of it.
2. **Reload the page.** What you had already read is painted at once, and the rest goes on from \
there.
3. **Open a second tab**, or another browser. Both show the same words at the same time.
4. **Kill the server**, as rudely as you like, and start it again. Not one word that you have \
seen will be missing, and this answer will honestly say that it was interrupted.
5. **Press Stop.** It stops for good, here and everywhere, and keeps what was written.

### How it does that

Each thing that happens is one entry in an append-only journal. The server writes the entry \
first and shows it afterwards. Your browser keeps a copy, and remembers how far it has read:

| What happens | What you see |
| --- | --- |
| You switch threads | The text from memory, at once, still growing |
| You reload | The text from your own browser, then the rest |
| The network goes away | All you have read, and a quiet note |
| The network comes back | The answer goes on from the same word |
| The server dies | Every word you saw, marked as interrupted |

There is no special case for any of these. All of them are the same small step:

```python
def go_on(state, journal, cursor):
    for entry in journal.entries(after=cursor):
        state = fold(state, entry)
    return state
```

> The view is a pure function of what is stored. If two tabs disagree, one of them is not \
finished reading.

### Talk to a real model

Start [Ollama](https://ollama.com) on this machine and restart Holdfast: it will be found by \
itself. Or name any OpenAI-compatible server before you start:

```sh
export OPENAI_BASE_URL=http://localhost:8080/v1
export OPENAI_API_KEY=...
holdfast serve
```

Until then there are three of me, to choose from as models: `demo-slow` has time to be \
interrupted, `demo` reads at a comfortable pace, and `demo-fast` sends about a thousand words a \
second, to show that the page does not mind.

That was all. Thank you for reading to the end, or for leaving in the middle and coming back: \
both were the point.
"""
