"""Knows the life of one ephemeral runner: connect, take one job, report it, end; must not know who launched it.

Reads its configuration from TIDEGATE_JIT_CONFIG (base64 of JSON, made by
github_stub.py). Exit codes: 0 a job was done, 1 the registration was refused
or the runner was removed, 64 there is no usable configuration, 69 the service
could not be reached, 143 ended by SIGTERM.
"""

import base64
import http.client
import json
import os
import signal
import sys
import time

UNREACHABLE_SECONDS = 30.0
PING_SECONDS = 3.0


class Ended(Exception):
    """SIGTERM arrived."""


def on_term(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Ended


class Service:
    def __init__(self, configuration):
        self._configuration = configuration
        self._host = configuration["address"].removeprefix("http://")

    def say(self, word, patience=UNREACHABLE_SECONDS, **more):
        """Send one message and return (status, answer); the service's outages are waited out for a while."""
        deadline = time.monotonic() + patience
        while True:
            connection = http.client.HTTPConnection(self._host, timeout=15)
            try:
                connection.request("POST", f"/stub/runner/{word}", json.dumps({**self._configuration, **more}),
                                   {"Content-Type": "application/json"})
                response = connection.getresponse()
                return response.status, json.loads(response.read() or b"{}")
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > deadline:
                    print(f"the service cannot be reached: {error}", file=sys.stderr)
                    sys.exit(69)
                time.sleep(0.5)
            finally:
                connection.close()


def work(service, job):
    """Do a job's work, which is to wait, and show signs of life meanwhile."""
    end = time.monotonic() + job["seconds"]
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, PING_SECONDS))
        service.say("ping")


def main():
    try:
        configuration = json.loads(base64.b64decode(os.environ["TIDEGATE_JIT_CONFIG"], validate=True))
        service = Service(configuration)
    except (KeyError, ValueError, TypeError):
        print("TIDEGATE_JIT_CONFIG has no usable configuration", file=sys.stderr)
        return 64
    signal.signal(signal.SIGTERM, on_term)
    job = None
    try:
        if service.say("connect")[0] != 200:
            return 1
        while job is None:
            status, answer = service.say("poll")
            if status != 200:
                return 1
            job = answer["job"]
        work(service, job)
        service.say("done", job=job["id"], conclusion="success")
        return 0
    except Ended:
        if job is not None:
            service.say("done", patience=2.0, job=job["id"], conclusion="failure")
        return 143


if __name__ == "__main__":
    sys.exit(main())
