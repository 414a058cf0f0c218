"""Knows which programs make up the emulation, how to start them together and how to end them; must not know what they play.

Usage: rig.py [--region NAME]... [--dir DIRECTORY] [--python PROGRAM] [--task-command TEXT]
              [--webhook-secret TEXT] [--webhook-url URL]... [--organization NAME]...

Prints one line of JSON when everything is ready:

    {"control": "http://127.0.0.1:PORT/control",
     "github": "http://127.0.0.1:PORT", "webhookSecret": TEXT, "appId": 424242,
     "regions": {NAME: {"endpoint": URL, "from": {CALLER: URL}, "emulator": PORT}},
     "directory": DIRECTORY, "pids": {NAME: PID}}

Commands are lines of JSON on stdin, each answered by one line of JSON:

    {"kill": REGION}    kill -9 of the region's emulator and tasks; its front behaves as if the region were down
    {"kill": REGION, "keeps": true}   the same, and its queues and tables are kept, as AWS keeps them
    {"start": REGION}   start it again: with what was kept, its tasks ended; or else set-up and replicated tables come
                        back from the front, and messages and tasks do not
    {"pids": true}      the processes that run now

An answer is {"ok": true, ...} or {"ok": false, "error": TEXT}. The rig ends,
with everything that it started, when stdin closes or on SIGTERM or SIGINT.
"""

import argparse
import http.client
import json
import os
import pathlib
import random
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from wire import end_with_parent, raise_file_limit

HERE = pathlib.Path(__file__).resolve().parent
INSTALLED = HERE.parent.parent / "target" / "emulation" / "bin" / "python"
READY_SECONDS = 30.0
LONGEST_SOCKET_PATH = 100
EMULATOR_PORTS = (20000, 32000)


class RigError(Exception):
    """Something could not be started or was asked for in vain."""


def free_port():
    """A port that the kernel gives to nobody else, so that an emulator can have it again after a kill."""
    while True:
        port = random.randrange(*EMULATOR_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def find_python():
    """A Python that has MiniStack: this one, or the one that ./install made."""
    for program in (sys.executable, str(INSTALLED)):
        if os.path.exists(program) and subprocess.run(
                [program, "-c", "import importlib.util as u, sys; sys.exit(u.find_spec('ministack') is None)"]
        ).returncode == 0:
            return program
    raise RigError(f"MiniStack is not installed; run {HERE / 'install'} first")


class Rig:
    def __init__(self, options):
        self.options = options
        self.directory = pathlib.Path(options.dir or tempfile.mkdtemp(prefix="emulation-")).resolve()
        (self.directory / "logs").mkdir(parents=True, exist_ok=True)
        self.sockets = self.directory
        if len(str(self.directory)) > LONGEST_SOCKET_PATH - 40:
            self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="emulation-"))
        self.python = options.python or find_python()
        self.children = {}
        self.emulator_ports = {}
        self.killed = set()
        self.has_failed = False
        self.control_port = None

    def spawn(self, name, command, environment=None, is_asked_for_a_line=False):
        """Start one child. All children are forked by the main thread, to whose life they are bound."""
        with open(self.directory / "logs" / f"{name}.log", "ab") as log:
            child = subprocess.Popen(
                command, env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})},
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if is_asked_for_a_line else log, stderr=log,
                preexec_fn=end_with_parent, cwd=self.directory,
            )
        self.children[name] = child
        return child

    def read_line(self, name):
        child = self.children[name]
        if not select.select([child.stdout], [], [], READY_SECONDS)[0] or not (line := child.stdout.readline()):
            raise RigError(f"{name} did not become ready; see {self.directory / 'logs' / name}.log")
        return json.loads(line)

    def start(self):
        for region in self.options.region:
            self.start_engine(region)
        for region in self.options.region:
            self.wait_for((self.sockets / f"{region}.sock").exists, f"the task engine of {region}")
        for region in self.options.region:
            self.emulator_ports[region] = free_port()
            self.start_emulator(region)
        pairs = [f"{region}=0:{self.emulator_ports[region]}" for region in self.options.region]
        self.spawn("front", [sys.executable, str(HERE / "region_front.py"), *pairs], is_asked_for_a_line=True)
        github = [sys.executable, str(HERE / "github_stub.py"), "--webhook-secret", self.options.webhook_secret]
        for name in ("webhook_url", "organization"):
            for value in getattr(self.options, name):
                github += ["--" + name.replace("_", "-"), value]
        self.spawn("github", github, is_asked_for_a_line=True)
        for region in self.options.region:
            self.wait_for_emulator(region)
        front = self.read_line("front")
        self.control_port = front["control"]

        def url(port):
            return f"http://127.0.0.1:{port}"

        return {
            "control": url(self.control_port) + "/control",
            "github": self.read_line("github")["address"],
            "webhookSecret": self.options.webhook_secret,
            "appId": 424242,
            "regions": {
                region: {
                    "endpoint": url(ports["any"]),
                    "from": {caller: url(port) for caller, port in ports["from"].items()},
                    "emulator": self.emulator_ports[region],
                }
                for region, ports in front["regions"].items()
            },
            "directory": str(self.directory),
            "pids": self.pids(),
        }

    def start_engine(self, region):
        command = self.options.task_command
        if command is None:
            command = shlex.join([sys.executable, "-I", "-S", str(HERE / "runner_stub.py")])
        environment = {"TASK_COMMAND": command} if command else {}
        engine = [sys.executable, str(HERE / "task_engine.py"), str(self.sockets / f"{region}.sock")]
        self.spawn(f"engine-{region}", engine, environment)

    def state_of(self, region):
        """Where an emulator's state is kept over a kill, and the file that says so."""
        state = self.directory / f"emulator-{region}" / "state"
        return state, state / "kept"

    def start_emulator(self, region):
        port = str(self.emulator_ports[region])
        temporary = self.directory / f"emulator-{region}"
        temporary.mkdir(exist_ok=True)
        state, kept_file = self.state_of(region)
        ended = str(self.sockets / f"{region}.sock.ended")
        self.spawn(f"emulator-{region}", [self.python, str(HERE / "emulator.py"), ended, str(kept_file)], {
            "MINISTACK_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "GATEWAY_PORT": port,
            "EDGE_PORT": port,
            "BIND_HOST": "127.0.0.1",
            "DOCKER_HOST": f"unix://{self.sockets / region}.sock",
            "MINISTACK_DOCKER_TIMEOUT": "120",
            "HOSTNAME": "",
            "TMPDIR": str(temporary),
            "S3_DATA_DIR": str(temporary / "s3"),
            "STATE_DIR": str(state),
            "PERSIST_STATE": "1",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
        })

    def wait_for_emulator(self, region):
        def is_ready():
            connection = http.client.HTTPConnection("127.0.0.1", self.emulator_ports[region], timeout=2)
            try:
                connection.request("GET", "/_ministack/ready")
                return connection.getresponse().status == 200
            except (OSError, http.client.HTTPException):
                return False
            finally:
                connection.close()
        self.wait_for(is_ready, f"the emulator of {region}", self.children[f"emulator-{region}"])

    def wait_for(self, condition, what, child=None):
        deadline = time.monotonic() + READY_SECONDS
        while not condition():
            if time.monotonic() > deadline or (child and child.poll() is not None):
                raise RigError(f"{what} did not become ready; see {self.directory / 'logs'}")
            time.sleep(0.03)

    def tell_front(self, order):
        connection = http.client.HTTPConnection("127.0.0.1", self.control_port, timeout=60)
        connection.request("POST", "/control", json.dumps(order))
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status != 200:
            raise RigError(f"the front refused {order}: {body.decode(errors='replace')}")

    def pids(self):
        return {name: child.pid for name, child in self.children.items() if child.poll() is None}

    def kill(self, region, keeps):
        if region not in self.emulator_ports or region in self.killed:
            raise RigError(f"no emulator of {region} runs")
        emulator = self.children[f"emulator-{region}"]
        state, kept_file = self.state_of(region)
        shutil.rmtree(state, ignore_errors=True)
        self.killed.add(region)
        if keeps:
            self.tell_front({"killed": {region: True}})  # it answers when no call is under way any more
            emulator.send_signal(signal.SIGUSR1)
            self.wait_for(kept_file.exists, f"what {region} keeps", emulator)
        for child in (emulator, self.children[f"engine-{region}"]):
            child.kill()  # an engine's tasks end with it
            child.wait()
        (self.sockets / f"{region}.sock").unlink(missing_ok=True)
        self.tell_front({"killed": {region: True}})
        return {"killed": region}

    def start_again(self, region):
        if region not in self.killed:
            raise RigError(f"the emulator of {region} was not killed")
        is_kept = self.state_of(region)[1].exists()
        self.start_engine(region)
        self.wait_for((self.sockets / f"{region}.sock").exists, f"the task engine of {region}")
        self.start_emulator(region)
        self.wait_for_emulator(region)
        self.tell_front({"killed": {region: False}} if is_kept else {"revive": region})
        self.killed.discard(region)
        return {"started": region, "pid": self.children[f"emulator-{region}"].pid}

    def obey(self, line):
        try:
            order = json.loads(line)
            if "kill" in order:
                return {"ok": True, **self.kill(order["kill"], order.get("keeps", False))}
            if "start" in order:
                return {"ok": True, **self.start_again(order["start"])}
            if "pids" in order:
                return {"ok": True, "pids": self.pids()}
            raise RigError("a command has kill, start or pids")
        except (RigError, ValueError, TypeError, OSError) as error:
            return {"ok": False, "error": str(error)}

    def check_children(self):
        for name, child in self.children.items():
            is_expected = name.removeprefix("emulator-").removeprefix("engine-") in self.killed
            if child.poll() is not None and not is_expected:
                raise RigError(f"{name} ended with {child.returncode}; see {self.directory / 'logs' / name}.log")

    def run(self):
        """Obey commands until stdin closes."""
        pending = b""
        while True:
            if select.select([0], [], [], 0.5)[0]:
                part = os.read(0, 65536)
                if not part:
                    return
                *lines, pending = (pending + part).split(b"\n")
                for line in filter(bytes.strip, lines):
                    print(json.dumps(self.obey(line)), flush=True)
            self.check_children()

    def end(self):
        """End every child by its own pid. The emulators hold nothing worth saving, so they are not asked twice."""
        for name, child in self.children.items():
            if child.poll() is None:
                child.send_signal(signal.SIGKILL if name.startswith("emulator-") else signal.SIGTERM)
        deadline = time.monotonic() + 5
        for child in self.children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self.sockets != self.directory:
            shutil.rmtree(self.sockets, ignore_errors=True)
        if not self.options.dir and not self.has_failed:
            shutil.rmtree(self.directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description="AWS in several regions and GitHub, on one machine")
    parser.add_argument("--region", action="append", default=[])
    parser.add_argument("--dir", help="directory for logs and sockets (default: a temporary one, removed unless something fails)")
    parser.add_argument("--python", help="the Python that has MiniStack (default: found)")
    parser.add_argument("--task-command", help="what every task runs; empty: the container's own command (default: runner_stub.py)")
    parser.add_argument("--webhook-secret", default="rig-webhook-secret")
    parser.add_argument("--webhook-url", action="append", default=[])
    parser.add_argument("--organization", action="append", default=[])
    options = parser.parse_args()
    options.region = options.region or ["us-east-1", "eu-west-1", "ap-southeast-1"]

    def stop(*_):
        sys.exit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    raise_file_limit()
    try:
        rig = Rig(options)
    except RigError as error:
        sys.exit(f"rig: {error}")
    try:
        print(json.dumps(rig.start()), flush=True)
        rig.run()
    except RigError as error:
        rig.has_failed = True
        sys.exit(f"rig: {error}")
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        rig.end()


if __name__ == "__main__":
    main()
