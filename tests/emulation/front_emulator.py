"""Knows how to send a request to the emulator of one region and get its answer; must not know cuts, faults or tables."""

import http.client
import json
import select
import socket
import threading
import time
from typing import NamedTuple

_IDLE_SECONDS = 45.0
_UNFORWARDED = {"content-length", "connection", "transfer-encoding", "expect", "keep-alive"}
_UNRETURNED = {"content-length", "connection", "transfer-encoding", "date", "server", "alt-svc"}
_JSON_VERSION = {"DynamoDB_20120810": "1.0", "AmazonSQS": "1.0", "AmazonEC2ContainerServiceV20141113": "1.1"}


class EmulatorGone(Exception):
    """The emulator cannot be reached, or ended while it worked on a request."""


class ClientGone(Exception):
    """The client gave up while the emulator worked on its request."""


class Answer(NamedTuple):
    status: int
    headers: list
    body: bytes

    def json(self):
        return json.loads(self.body or b"{}")

    @property
    def ok(self):
        return self.status == 200


def json_answer(status, value, version="1.0"):
    return Answer(status, [("Content-Type", f"application/x-amz-json-{version}")], json.dumps(value).encode())


def error_answer(code, message, status=400, version="1.0", **more):
    """An error in the form that the JSON protocols of AWS use."""
    return json_answer(status, {"__type": code, "message": message, **more}, version)


class Call(NamedTuple):
    """One request of a client, whole."""

    method: str
    path: str
    headers: list
    body: bytes

    @property
    def target(self):
        """The operation's full name; for services without one, the method and the path's first part."""
        for name, value in self.headers:
            if name.lower() == "x-amz-target":
                return value
        return f"{self.method} /{self.path.lstrip('/').split('?')[0].split('/')[0]}"

    @property
    def operation(self):
        return self.target.rsplit(".", 1)[-1]

    @property
    def service(self):
        return self.target.rsplit(".", 1)[0] if "." in self.target else ""

    def json(self):
        return json.loads(self.body or b"{}")

    def with_json(self, value):
        return self._replace(body=json.dumps(value).encode())


class Emulator:
    """The emulator of one region; every thread keeps its own connection to it."""

    def __init__(self, region, port):
        self.region = region
        self.port = port
        self._local = threading.local()

    def send(self, call, is_client_gone=lambda: False):
        """Forward a call. A connection that went stale while idle is replaced once."""
        headers = {name: value for name, value in call.headers if name.lower() not in _UNFORWARDED}
        for attempt in (1, 2):
            connection, is_reused = self._connection()
            try:
                connection.request(call.method, call.path, call.body or None, headers)
                self._await(connection, is_client_gone)
                response = connection.getresponse()
                body = response.read()
                self._local.used = time.monotonic()
                kept = [
                    (name, value) for name, value in response.getheaders()
                    if name.lower() not in _UNRETURNED or (call.method, name.lower()) == ("HEAD", "content-length")
                ]
                return Answer(response.status, kept, body)
            except ClientGone:
                self._forget()
                raise
            except (http.client.HTTPException, OSError) as error:
                self._forget()
                if not is_reused or attempt == 2:
                    raise EmulatorGone(f"{self.region}: {error}") from error

    def call(self, service, operation, parameters):
        """Call an operation of a JSON service on the rig's own account."""
        scope = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs"}.get(service, "ecs")
        credential = f"rig/20260101/{self.region}/{scope}/aws4_request"
        headers = [
            ("Host", f"127.0.0.1:{self.port}"),
            ("X-Amz-Target", f"{service}.{operation}"),
            ("Content-Type", f"application/x-amz-json-{_JSON_VERSION[service]}"),
            ("Authorization", f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"),
        ]
        return self.send(Call("POST", "/", headers, json.dumps(parameters).encode()))

    def dynamodb(self, operation, parameters):
        return self.call("DynamoDB_20120810", operation, parameters)

    def ecs(self, operation, parameters):
        return self.call("AmazonEC2ContainerServiceV20141113", operation, parameters)

    def _connection(self):
        connection = getattr(self._local, "connection", None)
        if connection is not None and time.monotonic() - self._local.used < _IDLE_SECONDS:
            return connection, True
        self._forget()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        try:
            connection.connect()
        except OSError as error:
            raise EmulatorGone(f"{self.region}: {error}") from error
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._local.connection = connection
        return connection, False

    def _forget(self):
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
        self._local.connection = None

    @staticmethod
    def _await(connection, is_client_gone):
        while not select.select([connection.sock], [], [], 0.25)[0]:
            if is_client_gone():
                raise ClientGone
