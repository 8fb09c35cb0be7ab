"""The parts of the delivery scripts that parse: one that counts wrongly fails nowhere else."""

import socket
import threading

from e2e.bench.slow_reader import Client, _unchunked
from e2e.bench.sockets import Readers
from e2e.bench.wire import ENTRY, ONE_ENTRY, STAMP

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
CAUGHT_UP = b'event: caught-up\ndata: {"now":1}\n\n'


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


def entry(seq: int, text: str = "00000000000000000007xyz") -> bytes:
    return f'{{"seq":{seq},"at":1,"type":"part.delta","text":"{text}"}}'.encode()


def frame(*seqs: int) -> bytes:
    entries = b",".join(entry(seq) for seq in seqs)
    return b"event: journal\nid: j.local.%d\ndata: [%b]\n\n" % (seqs[-1], entries)


class Server:
    """Answers each connection with the next of these scripts, and notes what was asked.

    An event in a script is waited for. It closes each but the last, which stays open until `close`.
    """

    def __init__(self, *scripts: list[bytes | threading.Event]) -> None:
        self.asked: list[bytes] = []
        self._connection: socket.socket | None = None
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(scripts,), daemon=True)
        self._thread.start()

    def _serve(self, scripts: tuple[list[bytes | threading.Event], ...]) -> None:
        for script in scripts:
            if self._connection is not None:
                self._connection.close()
            self._connection, _ = self._listening.accept()
            self.asked.append(self._connection.recv(65_536))
            for piece in script:
                if isinstance(piece, threading.Event):
                    assert piece.wait(10)
                else:
                    self._connection.sendall(piece)

    def close(self) -> None:
        self._thread.join(10)
        self._connection.close()
        self._listening.close()


def test_an_entry_is_told_by_bytes_that_no_text_can_hold():
    hostile = entry(1, text='\\"seq\\":9')
    assert hostile.count(ENTRY) == 1


def test_the_frame_of_one_entry_is_found_among_longer_ones():
    assert ONE_ENTRY.search(frame(1, 2) + frame(3) + frame(4, 5))[0] == frame(3)
    assert ONE_ENTRY.search(frame(1, 2)) is None
    assert STAMP.search(frame(3))[1] == b"00000000000000000007"


def test_a_chunked_body_is_read_as_far_as_its_chunks_are_whole():
    whole = chunk(b"one") + chunk(b"two\r\n")
    assert _unchunked(whole) == b"onetwo\r\n"
    assert _unchunked(whole + b"5\r\nthr") == b"onetwo\r\n"
    assert _unchunked(b"") == b""


def test_a_slow_reader_that_is_closed_goes_on_from_its_last_whole_frame():
    server = Server(
        [HEAD, chunk(CAUGHT_UP), chunk(frame(1, 2)), chunk(frame(3))[:-20]],
        [HEAD, chunk(frame(3, 4)), chunk(CAUGHT_UP), chunk(frame(5))],
    )
    client = Client(server.port, "j.local.0", 4_096)
    client.connect()
    client.read_to(5)
    client.close()
    server.close()
    assert b"Last-Event-ID: j.local.0\r\n" in server.asked[0]
    assert b"Last-Event-ID: j.local.2\r\n" in server.asked[1]
    assert (client.connections, client.resets, client.cursor) == (2, 0, "j.local.5")
    assert b",".join(client.entries) == b",".join(entry(seq) for seq in range(1, 6))


async def test_readers_count_what_came_before_they_were_asked_and_what_was_split():
    whole = b"".join(map(chunk, (frame(1), frame(2, 3), frame(4))))
    cut = whole.index(ENTRY) + 3
    is_open = threading.Event()
    server = Server([HEAD + chunk(CAUGHT_UP), is_open, whole[:cut], whole[cut:]])
    readers = Readers()
    await readers.open(server.port, [("local", "j.local.0")])
    is_open.set()
    counted = await readers.count(each=4, bound_s=10)
    await readers.close()
    server.close()
    assert (counted["entries"], counted["late_readers"]) == (4, 0)
    assert counted["delay_ms"]["n"] == 4
