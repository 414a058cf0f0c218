"""Knows the part of the Docker Engine API that an ECS emulator drives; must not know ECS, regions or runners.

Usage: task_engine.py SOCKET

Every container is a local process. Its environment is the engine's with the
container's on top; nothing is isolated. Three names in it mean something here:

    TASK_COMMAND       in the engine's own environment: run this command instead of the image's
    TASK_START_DELAY   in the container's environment: seconds that starting takes
    TASK_START_ERROR   in the container's environment: refuse to start, with this message

The directory SOCKET.ended holds one empty file for each container that ended
and was not deleted yet, named by its id: a cheap way to look for ends.

Stopping sends SIGTERM to the process group, and SIGKILL after the grace
period. Deleted containers leave nothing behind; when the engine ends, however
it ends, its processes end too.
"""

import contextlib
import json
import os
import pathlib
import queue
import re
import shlex
import shutil
import signal
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from urllib.parse import parse_qs, unquote, urlsplit

from wire import Handler, end_with_parent, raise_file_limit, wait_for_end

_API_VERSION = "1.43"
_IMAGE_ID = "sha256:" + "0" * 64
_LARGEST_LOG = 256 * 1024


def _now():
    moment = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment % 1 * 1e9):09d}Z"


class Spawner:
    """Starts all processes from one thread that never ends, since they are bound to the life of the thread that forks."""

    def __init__(self):
        self._orders = queue.Queue()
        threading.Thread(target=self._run, daemon=True).start()

    def start(self, command, environment, output):
        reply = queue.Queue()
        self._orders.put((command, environment, output, reply))
        result = reply.get()
        if isinstance(result, Exception):
            raise result
        return result

    def _run(self):
        while True:
            command, environment, output, reply = self._orders.get()
            try:
                reply.put(subprocess.Popen(
                    command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                    start_new_session=True, preexec_fn=end_with_parent,
                ))
            except (OSError, ValueError) as error:
                reply.put(error)


class Container:
    def __init__(self, name, settings, ended_directory):
        self.id = uuid.uuid4().hex + uuid.uuid4().hex
        self.name = name or self.id[:12]
        self.settings = settings
        self.created = _now()
        self.started = self.finished = "0001-01-01T00:00:00Z"
        self.process = None
        self.exit_code = None
        self.is_deleted = False
        self.mark = ended_directory / self.id
        self.ended = threading.Event()
        self.log = None
        self.lock = threading.Lock()

    @property
    def labels(self):
        return self.settings.get("Labels") or {}

    @property
    def status(self):
        if self.exit_code is not None:
            return "exited"
        return "running" if self.process else "created"

    def environment(self):
        pairs = (entry.split("=", 1) for entry in self.settings.get("Env") or [] if "=" in entry)
        return dict(pairs)

    def start(self, spawner):
        own = self.environment()
        time.sleep(float(own.get("TASK_START_DELAY") or 0))
        if own.get("TASK_START_ERROR"):
            raise OSError(own["TASK_START_ERROR"])
        with self.lock:
            if self.process or self.is_deleted:
                return
            command = shlex.split(os.environ.get("TASK_COMMAND", "")) or [
                *(self.settings.get("Entrypoint") or []), *(self.settings.get("Cmd") or [])
            ]
            self.log = tempfile.TemporaryFile()
            self.process = spawner.start(command or ["true"], {**os.environ, **own}, self.log)
            self.started = _now()
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self):
        code = self.process.wait()
        self.finished = _now()
        self.exit_code = code if code >= 0 else 128 - code
        self.signal(signal.SIGKILL)
        with self.lock:
            if not self.is_deleted:
                self.mark.touch()
        self.ended.set()

    def signal(self, number):
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def stop(self, grace):
        if self.status == "running":
            self.signal(signal.SIGTERM)
            if not self.ended.wait(grace):
                self.signal(signal.SIGKILL)
                self.ended.wait(5)

    def delete(self):
        with self.lock:
            self.is_deleted = True
        if self.status == "running":
            self.signal(signal.SIGKILL)
            self.ended.wait(5)
        self.mark.unlink(missing_ok=True)
        if self.log:
            self.log.close()

    def read_log(self):
        if not self.log or self.log.closed:
            return b""
        size = os.fstat(self.log.fileno()).st_size
        return os.pread(self.log.fileno(), _LARGEST_LOG, max(0, size - _LARGEST_LOG))

    def describe(self):
        return {
            "Id": self.id,
            "Name": "/" + self.name,
            "Created": self.created,
            "Image": _IMAGE_ID,
            "Config": {**self.settings, "Labels": self.labels},
            "State": {
                "Status": self.status,
                "Running": self.status == "running",
                "ExitCode": self.exit_code or 0,
                "Pid": self.process.pid if self.status == "running" else 0,
                "StartedAt": self.started,
                "FinishedAt": self.finished,
            },
            "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "127.0.0.1"}}, "Ports": {}},
            "HostConfig": {},
            "Mounts": [],
        }

    def summary(self):
        return {
            "Id": self.id,
            "Names": ["/" + self.name],
            "Image": self.settings.get("Image", ""),
            "ImageID": _IMAGE_ID,
            "Labels": self.labels,
            "State": self.status,
            "Status": self.status,
            "Created": 0,
        }


class Engine:
    def __init__(self, ended_directory):
        self.ended_directory = ended_directory
        self.spawner = Spawner()
        self.containers = {}

    def create(self, name, settings):
        container = Container(name, settings, self.ended_directory)
        self.containers[container.id] = container
        return container

    def find(self, reference):
        if reference in self.containers:
            return self.containers[reference]
        return next((c for c in list(self.containers.values()) if c.name == reference), None)

    def delete(self, container):
        container.delete()
        self.containers.pop(container.id, None)

    def list(self, with_ended, labels):
        def fits(container):
            return all(
                container.labels.get(name) == value if "=" in label else name in container.labels
                for label in labels for name, _, value in [label.partition("=")]
            )
        return [
            c.summary() for c in list(self.containers.values())
            if (with_ended or c.status == "running") and fits(c)
        ]

    def end(self):
        for container in list(self.containers.values()):
            container.signal(signal.SIGKILL)


class EngineHandler(Handler):
    disable_nagle_algorithm = False

    def answer(self, method, body):
        address = urlsplit(self.path)
        path = re.sub(r"^/v1\.\d+", "", address.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        settings = json.loads(body) if body.strip() else {}
        if path == "/_ping":
            return self.send_bytes(200, [("Content-Type", "text/plain"), ("Api-Version", _API_VERSION)], b"OK")
        if path == "/version":
            return self.send_json(200, {
                "Version": "24.0.0", "ApiVersion": _API_VERSION, "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64",
            })
        if path == "/info":
            return self.send_json(200, {"ID": "task-engine", "ServerVersion": "24.0.0", "OSType": "linux"})
        if match := re.fullmatch(r"/images/(.+)/json", path):
            return self.send_json(200, {"Id": _IMAGE_ID, "RepoTags": [unquote(match[1])], "Config": {}})
        if path == "/images/create":
            return self.send_json(200, {"status": "every image is already here"})
        if path == "/containers/create":
            container = self.server.engine.create(query.get("name"), settings)
            return self.send_json(201, {"Id": container.id, "Warnings": []})
        if path == "/containers/json":
            labels = json.loads(query.get("filters", "{}")).get("label", [])
            with_ended = query.get("all", "0").lower() in ("1", "true")
            return self.send_json(200, self.server.engine.list(with_ended, labels))
        if match := re.fullmatch(r"/containers/([^/]+)(?:/(\w+))?", path):
            container = self.server.engine.find(unquote(match[1]))
            if container is None:
                return self.send_json(404, {"message": f"No such container: {match[1]}"})
            return self._container(method, container, match[2], query)
        return self.send_json(404, {"message": f"the task engine does not know {method} {path}"})

    def _container(self, method, container, action, query):
        if method == "DELETE":
            self.server.engine.delete(container)
            return self.send_json(204, None)
        if action == "json":
            return self.send_json(200, container.describe())
        if action == "start":
            try:
                container.start(self.server.engine.spawner)
            except OSError as error:
                return self.send_json(500, {"message": str(error)})
            return self.send_json(204, None)
        if action == "stop":
            container.stop(float(query.get("t", 10)))
            return self.send_json(204, None)
        if action == "kill":
            container.signal(signal.SIGKILL if query.get("signal", "KILL").endswith("KILL") else signal.SIGTERM)
            return self.send_json(204, None)
        if action == "wait":
            container.ended.wait()
            return self.send_json(200, {"StatusCode": container.exit_code})
        if action == "logs":
            log = container.read_log()
            return self.send_bytes(
                200, [("Content-Type", "application/vnd.docker.raw-stream")], struct.pack(">BxxxL", 1, len(log)) + log
            )
        return self.send_json(404, {"message": f"the task engine does not know {method} {action}"})


class SocketServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, path, engine):
        self.engine = engine
        self.connections = set()
        super().__init__(path, EngineHandler)

    def get_request(self):
        connection, _ = super().get_request()
        return connection, ("task-engine", 0)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: task_engine.py SOCKET")
    raise_file_limit()
    threading.stack_size(512 * 1024)
    path = sys.argv[1]
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    ended_directory = pathlib.Path(path + ".ended")
    shutil.rmtree(ended_directory, ignore_errors=True)
    ended_directory.mkdir()
    engine = Engine(ended_directory)
    server = SocketServer(path, engine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    wait_for_end()
    engine.end()
    os.unlink(path)
    shutil.rmtree(ended_directory, ignore_errors=True)


if __name__ == "__main__":
    main()
