"""Knows the documented rules of ECS RunTask that the emulator leaves out; must not know tables, cuts or faults.

Added here: idempotency by client token within a region and a cluster, limits
of the parameters, the network configuration that Fargate and awsvpc need, and
the refusal of clusters that do not exist.
"""

import json
import threading
import time

from front_emulator import error_answer, json_answer

NEEDS_CLUSTER = {"RunTask", "StopTask", "DescribeTasks", "ListTasks"}
_TOKEN_SECONDS = 24 * 3600
_CLUSTER_SECONDS = 2.0


def _error(code, message, **more):
    return error_answer(code, message, version="1.1", **more)


def cluster_name(parameters):
    return (parameters.get("cluster") or "default").rsplit("/", 1)[-1]


class TaskRules:
    def __init__(self, emulators):
        self._emulators = emulators
        self._lock = threading.Lock()
        self._tokens = {}
        self._seen_clusters = {}
        self.calls = []

    def forget(self, region):
        """The region's emulator lost its tasks, so their tokens mean nothing any more."""
        with self._lock:
            self._tokens = {key: slot for key, slot in self._tokens.items() if key[0] != region}
            self._seen_clusters = {key: seen for key, seen in self._seen_clusters.items() if key[0] != region}

    def handle(self, region, call, forward):
        parameters = call.json()
        if not self._has_cluster(region, cluster_name(parameters)):
            return _error("ClusterNotFoundException", "Cluster not found.")
        if call.operation == "DescribeTasks" and not 1 <= len(parameters.get("tasks") or []) <= 100:
            return _error("InvalidParameterException", "Tasks must be between 1 and 100.")
        if call.operation != "RunTask":
            return forward(call)
        record = {
            "region": region,
            "cluster": cluster_name(parameters),
            "token": parameters.get("clientToken"),
            "startedBy": parameters.get("startedBy"),
            "at": time.time(),
            "accepted": False,
            "repeated": False,
            "status": None,
            "error": None,
            "tasks": [],
        }
        with self._lock:
            self.calls.append(record)
        answer = self._refusal(region, parameters) or self._run_once(region, call, parameters, forward, record)
        result = answer.json()
        record["status"] = answer.status
        record["error"] = result.get("__type")
        record["tasks"] = [task["taskArn"] for task in result.get("tasks", [])]
        record["accepted"] = bool(record["tasks"])
        return answer

    def note_injected(self, region, call, answer):
        """Remember a RunTask call that an injected answer kept from the emulator."""
        parameters = call.json()
        with self._lock:
            self.calls.append({
                "region": region,
                "cluster": cluster_name(parameters),
                "token": parameters.get("clientToken"),
                "startedBy": parameters.get("startedBy"),
                "at": time.time(),
                "accepted": False,
                "repeated": False,
                "status": answer.status,
                "error": answer.json().get("__type") or "injected",
                "tasks": [],
            })

    def _has_cluster(self, region, name):
        key = (region, name)
        if time.monotonic() - self._seen_clusters.get(key, -9e9) < _CLUSTER_SECONDS:
            return True
        answer = self._emulators[region].ecs("DescribeClusters", {"clusters": [name]})
        found = any(c.get("status") == "ACTIVE" for c in answer.json().get("clusters", []))
        if found:
            self._seen_clusters[key] = time.monotonic()
        return found

    def _refusal(self, region, parameters):
        count = parameters.get("count", 1)
        if not isinstance(count, int) or not 1 <= count <= 10:
            return _error("InvalidParameterException", "count must be between 1 and 10.")
        if len(parameters.get("clientToken") or "") > 64:
            return _error("InvalidParameterException", "clientToken must be at most 64 characters.")
        if len(parameters.get("startedBy") or "") > 128:
            return _error("InvalidParameterException", "startedBy must be at most 128 characters.")
        awsvpc = (parameters.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
        if not awsvpc.get("subnets") and self._needs_network(region, parameters):
            return _error(
                "InvalidParameterException",
                "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
            )
        return None

    def _needs_network(self, region, parameters):
        providers = {s.get("capacityProvider") for s in parameters.get("capacityProviderStrategy") or []}
        if parameters.get("launchType") == "FARGATE" or providers & {"FARGATE", "FARGATE_SPOT"}:
            return True
        reference = {"taskDefinition": parameters.get("taskDefinition", "")}
        answer = self._emulators[region].ecs("DescribeTaskDefinition", reference)
        return answer.ok and answer.json()["taskDefinition"].get("networkMode") == "awsvpc"

    def _run_once(self, region, call, parameters, forward, record):
        token = parameters.get("clientToken")
        if not token:
            return forward(call)
        key = (region, cluster_name(parameters), token)
        with self._lock:
            slot = self._tokens.setdefault(key, {"lock": threading.Lock(), "answer": None})
        compared = {name: value for name, value in parameters.items() if name not in ("clientToken", "cluster")}
        signature = json.dumps(compared, sort_keys=True)
        with slot["lock"]:
            if slot["answer"] is not None and time.monotonic() - slot["at"] < _TOKEN_SECONDS:
                if slot["signature"] != signature:
                    return _error(
                        "ConflictException",
                        "The RunTask request could not be processed due to conflicts. The provided clientToken "
                        "is already in use with a different RunTask request.",
                        resourceIds=slot["arns"],
                    )
                record["repeated"] = True
                return slot["answer"]
            answer = forward(call)
            if answer.ok and answer.json().get("tasks"):
                slot.update(
                    answer=json_answer(200, answer.json(), "1.1"),
                    arns=[task["taskArn"] for task in answer.json()["tasks"]],
                    signature=signature,
                    at=time.monotonic(),
                )
            return answer
