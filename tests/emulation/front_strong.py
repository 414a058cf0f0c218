"""Knows tables that are strongly consistent across regions; must not know eventual replication.

A write is judged once and stands in all reachable replicas before its answer.
A region that cannot reach most of the replicas (a witness counts as one) can
neither write nor read consistently. A write that meets a write of the same
item from another region is refused. Transactions and time to live are refused.
"""

import threading
import time

from front_emulator import EmulatorGone, error_answer
from front_items import changes_of, content_after, scan, store, table_name

CONSISTENT_READS = {"GetItem", "Query", "Scan", "BatchGetItem"}
_PREFIX = "com.amazonaws.dynamodb.v20120810#"


def _no_quorum():
    return error_answer(
        _PREFIX + "InternalServerError", "The request could not be carried out by most of the replicas.", 500
    )


class StrongTables:
    def __init__(self, emulators, network, schemas):
        self._emulators = emulators
        self._network = network
        self._schemas = schemas
        self._gate = threading.Condition()
        self._writers = {}
        self._missed = {region: {} for region in emulators}
        self._missed_lock = threading.RLock()
        self.replicas = {}
        self.witnesses = {}
        self.round_trip = 0.0
        self.refusal_delay = 0.0
        self.conflicts = 0

    def add(self, table, regions, witness=None):
        self.replicas.setdefault(table, set()).update(regions)
        if witness:
            self.witnesses[table] = witness

    def remove(self, table, region):
        self.replicas.get(table, set()).discard(region)
        if not self.replicas.get(table):
            self.replicas.pop(table, None)
            self.witnesses.pop(table, None)

    def describe(self):
        return {
            "tables": {table: sorted(regions) for table, regions in self.replicas.items()},
            "roundTrip": self.round_trip,
            "refusalDelay": self.refusal_delay,
            "conflicts": self.conflicts,
            "missed": {region: len(missed) for region, missed in self._missed.items()},
        }

    def _linked(self, one, other):
        return self._network.carries(one, other) and self._network.carries(other, one)

    def _has_quorum(self, region, table):
        replicas = self.replicas[table]
        reached = {peer for peer in replicas if peer == region or self._linked(region, peer)}
        votes, members = len(reached), len(replicas)
        if witness := self.witnesses.get(table):
            members += 1
            is_known = witness in self._emulators
            votes += self._linked(region, witness) if is_known else len(reached) > 1 or not self._is_cut_off(region)
        return votes * 2 > members

    def _is_cut_off(self, region):
        """Whether a region reaches no other, so that it cannot reach an outside witness either."""
        return not any(self._linked(region, other) for other in self._emulators if other != region)

    def write(self, region, call, forward):
        if call.operation == "TransactWriteItems":
            return error_answer(
                _PREFIX + "ValidationException",
                "Transactional operations are not supported on global tables with multi-Region strong consistency.",
            )
        changes = changes_of(region, call.operation, call.json(), self._schemas)
        tables = {change.table for change in changes} & set(self.replicas)
        if not all(self._has_quorum(region, table) for table in tables):
            time.sleep(self.refusal_delay)
            return _no_quorum()
        identities = {change.identity for change in changes}
        if not self._enter(region, identities):
            self.conflicts += 1
            return error_answer(
                _PREFIX + "ReplicatedWriteConflictException",
                "One or more items in this request are being modified by a request in another Region.",
            )
        try:
            time.sleep(self.round_trip)
            self.catch_up(region)
            answer = forward(call)
            if answer.ok:
                for change in changes:
                    if change.table in tables:
                        self._spread(region, change)
            return answer
        finally:
            self._leave(identities)

    def read(self, region, call, forward):
        parameters = call.json()
        requests = parameters.get("RequestItems") or {parameters.get("TableName", ""): parameters}
        strong = [
            table_name(name) for name, request in requests.items()
            if request.get("ConsistentRead") and table_name(name) in self.replicas
        ]
        if not all(self._has_quorum(region, table) for table in strong):
            time.sleep(self.refusal_delay)
            return _no_quorum()
        self.catch_up(region)
        return forward(call)

    def _enter(self, region, identities):
        """Wait for writes of the same items from the same region; give way to those from another."""
        with self._gate:
            while True:
                holders = {self._writers[i] for i in identities if i in self._writers}
                if holders - {region}:
                    return False
                if not holders:
                    break
                self._gate.wait(5)
            self._writers.update(dict.fromkeys(identities, region))
            return True

    def _leave(self, identities):
        with self._gate:
            for identity in identities:
                self._writers.pop(identity, None)
            self._gate.notify_all()

    def _spread(self, region, change):
        item = content_after(self._emulators[region], change)
        for peer in self.replicas[change.table] - {region}:
            with self._missed_lock:
                if self._linked(region, peer):
                    try:
                        self.catch_up(peer)
                        store(self._emulators[peer], change.table, change.key, item)
                        continue
                    except EmulatorGone:
                        pass
                self._missed[peer][change.identity] = (change, item)

    def catch_up(self, region):
        """Bring a replica that rejoined the others up to date."""
        if not self._missed[region]:
            return
        with self._missed_lock:
            for identity, (change, item) in list(self._missed[region].items()):
                peers = self.replicas.get(change.table, set()) - {region}
                if peers and not any(self._linked(region, peer) for peer in peers):
                    continue
                store(self._emulators[region], change.table, change.key, item)
                del self._missed[region][identity]

    def heal(self):
        """Called when cuts or outages changed: replicas that are back catch up."""
        for region in self._emulators:
            if self._network.is_up(region):
                try:
                    self.catch_up(region)
                except EmulatorGone:
                    pass

    def restore(self, region):
        """Fill the replicas of a region whose emulator lost its memory from a peer."""
        for table, regions in list(self.replicas.items()):
            peers = [peer for peer in sorted(regions - {region}) if self._network.is_up(peer)]
            if region in regions and peers:
                for item in scan(self._emulators[peers[0]], table):
                    store(self._emulators[region], table, self._schemas.key_of(peers[0], table, item), item)
        self._missed[region].clear()
