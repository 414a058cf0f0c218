"""Knows eventual replication of items between regions, last writer wins; must not know how tables were created.

A write is judged by its own region alone and stamped with the time and the
region. Copies travel to every other replica after the pair's lag, wait while
the way is cut or an end is down, and lose against a younger stamp.
"""

import heapq
import itertools
import threading
import time

from front_emulator import EmulatorGone
from front_items import ItemLocks, changes_of, content_after, scan, store

_RETRY_SECONDS = 0.05
_NO_STAMP = (0, "")


class Replication:
    def __init__(self, emulators, network, schemas):
        self._emulators = emulators
        self._network = network
        self._schemas = schemas
        self._locks = {region: ItemLocks() for region in emulators}
        self._stamps = {region: {} for region in emulators}
        self._sequence = itertools.count()
        self.replicas = {}
        self.applied = 0
        self.dropped = 0
        self.failed = 0
        self._lanes = {
            (source, target): _Lane() for source in emulators for target in emulators if source != target
        }
        for source, target in self._lanes:
            threading.Thread(target=self._run_lane, args=(source, target), daemon=True).start()

    def add(self, table, regions):
        self.replicas.setdefault(table, set()).update(regions)

    def remove(self, table, region):
        self.replicas.get(table, set()).discard(region)
        if len(self.replicas.get(table, ())) < 2:
            self.replicas.pop(table, None)
        self._stamps[region] = {key: stamp for key, stamp in self._stamps[region].items() if key[0] != table}

    def set_lag(self, source, target, seconds):
        self._lanes[source, target].lag = seconds

    def wake(self):
        for lane in self._lanes.values():
            with lane.changed:
                lane.changed.notify_all()

    def describe(self):
        return {
            "tables": {table: sorted(regions) for table, regions in self.replicas.items()},
            "queued": {f"{s}>{t}": len(lane.waiting) for (s, t), lane in self._lanes.items()},
            "queuedTotal": sum(len(lane.waiting) for lane in self._lanes.values()),
            "lag": {f"{s}>{t}": lane.lag for (s, t), lane in self._lanes.items()},
            "applied": self.applied,
            "droppedByLastWriter": self.dropped,
            "failed": self.failed,
        }

    def write(self, region, call, forward):
        """Carry out a client's write and send copies of what it changed."""
        changes = changes_of(region, call.operation, call.json(), self._schemas)
        with self._locks[region].hold(change.identity for change in changes):
            answer = forward(call)
            if not answer.ok:
                return answer
            stamp = (time.time_ns(), region)
            for change in changes:
                targets = self.replicas.get(change.table, set())
                if region not in targets:
                    continue
                item = content_after(self._emulators[region], change)
                self._stamps[region][change.identity] = stamp
                for target in targets - {region}:
                    self._lanes[region, target].push(next(self._sequence), stamp, change, item)
        return answer

    def copy_table(self, table, source, target):
        """Fill a new or restored replica with what another one has."""
        for item in scan(self._emulators[source], table):
            key = self._schemas.key_of(source, table, item)
            change = changes_of(source, "PutItem", {"TableName": table, "Item": item}, self._schemas)[0]
            with self._locks[target].hold([change.identity]):
                stamp = self._stamps[source].get(change.identity, _NO_STAMP)
                if self._stamps[target].get(change.identity, _NO_STAMP) <= stamp:
                    store(self._emulators[target], table, key, item)
                    self._stamps[target][change.identity] = stamp

    def restore(self, region):
        """Give a region whose emulator lost its memory its replicas back: from a peer, then from its own unsent writes."""
        self._stamps[region] = {}
        for table, regions in list(self.replicas.items()):
            peers = [peer for peer in sorted(regions - {region}) if self._network.is_up(peer)]
            if region in regions and peers:
                self.copy_table(table, peers[0], region)
        for (source, _), lane in self._lanes.items():
            if source == region:
                for _, _, stamp, change, item in lane.snapshot():
                    self._apply(region, stamp, change, item)

    def _run_lane(self, source, target):
        lane = self._lanes[source, target]
        while True:
            entry = lane.take_due(lambda: self._network.carries(source, target))
            _, _, stamp, change, item = entry
            if target not in self.replicas.get(change.table, ()):
                continue
            try:
                if self._apply(target, stamp, change, item):
                    self.applied += 1
                else:
                    self.dropped += 1
            except EmulatorGone:
                lane.put_back(entry)
                time.sleep(_RETRY_SECONDS)

    def _apply(self, region, stamp, change, item):
        with self._locks[region].hold([change.identity]):
            if self._stamps[region].get(change.identity, _NO_STAMP) >= stamp:
                return False
            answer = store(self._emulators[region], change.table, change.key, item)
            self._stamps[region][change.identity] = stamp
            if not answer.ok:
                self.failed += 1
            return True


class _Lane:
    """The copies on their way from one region to another, by the time they are due."""

    def __init__(self):
        self.changed = threading.Condition()
        self.waiting = []
        self.lag = 0.0

    def push(self, number, stamp, change, item):
        self.put_back((time.monotonic() + self.lag, number, stamp, change, item))

    def put_back(self, entry):
        with self.changed:
            heapq.heappush(self.waiting, entry)
            self.changed.notify_all()

    def snapshot(self):
        with self.changed:
            return sorted(self.waiting)

    def take_due(self, is_open):
        with self.changed:
            while True:
                if not self.waiting:
                    self.changed.wait(60)
                elif (left := self.waiting[0][0] - time.monotonic()) > 0:
                    self.changed.wait(left)
                elif not is_open():
                    self.changed.wait(_RETRY_SECONDS)
                else:
                    return heapq.heappop(self.waiting)
