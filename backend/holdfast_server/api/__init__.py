"""The HTTP contract, version 1: requests become commands, receipts become answers.

    errors      every refusal and mishap as one shape
    guard       who may ask at all: Host, Origin, size
    bodies      what a request may say
    answers     bytes out
    reading     the one way to read the journal, for streams and polls
    feed        an account's newest entries, read and encoded once for all who follow (L11)
    follower    one reader's place, and what comes next for it
    events, poll, threads, messages, presence, health, metrics, bootstrap     the calls

Handlers have no rules of their own: what may be done is decided in the journal, what is done
about runs in `runs`. Must not know: the engine of the journal, and what answers.
"""
