"""Knows how GitHub delivers webhooks, signs them, loses them and logs them; must not know what they say."""

import hashlib
import heapq
import hmac
import http.client
import itertools
import json
import random
import threading
import time
import uuid
from urllib.parse import urlsplit

from wire import utc_text

HOOK_ID = 480000001
ANSWER_SECONDS = 10.0
_CONNECT_SECONDS = 1.0
_WORKERS = 48
_KEPT = 20000
_PROBLEMS = {"connect": ("failed to connect to host", 502), "time": ("timed out", 504), "loss": ("timed out", 504)}


class Hooks:
    """One App's webhook. There is no automatic redelivery; lost deliveries stay in the log as failed."""

    def __init__(self, secret, urls, seed):
        self.settings = {"urls": urls, "loss": 0.0, "duplication": 0.0, "reorderSeconds": 0.0}
        self._secret = secret.encode()
        self._random = random.Random(seed)
        self.changed = threading.Condition()
        self._due = []
        self._ids = itertools.count(70000000001)
        self.log = {}
        for _ in range(_WORKERS):
            threading.Thread(target=self._work, daemon=True).start()

    def send(self, event, payload):
        """Queue one delivery, twice when duplication says so."""
        delivery = {
            "guid": str(uuid.uuid4()),
            "event": event,
            "action": payload.get("action"),
            "installation_id": payload["installation"]["id"],
            "repository_id": payload["repository"]["id"],
            "payload": json.dumps(payload, separators=(",", ":")).encode(),
        }
        with self.changed:
            copies = 2 if self._random.random() < self.settings["duplication"] else 1
            for _ in range(copies):
                delay = self._random.uniform(0, self.settings["reorderSeconds"])
                is_lost = self._random.random() < self.settings["loss"]
                self._push(dict(delivery, redelivery=False), delay, is_lost)

    def redeliver(self, number):
        """Deliver again what a log entry holds, with the same GUID. Returns False for unknown entries."""
        with self.changed:
            entry = self.log.get(number)
            if entry is None:
                return False
            self._push(dict(entry, redelivery=True), 0.0, False)
        return True

    def _push(self, delivery, delay, is_lost):
        number = next(self._ids)
        heapq.heappush(self._due, (time.monotonic() + delay, number, delivery, is_lost))
        self.changed.notify()

    def _work(self):
        while True:
            with self.changed:
                while not self._due or self._due[0][0] > time.monotonic():
                    self.changed.wait(max(0.0, self._due[0][0] - time.monotonic()) if self._due else 60)
                _, number, delivery, is_lost = heapq.heappop(self._due)
            started = time.monotonic()
            status, code, url = self._lose() if is_lost else self._deliver(delivery)
            delivery.update(
                id=number, delivered_at=utc_text(), duration=round(time.monotonic() - started, 3),
                status=status, status_code=code, url=url, throttled_at=None,
            )
            with self.changed:
                self.log[number] = delivery
                while len(self.log) > _KEPT:
                    self.log.pop(next(iter(self.log)))

    @staticmethod
    def _lose():
        return *_PROBLEMS["loss"], ""

    def _deliver(self, delivery):
        """Go to the first address that takes a connection, as a resolver with health checks would."""
        signature = hmac.new(self._secret, delivery["payload"], hashlib.sha256).hexdigest()
        delivery["headers"] = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/b8c71d2",
            "X-GitHub-Delivery": delivery["guid"],
            "X-GitHub-Event": delivery["event"],
            "X-GitHub-Hook-ID": str(HOOK_ID),
            "X-GitHub-Hook-Installation-Target-ID": str(HOOK_ID),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature-256": "sha256=" + signature,
        }
        for url in self.settings["urls"]:
            parts = urlsplit(url)
            connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=_CONNECT_SECONDS)
            try:
                connection.connect()
            except OSError:
                continue
            try:
                return *self._post(connection, parts.path or "/", delivery), url
            finally:
                connection.close()
        return *_PROBLEMS["connect"], ""

    @staticmethod
    def _post(connection, path, delivery):
        """Returns (status text, code); all of the answer has to be there in time."""
        connection.sock.settimeout(ANSWER_SECONDS)
        try:
            connection.request("POST", path, delivery["payload"], delivery["headers"])
            response = connection.getresponse()
            response.read(4096)
        except TimeoutError:
            return _PROBLEMS["time"]
        except (OSError, http.client.HTTPException):
            return _PROBLEMS["connect"]
        if 200 <= response.status < 300:
            return "OK", response.status
        return f"Invalid HTTP Response: {response.status}", response.status


def summary(entry):
    """A log entry as the list of deliveries shows it."""
    names = ("id", "guid", "delivered_at", "redelivery", "duration", "status", "status_code", "event", "action",
             "installation_id", "repository_id", "throttled_at")
    return {name: entry[name] for name in names}


def detail(entry):
    """A log entry as the page of one delivery shows it."""
    return {
        **summary(entry),
        "url": entry["url"],
        "request": {"headers": entry.get("headers", {}), "payload": json.loads(entry["payload"])},
        "response": {"headers": {}, "payload": None},
    }
