"""Knows the answers that a test asked to inject and how many are left; must not know how requests are forwarded."""

import json
import threading
import time

from front_emulator import Answer
from wire import DropConnection

CAPACITY_REASON = (
    "Capacity is unavailable at this time. Please try again later or in a different availability zone"
)
_FIELDS = {"region", "caller", "target", "count", "delay", "status", "body", "answer", "drop"}


def _ready_made(name, region):
    """The answers that tests ask for by name."""
    if name == "capacity":
        arn = f"arn:aws:ecs:{region}:000000000000:container-instance/unavailable"
        return 200, {"tasks": [], "failures": [{"arn": arn, "reason": CAPACITY_REASON}]}
    if name == "throttle":
        return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
    if name == "serverError":
        return 500, {"__type": "InternalServerError", "message": "The service failed for an unknown reason"}
    raise ValueError(f"a fault's answer must be capacity, throttle or serverError, not {name!r}")


class Faults:
    def __init__(self):
        self._lock = threading.Lock()
        self._faults = []

    def replace(self, faults):
        for fault in faults:
            if unknown := set(fault) - _FIELDS:
                raise ValueError(f"unknown fields of a fault: {sorted(unknown)}")
            if "target" not in fault:
                raise ValueError("a fault needs a target")
            if fault.get("drop") not in (None, "before", "after"):
                raise ValueError("a fault's drop must be before or after")
            if "answer" in fault:
                _ready_made(fault["answer"], "")
        with self._lock:
            self._faults = [dict(fault, hits=0) for fault in faults]

    def describe(self):
        with self._lock:
            return [dict(fault) for fault in self._faults]

    def _take(self, region, caller, target):
        with self._lock:
            for fault in self._faults:
                count = fault.get("count")
                if count is not None and fault["hits"] >= count:
                    continue
                if fault.get("region", region) != region or fault.get("caller", caller) != caller:
                    continue
                if fault["target"] != "*" and not target.endswith(fault["target"]):
                    continue
                fault["hits"] += 1
                return dict(fault)
        return None

    def meet(self, region, caller, call):
        """Apply the first fault that fits a call.

        Returns (answer, loses_answer): an injected answer or None, and whether
        the true answer has to be lost after the call was carried out.
        """
        fault = self._take(region, caller, call.target)
        if fault is None:
            return None, False
        time.sleep(fault.get("delay") or 0)
        if fault.get("drop") == "before":
            raise DropConnection
        if "answer" in fault:
            status, body = _ready_made(fault["answer"], region)
        elif "status" in fault:
            status, body = fault["status"], fault.get("body", {})
        else:
            return None, fault.get("drop") == "after"
        kind = next((v for n, v in call.headers if n.lower() == "content-type"), "application/json")
        return Answer(status, [("Content-Type", kind)], json.dumps(body).encode()), False
