"""Knows which calls set a region up and how to make them again after its emulator was killed; must not know items or messages.

After a kill that kept nothing the region gets its queues, clusters, task
definitions, buckets and tables back from here; messages and tasks are gone.
"""

import threading

SETUP_OPERATIONS = {
    "CreateQueue", "SetQueueAttributes", "TagQueue", "DeleteQueue",
    "CreateCluster", "PutClusterCapacityProviders", "DeleteCluster",
    "RegisterTaskDefinition", "DeregisterTaskDefinition",
    "CreateTable", "UpdateTable", "UpdateTimeToLive", "DeleteTable",
}


class Setup:
    def __init__(self):
        self._lock = threading.Lock()
        self._calls = {}

    def note(self, region, call):
        is_bucket = call.method in ("PUT", "DELETE") and call.path.strip("/").count("/") == 0 and not call.service
        if call.operation in SETUP_OPERATIONS or (is_bucket and call.path.strip("/")):
            with self._lock:
                calls = self._calls.setdefault(region, [])
                if not _repeats(calls, call):
                    calls.append(call)

    def replay(self, region, emulator):
        """Make the calls again in their order; returns how many the emulator accepted."""
        with self._lock:
            calls = list(self._calls.get(region, []))
        return sum(emulator.send(_unsigned(call)).status < 300 for call in calls)


def _unsigned(call):
    """Without a signature the emulator takes its own region, whichever region the call was first made in."""
    return call._replace(headers=[(n, v) for n, v in call.headers if n.lower() != "authorization"])


def _repeats(calls, call):
    """Whether the same call was made before and nothing was deleted since."""
    if call.operation == "RegisterTaskDefinition":
        return False
    for earlier in reversed(calls):
        if (earlier.method, earlier.path, earlier.target, earlier.body) == (call.method, call.path, call.target, call.body):
            return True
        if earlier.operation.startswith("De"):
            return False
    return False
