"""Knows which items a DynamoDB request writes and how to copy an item; must not know regions' links or modes."""

import json
import threading
import zlib
from typing import NamedTuple

WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}
UNSUPPORTED = {"ExecuteStatement", "ExecuteTransaction", "BatchExecuteStatement"}
READ_BACK = object()
_STRIPES = 64


class Change(NamedTuple):
    """One item that a request writes: its new content, None when deleted, READ_BACK when only the table knows."""

    table: str
    key: dict
    item: object

    @property
    def identity(self):
        return self.table, json.dumps(self.key, sort_keys=True)


def table_name(text):
    """A table's name from its name or its ARN."""
    return text.rsplit("table/", 1)[-1].split("/")[0]


class KeySchemas:
    """The key attributes of every table, asked once from the emulator."""

    def __init__(self, emulators):
        self._emulators = emulators
        self._names = {}

    def forget(self, table):
        self._names.pop(table, None)

    def key_of(self, region, table, item):
        names = self._names.get(table)
        if names is None:
            answer = self._emulators[region].dynamodb("DescribeTable", {"TableName": table})
            if not answer.ok:
                return {}
            names = [part["AttributeName"] for part in answer.json()["Table"]["KeySchema"]]
            self._names[table] = names
        return {name: item.get(name) for name in names}


def tables_of(operation, parameters):
    """The tables that a write names, found without asking anyone."""
    if operation == "BatchWriteItem":
        return {table_name(name) for name in parameters.get("RequestItems", {})}
    if operation == "TransactWriteItems":
        actions = (action for entry in parameters.get("TransactItems", []) for action in entry.values())
        return {table_name(action["TableName"]) for action in actions}
    return {table_name(parameters.get("TableName", ""))}


def changes_of(region, operation, parameters, schemas):
    """Every item that a write would change, before it is judged."""
    def put(name, item):
        table = table_name(name)
        return Change(table, schemas.key_of(region, table, item), item)

    def delete(name, key):
        return Change(table_name(name), key, None)

    def update(name, key):
        return Change(table_name(name), key, READ_BACK)

    if operation == "PutItem":
        return [put(parameters["TableName"], parameters["Item"])]
    if operation == "UpdateItem":
        return [update(parameters["TableName"], parameters["Key"])]
    if operation == "DeleteItem":
        return [delete(parameters["TableName"], parameters["Key"])]
    changes = []
    if operation == "BatchWriteItem":
        for name, requests in parameters["RequestItems"].items():
            for request in requests:
                if "PutRequest" in request:
                    changes.append(put(name, request["PutRequest"]["Item"]))
                else:
                    changes.append(delete(name, request["DeleteRequest"]["Key"]))
        return changes
    # A transaction that is repeated with its token succeeds without writing, so only the table knows its content.
    for entry in parameters["TransactItems"]:
        for kind, action in entry.items():
            if kind == "Put":
                changes.append(put(action["TableName"], action["Item"])._replace(item=READ_BACK))
            elif kind in ("Update", "Delete"):
                changes.append(update(action["TableName"], action["Key"]))
    return changes


def content_after(emulator, change):
    """The item's content once its write has been accepted."""
    if change.item is not READ_BACK:
        return change.item
    return read_item(emulator, change.table, change.key)


def read_item(emulator, table, key):
    answer = emulator.dynamodb("GetItem", {"TableName": table, "Key": key, "ConsistentRead": True})
    return answer.json().get("Item") if answer.ok else None


def store(emulator, table, key, item):
    """Make a replica's item equal to `item`, whatever it was."""
    if item is None:
        return emulator.dynamodb("DeleteItem", {"TableName": table, "Key": key})
    return emulator.dynamodb("PutItem", {"TableName": table, "Item": item})


def scan(emulator, table):
    """All items of a table."""
    start = {}
    while True:
        page = emulator.dynamodb("Scan", {"TableName": table, "ConsistentRead": True, **start}).json()
        yield from page.get("Items", [])
        if not page.get("LastEvaluatedKey"):
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


class ItemLocks:
    """Locks for the items of one region; a request takes all of its own in one order."""

    def __init__(self):
        self._stripes = [threading.Lock() for _ in range(_STRIPES)]

    def hold(self, identities):
        return _Held([self._stripes[i] for i in sorted({_stripe(identity) for identity in identities})])


def _stripe(identity):
    return zlib.crc32(repr(identity).encode()) % _STRIPES


class _Held:
    def __init__(self, locks):
        self._locks = locks

    def __enter__(self):
        for lock in self._locks:
            lock.acquire()

    def __exit__(self, *_):
        for lock in reversed(self._locks):
            lock.release()
