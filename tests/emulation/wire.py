"""Knows how to serve HTTP/1.1 with JSON on one machine and how to end with its parent; must not know AWS, GitHub or the rig.

Every program of the rig serves HTTP by one thread for each connection. Idle
connections only cost a sleeping thread, so hundreds of long polls are fine.
"""

import ctypes
import json
import resource
import select
import signal
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


class DropConnection(Exception):
    """Raised by a handler to close the connection without an answer."""


def end_with_parent():
    """Ask the kernel to kill this process when the thread that forked it ends.

    It is meant for `preexec_fn`, so the fork must come from a thread that
    lives as long as its process.
    """
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def raise_file_limit():
    """Allow as many open sockets as the machine grants without privileges."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def peer_is_gone(connection):
    """Tell whether the other end has closed, without reading what it sent."""
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True


def close_hard(connection):
    """Close at once; a thread that still uses the connection sees an error."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


class Handler(BaseHTTPRequestHandler):
    """Reads whole requests, answers whole answers; subclasses define `answer()`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def answer(self, method, body):
        raise NotImplementedError

    def setup(self):
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self):
        self.server.connections.discard(self.connection)
        try:
            super().finish()
        except OSError:
            pass

    def _serve(self):
        try:
            self.answer(self.command, self._read_body())
        except (DropConnection, OSError):
            self.close_connection = True
            close_hard(self.connection)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve

    def _read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline() not in (b"\r\n", b"\n", b""):
                pass
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def send_bytes(self, status, headers, body=b""):
        """Send one answer. The length is computed here, but for HEAD, whose answer tells the length of what it leaves out."""
        self.send_response_only(status)
        self.send_header("Date", self.date_time_string())
        for name, value in headers:
            self.send_header(name, value)
        if status not in (204, 304) and not (self.command == "HEAD" and any(n.lower() == "content-length" for n, _ in headers)):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def send_json(self, status, value, headers=()):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_bytes(status, [("Content-Type", "application/json; charset=utf-8"), *headers], body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    """A loopback server that knows its open connections and can close them all."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, port, handler, **attributes):
        self.connections = set()
        self.__dict__.update(attributes)
        super().__init__(("127.0.0.1", port), handler)

    @property
    def port(self):
        return self.server_address[1]

    def start(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.5}, daemon=True).start()
        return self

    def close_connections(self):
        for connection in list(self.connections):
            close_hard(connection)

    def handle_error(self, request, client_address):
        import sys
        import traceback
        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc()


def wait_for_end():
    """Sleep until SIGTERM or SIGINT arrives, then return."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(3600):
        pass


def utc_text(moment=None):
    """Write a moment the way both AWS and GitHub write times in JSON."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() if moment is None else moment))
