"""What answers: any OpenAI-compatible model over HTTP, or the embedded demo.

`port` is all that the rest of the server may know. A chunk's way: `chat_completions` asks, `door`
gathers what arrives, `normalise` turns it into model events, `tools` run in between. The demo
takes the same way; only its transport is a script instead of a socket. `rehearsal` takes it once
at start-up, so that no question pays for what is loaded at its first use.

Why not pydantic-ai: for 5,000 tokens at 1,000 a second it took 0.6 s of processor time even with
chunks merged at this same door (1.7 s without), where this path takes 0.2 s; it added 65 MB and
1.3 s to the start, and 0.2 s to the first answer (`e2e/bench/model_path.py` measures both). The
door, the bounds and the cleaning were needed either way. Tools of MCP servers join the same table.

Must not know: the journal, runs, parts, accounts, and who is looking.
"""
