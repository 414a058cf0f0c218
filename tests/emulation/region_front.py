"""Knows how a client's request travels through a region's front to its emulator; must not know who the client is or why it asks.

Usage: region_front.py [--control PORT] REGION=LISTEN:EMULATOR ...

One process serves all regions. LISTEN is the port of a region's front and
EMULATOR the port of the emulator behind it; port 0 for LISTEN or --control
means that a free port is chosen. Each region also gets one listener for every
region that a caller may sit in, so that cuts between regions apply to it. When
all ports are open, one line of JSON is printed:

    {"control": PORT,
     "regions": {"us-east-1": {"any": PORT, "from": {"us-east-1": PORT, "eu-west-1": PORT}}}}

Control is HTTP on the control port. GET /control answers the state. POST
/control takes a JSON object, all fields optional, and answers the state:

    lag            seconds for all pairs, or [{"from", "to", "seconds"}, ...]
    cut            [[from, to], ...]: all one-way cuts there are from now on; [] heals
    cutMode        "hang" (the default) or "close": what happens to a request that is cut off
    down           [region, ...]: all regions that are down from now on; their state is kept
    faults         [fault, ...]: all injected answers there are from now on
    replicate      {table: [region, ...]} or [table, ...]: more tables that replicate eventually
    strong         the same for tables that are strongly consistent
    strongRoundTrip, strongRefusalDelay   seconds that a strong write takes, and that a refusal takes
    killed         {region: true}: its emulator is killed; set by the rig; answered when no call to it is under way;
                   {region: false}: it runs again, with all that it had
    revive         region: its emulator runs again, empty: give it its set-up and its replicas back
    reset          true: no cuts, nothing down, no faults, no lag, counters at zero; done first

A fault is {"target": "RunTask"} (the end of the operation's full name, or "*"),
with optional "region", "caller", "count" (no count: no limit), "delay" in
seconds, and one of "answer" ("capacity", "throttle", "serverError"), "status"
with "body", or "drop" ("before": the call is not carried out, "after": it is,
and its answer is lost). With a delay alone the call is only slowed.
"""

import argparse
import contextlib
import json
import re
import sys
import threading
from collections import Counter

from front_emulator import Call, ClientGone, Emulator, EmulatorGone, error_answer
from front_faults import Faults
from front_global_tables import GlobalTables
from front_items import UNSUPPORTED, WRITES, KeySchemas, table_name, tables_of
from front_network import Network
from front_replication import Replication
from front_setup import Setup
from front_strong import CONSISTENT_READS, StrongTables
from front_tasks import NEEDS_CLUSTER, TaskRules
from wire import DropConnection, Handler, Server, peer_is_gone, raise_file_limit, wait_for_end

_POLL_SLICE_SECONDS = 1
_LONGEST_CALL_SECONDS = 20.0
_SIGNED_REGION = re.compile(r"Credential=[^/]+/\d+/([^/]+)/")


class Front:
    """All regions together: the parts, and the way of one request through them."""

    def __init__(self, emulator_ports):
        self.regions = list(emulator_ports)
        self.emulators = {region: Emulator(region, port) for region, port in emulator_ports.items()}
        self.network = Network(self.regions)
        self.faults = Faults()
        self.tasks = TaskRules(self.emulators)
        self.setup = Setup()
        self.schemas = KeySchemas(self.emulators)
        self.replication = Replication(self.emulators, self.network, self.schemas)
        self.strong = StrongTables(self.emulators, self.network, self.schemas)
        self.tables = GlobalTables(self.emulators, self.network, self.replication, self.strong, self.setup)
        self.listeners = {region: [] for region in self.regions}
        self.calls = {region: Counter() for region in self.regions}
        self._calls_lock = threading.Lock()
        self._under_way = Counter()
        self._ended = threading.Condition()

    def pass_through(self, caller, region, call, connection):
        """The way of one request: the network, injected answers, the rules, the emulator, and the network again."""
        self.network.pass_or_hang(caller, region, connection)
        with self._calls_lock:
            self.calls[region][call.target] += 1
        injected, loses_answer = self.faults.meet(region, caller, call)
        if injected is not None:
            if call.operation == "RunTask":
                self.tasks.note_injected(region, call, injected)
            answer = injected
        else:
            with self._noted(region):
                answer = self._carry_out(caller, region, call, connection)
        if loses_answer:
            raise DropConnection
        self.network.pass_or_hang(caller, region, connection)
        return answer

    @contextlib.contextmanager
    def _noted(self, region):
        with self._ended:
            self._under_way[region] += 1
        try:
            yield
        finally:
            with self._ended:
                self._under_way[region] -= 1
                self._ended.notify_all()

    def _carry_out(self, caller, region, call, connection):
        signed = next((_SIGNED_REGION.search(v) for n, v in call.headers if n.lower() == "authorization"), None)
        if signed and signed[1] != region:
            return error_answer(
                "InvalidSignatureException", f"Credential should be scoped to a valid region, not '{signed[1]}'.", 403
            )

        def is_unwanted():
            cut_off = caller is not None and not self.network.has_way(caller, region)
            return not self.network.is_up(region) or (not cut_off and peer_is_gone(connection))

        def forward(forwarded):
            """Carry a call to its end even when its client has gone: what it did has to be known here. Polls do nothing."""
            is_poll = forwarded.operation == "ReceiveMessage"
            answer = self.emulators[region].send(forwarded, *([is_unwanted] if is_poll else []))
            if answer.status < 300:
                self.setup.note(region, forwarded)
            return answer

        try:
            if call.service.startswith("DynamoDB_"):
                return self._table_call(region, call, forward)
            if call.service.startswith("AmazonEC2ContainerService") and call.operation in NEEDS_CLUSTER:
                return self.tasks.handle(region, call, forward)
            if call.operation == "ReceiveMessage":
                return self._receive(call, forward, is_unwanted)
            return forward(call)
        except (EmulatorGone, ClientGone) as error:
            raise DropConnection from error

    def _table_call(self, region, call, forward):
        operation = call.operation
        if operation in UNSUPPORTED and (self.replication.replicas or self.strong.replicas):
            return error_answer("ValidationException", "The test rig does not replicate PartiQL statements.")
        if operation in WRITES:
            tables = tables_of(operation, call.json())
            if tables & set(self.strong.replicas):
                return self.strong.write(region, call, forward)
            if tables & set(self.replication.replicas):
                return self.replication.write(region, call, forward)
        elif operation in CONSISTENT_READS and self.strong.replicas:
            return self.strong.read(region, call, forward)
        elif operation == "UpdateTable" and call.json().get("ReplicaUpdates"):
            return self.tables.update(region, call)
        elif operation == "DescribeTable":
            return self.tables.describe(region, forward(call))
        elif operation == "UpdateTimeToLive":
            return self.tables.update_time_to_live(region, call, forward)
        elif operation == "DeleteTable":
            self.schemas.forget(table_name(call.json().get("TableName", "")))
            return self.tables.delete(region, call, forward)
        return forward(call)

    @staticmethod
    def _receive(call, forward, is_unwanted):
        """Cut a long poll into short ones.

        The emulator goes on polling when its client has gone, and would hand
        a message to nobody.
        """
        left = call.json().get("WaitTimeSeconds") or 0
        while True:
            part = min(left, _POLL_SLICE_SECONDS)
            answer = forward(call.with_json({**call.json(), "WaitTimeSeconds": part}) if left else call)
            left -= part
            if left <= 0 or not answer.ok or answer.json().get("Messages"):
                return answer
            if is_unwanted():
                raise ClientGone

    def control(self, order):
        if order.get("reset"):
            self.network.set_cuts([], False)
            self.network.set_down([])
            self.faults.replace([])
            self._set_lag(0)
            self.strong.round_trip = self.strong.refusal_delay = 0.0
            with self._calls_lock:
                self.calls = {region: Counter() for region in self.regions}
            self.tasks.calls.clear()
        if "lag" in order:
            self._set_lag(order["lag"])
        if "cut" in order or "cutMode" in order:
            now = self.network.describe()
            self.network.set_cuts(order.get("cut", now["cut"]), order.get("cutMode", now["cutMode"]) == "close")
        if "down" in order:
            self.network.set_down(order["down"])
        for region, is_dead in order.get("killed", {}).items():
            self.network.set_dead(region, is_dead)
        if "faults" in order:
            self.faults.replace(order["faults"])
        for name, part in (("replicate", self.replication), ("strong", self.strong)):
            wanted = order.get(name, {})
            if isinstance(wanted, list):
                wanted = {table: self.regions for table in wanted}
            for table, regions in wanted.items():
                part.add(table, regions)
        self.strong.round_trip = order.get("strongRoundTrip", self.strong.round_trip)
        self.strong.refusal_delay = order.get("strongRefusalDelay", self.strong.refusal_delay)
        if "revive" in order:
            self._revive(order["revive"])
        for region in self.regions:
            if not self.network.is_up(region):
                for listener in self.listeners[region]:
                    listener.close_connections()
        self.replication.wake()
        self.strong.heal()
        with self._ended:
            for region in (region for region, is_dead in order.get("killed", {}).items() if is_dead):
                if not self._ended.wait_for(lambda region=region: not self._under_way[region], _LONGEST_CALL_SECONDS):
                    raise ValueError(f"calls to {region} do not end")

    def _set_lag(self, lag):
        pairs = lag if isinstance(lag, list) else [
            {"from": a, "to": b, "seconds": lag} for a in self.regions for b in self.regions if a != b
        ]
        for pair in pairs:
            self.replication.set_lag(pair["from"], pair["to"], float(pair["seconds"]))

    def _revive(self, region):
        self.tasks.forget(region)
        self.setup.replay(region, self.emulators[region])
        self.replication.restore(region)
        self.strong.restore(region)
        self.network.set_dead(region, False)

    def describe(self):
        with self._calls_lock:
            calls = {region: dict(counter) for region, counter in self.calls.items()}
        return {
            **self.network.describe(),
            "replication": self.replication.describe(),
            "strong": self.strong.describe(),
            "faults": self.faults.describe(),
            "calls": calls,
            "runTask": list(self.tasks.calls),
            "connections": sum(len(server.connections) for servers in self.listeners.values() for server in servers),
        }


class RegionHandler(Handler):
    """One client's connection to one region."""

    def answer(self, method, body):
        call = Call(method, self.path, list(self.headers.items()), body)
        answer = self.server.front.pass_through(self.server.caller, self.server.region, call, self.connection)
        self.send_bytes(answer.status, answer.headers, answer.body)


class ControlHandler(Handler):
    def answer(self, method, body):
        if self.path != "/control" or method not in ("GET", "POST"):
            return self.send_json(404, {"message": "only /control is here"})
        try:
            if method == "POST":
                self.server.front.control(json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return self.send_json(400, {"message": f"{type(error).__name__}: {error}"})
        except EmulatorGone as error:
            return self.send_json(503, {"message": str(error)})
        self.send_json(200, self.server.front.describe())


def main():
    parser = argparse.ArgumentParser(description="one front for each region of the emulation")
    parser.add_argument("--control", type=int, default=0, metavar="PORT")
    parser.add_argument("regions", nargs="+", metavar="REGION=LISTEN:EMULATOR")
    arguments = parser.parse_args()
    ports = {}
    for text in arguments.regions:
        if not (match := re.fullmatch(r"([a-z0-9-]+)=(\d+):(\d+)", text)):
            parser.error(f"expected REGION=LISTEN:EMULATOR, got {text!r}")
        ports[match[1]] = (int(match[2]), int(match[3]))

    raise_file_limit()
    threading.stack_size(512 * 1024)
    front = Front({region: emulator for region, (_, emulator) in ports.items()})
    ready = {"regions": {}}
    for region, (listen, _) in ports.items():
        def open_listener(port, caller, region=region):
            server = Server(port, RegionHandler, front=front, region=region, caller=caller).start()
            front.listeners[region].append(server)
            return server.port
        ready["regions"][region] = {
            "any": open_listener(listen, None),
            "from": {caller: open_listener(0, caller) for caller in ports},
        }
    ready["control"] = Server(arguments.control, ControlHandler, front=front).start().port
    print(json.dumps(ready), flush=True)
    wait_for_end()


if __name__ == "__main__":
    sys.exit(main())
