"""Knows how replicas of a table are added, described and removed; must not know how items travel.

UpdateTable with ReplicaUpdates makes the same table in the other regions'
emulators; from then on DescribeTable names the other replicas as ACTIVE, the
way DynamoDB's global tables (version 2019.11.21) do.
"""

import time

from front_emulator import Call, error_answer, json_answer
from front_items import scan, table_name

VERSION = "2019.11.21"
_PREFIX = "com.amazonaws.dynamodb.v20120810#"
_ACTIVE_SECONDS = 10.0


def _invalid(message):
    return error_answer(_PREFIX + "ValidationException", message)


class GlobalTables:
    def __init__(self, emulators, network, replication, strong, setup):
        self._emulators = emulators
        self._network = network
        self._replication = replication
        self._strong = strong
        self._setup = setup

    def _replicas(self, table):
        return self._strong.replicas.get(table) or self._replication.replicas.get(table) or set()

    def _table(self, region, table):
        answer = self._emulators[region].dynamodb("DescribeTable", {"TableName": table})
        return answer, answer.json().get("Table")

    def decorate(self, region, description, status="ACTIVE"):
        """Add the replicas to a table's description."""
        table = description["TableName"]
        others = sorted(self._replicas(table) - {region})
        if others:
            description["GlobalTableVersion"] = VERSION
            description["Replicas"] = [{"RegionName": other, "ReplicaStatus": status} for other in others]
            is_strong = table in self._strong.replicas
            description["MultiRegionConsistency"] = "STRONG" if is_strong else "EVENTUAL"
            if is_strong and (witness := self._strong.witnesses.get(table)):
                description["GlobalTableWitnesses"] = [{"RegionName": witness, "WitnessStatus": status}]
        return description

    def describe(self, region, answer):
        if not answer.ok:
            return answer
        body = answer.json()
        self.decorate(region, body["Table"])
        return json_answer(200, body)

    def update_time_to_live(self, region, call, forward):
        table = table_name(call.json().get("TableName", ""))
        if table in self._strong.replicas:
            return _invalid("Time to Live is not supported on global tables with multi-Region strong consistency.")
        answer = forward(call)
        if answer.ok:
            for peer in self._replicas(table) - {region}:
                if self._network.carries(region, peer):
                    self._emulators[peer].dynamodb("UpdateTimeToLive", {**call.json(), "TableName": table})
                    self._setup.note(peer, call)
        return answer

    def delete(self, region, call, forward):
        table = table_name(call.json().get("TableName", ""))
        answer = forward(call)
        if answer.ok:
            self._replication.remove(table, region)
            self._strong.remove(table, region)
        return answer

    def update(self, region, call):
        """Carry out an UpdateTable that has ReplicaUpdates."""
        parameters = call.json()
        table = table_name(parameters.get("TableName", ""))
        answer, description = self._table(region, table)
        if description is None:
            return answer
        creates = [update["Create"]["RegionName"] for update in parameters["ReplicaUpdates"] if "Create" in update]
        deletes = [update["Delete"]["RegionName"] for update in parameters["ReplicaUpdates"] if "Delete" in update]
        witnesses = [
            update["Create"]["RegionName"] for update in parameters.get("GlobalTableWitnessUpdates", [])
            if "Create" in update
        ]
        is_strong = parameters.get("MultiRegionConsistency") == "STRONG" or table in self._strong.replicas
        refusal = self._refusal(region, table, creates, deletes, witnesses, is_strong)
        if refusal:
            return refusal
        for target in creates:
            made = self._create(target, description)
            if not made.ok:
                return made
            if is_strong:
                self._strong.add(table, {region, target}, *witnesses)
            else:
                self._replication.add(table, {region, target})
                self._replication.copy_table(table, region, target)
        for target in deletes:
            self._emulators[target].dynamodb("DeleteTable", {"TableName": table})
            self._replication.remove(table, target)
            self._strong.remove(table, target)
        self.decorate(region, description, "CREATING")
        description["TableStatus"] = "UPDATING"
        return json_answer(200, {"TableDescription": description})

    def _refusal(self, region, table, creates, deletes, witnesses, is_strong):
        replicas = self._replicas(table)
        if region in creates + deletes:
            return _invalid("Cannot add, delete, or update the local region through ReplicaUpdates.")
        for target in creates + deletes:
            if target not in self._emulators:
                return _invalid(f"Unsupported region: {target}")
            if not self._network.carries(region, target):
                return error_answer(_PREFIX + "InternalServerError", f"{target} cannot be reached.", 500)
        for target in creates:
            if target in replicas or self._table(target, table)[1] is not None:
                return _invalid(
                    f"Failed to create a the new replica of table with name: '{table}' because one or more "
                    "replicas already existed as tables."
                )
        if missing := [target for target in deletes if target not in replicas]:
            return _invalid(f"Replica of {table} was not found in {missing[0]}.")
        if is_strong and creates:
            if len(replicas | {region} | set(creates)) + len(witnesses) != 3:
                return _invalid(
                    "A table with multi-Region strong consistency needs three replicas, or two and a witness."
                )
            if any(True for _ in scan(self._emulators[region], table)):
                return _invalid("A table must be empty to become one with multi-Region strong consistency.")
        return None

    def _create(self, region, description):
        """Make the table of a description in another region's emulator."""
        wanted = {
            name: description[name] for name in ("TableName", "KeySchema", "AttributeDefinitions")
        }
        billing = (description.get("BillingModeSummary") or {}).get("BillingMode", "PROVISIONED")
        wanted["BillingMode"] = billing
        if billing == "PROVISIONED":
            wanted["ProvisionedThroughput"] = _throughput(description)
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            if indexes := description.get(kind):
                wanted[kind] = [_index(index, kind, billing) for index in indexes]
        if stream := description.get("StreamSpecification"):
            wanted["StreamSpecification"] = stream
        answer = self._emulators[region].dynamodb("CreateTable", wanted)
        if answer.ok:
            self._setup.note(region, _create_call(wanted))
            deadline = time.monotonic() + _ACTIVE_SECONDS
            while time.monotonic() < deadline:
                table = self._table(region, wanted["TableName"])[1]
                if table and table["TableStatus"] == "ACTIVE":
                    break
                time.sleep(0.05)
        return answer


def _throughput(described):
    units = described.get("ProvisionedThroughput") or {}
    return {name: units.get(name) or 5 for name in ("ReadCapacityUnits", "WriteCapacityUnits")}


def _index(described, kind, billing):
    index = {name: described[name] for name in ("IndexName", "KeySchema", "Projection")}
    if kind == "GlobalSecondaryIndexes" and billing == "PROVISIONED":
        index["ProvisionedThroughput"] = _throughput(described)
    return index


def _create_call(wanted):
    """The call that makes the table again after its emulator was killed."""
    headers = [
        ("X-Amz-Target", "DynamoDB_20120810.CreateTable"),
        ("Content-Type", "application/x-amz-json-1.0"),
    ]
    return Call("POST", "/", headers, b"").with_json(wanted)
