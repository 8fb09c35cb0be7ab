"""What answers: any OpenAI-compatible model over HTTP, or the embedded demo.

`port` is all that the rest of the server may know. A chunk's way: `chat_completions` asks, `door`
gathers what arrives, `normalise` turns it into model events, `tools` run in between. The demo
takes the same way; only its transport is a script instead of a socket.

Must not know: the journal, runs, parts, accounts, and who is looking.
"""
