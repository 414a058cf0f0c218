"""Knows which region is down and which region can reach which; must not know what a request means.

A request that comes from inside region A and goes to region B needs the way
A -> B. A one-way cut of B -> A does not stop it; it stops what B sends to A,
which is B's requests to A and the replication of B's tables to A.
"""

import threading
import time

from wire import DropConnection, peer_is_gone

LONGEST_HANG_SECONDS = 120.0


class Network:
    def __init__(self, regions):
        self.regions = list(regions)
        self.changed = threading.Condition()
        self._down = set()
        self._dead = set()
        self._cuts = set()
        self._closes = False

    def set_down(self, regions):
        """The control's switch: the region is unreachable and keeps its state."""
        self._update("_down", set(regions))

    def set_dead(self, region, is_dead):
        """The rig's switch: the process behind the region was killed."""
        self._update("_dead", self._dead | {region} if is_dead else self._dead - {region})

    def set_cuts(self, pairs, closes):
        self._closes = closes
        self._update("_cuts", {(source, target) for source, target in pairs})

    def _update(self, name, value):
        with self.changed:
            setattr(self, name, value)
            self.changed.notify_all()

    def is_up(self, region):
        return region not in self._down and region not in self._dead

    def has_way(self, source, target):
        """Whether anything sent by `source` arrives at `target`, both being up."""
        return source == target or (source, target) not in self._cuts

    def carries(self, source, target):
        """Whether `source` and `target` are up and the way between them is open."""
        return self.is_up(source) and self.is_up(target) and self.has_way(source, target)

    def pass_or_hang(self, caller, target, connection):
        """Let a request pass, or treat it as the network would: close it, or never answer it.

        `caller` is None for requests that come from nowhere in particular.
        A cut hangs a request until its client gives up, unless it is told to close.
        """
        if not self.is_up(target):
            raise DropConnection
        if caller is None or self.has_way(caller, target):
            return
        deadline = time.monotonic() + LONGEST_HANG_SECONDS
        while not self._closes and time.monotonic() < deadline and self.is_up(target):
            if peer_is_gone(connection):
                break
            with self.changed:
                self.changed.wait(0.2)
        raise DropConnection

    def describe(self):
        return {
            "down": sorted(self._down),
            "killed": sorted(self._dead),
            "cut": sorted(map(list, self._cuts)),
            "cutMode": "close" if self._closes else "hang",
        }
