"""Knows the rules that the emulation promises and checks every one of them from outside; must not know how they are kept.

Usage: check_rig.py [PART]...       run it with the Python that ./install made

Starts a rig of its own and needs no other service. Ends with status 1 and one
message at the first rule that does not hold. With names, only checks whose
names contain one of them run.
"""

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import uuid
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from wire import Handler, Server

HERE = pathlib.Path(__file__).resolve().parent
US, EU, AP = "us-east-1", "eu-west-1", "ap-southeast-1"
REGIONS = [US, EU, AP]
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-12345678"]}}
CHECKS = []


class Broken(Exception):
    """A promised rule does not hold."""


def check(function):
    CHECKS.append(function)
    return function


def expect(condition, message):
    if not condition:
        raise Broken(message)


def until(condition, message, seconds=10.0):
    """Wait until a condition gives something true, and return it."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise Broken(f"{message} (waited {seconds} s)")
        time.sleep(0.05)
    return value


def refused(code, function, **parameters):
    """Expect a call to fail with a code, and return the error's answer."""
    try:
        function(**parameters)
    except ClientError as error:
        expect(error.response["Error"]["Code"].rsplit("#", 1)[-1] == code,
               f"expected {code}, got {error.response['Error']}")
        return error.response
    raise Broken(f"expected {code}, but the call succeeded")


def ask(method, url, body=None, headers=None, timeout=20):
    """One HTTP request. Returns (status, headers, JSON or text)."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    try:
        target = parts.path + ("?" + parts.query if parts.query else "")
        connection.request(method, target, json.dumps(body) if body is not None else None, headers or {})
        response = connection.getresponse()
        text = response.read()
        try:
            value = json.loads(text or b"null")
        except ValueError:
            value = text.decode(errors="replace")
        return response.status, {name.lower(): v for name, v in response.getheaders()}, value
    finally:
        connection.close()


class Receiver(Handler):
    """Where webhooks arrive: remembers them, and answers what it is told to."""

    def answer(self, method, body):
        wanted = "sha256=" + hmac.new(self.server.secret, body, hashlib.sha256).hexdigest()
        self.server.seen.append({
            "guid": self.headers["X-GitHub-Delivery"],
            "event": self.headers["X-GitHub-Event"],
            "isSigned": hmac.compare_digest(wanted, self.headers["X-Hub-Signature-256"]),
            "payload": json.loads(body),
        })
        self.send_json(self.server.status, {})


class World:
    """A running rig with what the checks need to talk to it."""

    def __init__(self, directory, regions=REGIONS):
        command = [sys.executable, str(HERE / "rig.py"), "--dir", str(directory), "--organization", "acme"]
        for region in regions:
            command += ["--region", region]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        expect(line, "the rig did not start")
        self.ready = json.loads(line)
        self.clients = {}

    def client(self, service, region, caller=None, read_timeout=10):
        key = (service, region, caller, read_timeout)
        if key not in self.clients:
            addresses = self.ready["regions"][region]
            self.clients[key] = boto3.client(
                service, region_name=region, aws_access_key_id="test", aws_secret_access_key="test",
                endpoint_url=addresses["from"][caller] if caller else addresses["endpoint"],
                config=Config(retries={"total_max_attempts": 1}, read_timeout=read_timeout, max_pool_connections=250),
            )
        return self.clients[key]

    def control(self, **order):
        status, _, state = ask("POST", self.ready["control"], order)
        expect(status == 200, f"control refused {order}: {state}")
        return state

    def state(self):
        return ask("GET", self.ready["control"])[2]

    def command(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        expect(answer["ok"], f"the rig refused {order}: {answer}")
        return answer

    def end(self):
        self.process.stdin.close()
        self.process.wait(15)

    def call_and_vanish(self, region, target, body, after):
        """Send a request, and close the connection without waiting for its answer."""
        address, body = urlsplit(self.ready["regions"][region]["endpoint"]), json.dumps(body).encode()
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: %s\r\nContent-Type: application/x-amz-json-1.0\r\n"
                               b"Content-Length: %d\r\n\r\n%s" % (target.encode(), len(body), body))
            time.sleep(after)

    # DynamoDB in few words

    def make_table(self, name, *others, region=US, **more):
        table = self.client("dynamodb", region)
        table.create_table(
            TableName=name, KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "owner", "AttributeType": "S"}],
            GlobalSecondaryIndexes=[{
                "IndexName": "byOwner", "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }],
            BillingMode="PAY_PER_REQUEST",
        )
        until(lambda: table.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE", f"{name} is not active")
        if others:
            table.update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": o}} for o in others], **more)

    def put(self, region, table, key, value, caller=None, **more):
        self.client("dynamodb", region, caller).put_item(TableName=table, Item={"pk": {"S": key}, "v": {"S": value}}, **more)

    def get(self, region, table, key, **more):
        item = self.client("dynamodb", region).get_item(TableName=table, Key={"pk": {"S": key}}, **more).get("Item")
        return item and item["v"]["S"]

    def everywhere(self, table, key):
        return [self.get(region, table, key) for region in REGIONS]

    # ECS in few words

    def prepare_tasks(self, region):
        tasks = self.client("ecs", region)
        tasks.create_cluster(clusterName="runners")
        tasks.register_task_definition(
            family="runner", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[{"name": "runner", "image": "runner:1", "essential": True, "memory": 128}])
        return tasks

    def launch(self, region, token=None, environment=None, caller=None, **more):
        overrides = {"containerOverrides": [{
            "name": "runner",
            "environment": [{"name": name, "value": value} for name, value in (environment or {}).items()],
        }]}
        parameters = {"cluster": "runners", "taskDefinition": "runner", "launchType": "FARGATE",
                      "networkConfiguration": NETWORK, "overrides": overrides, **more}
        if token:
            parameters["clientToken"] = token
        return self.client("ecs", region, caller).run_task(**{n: v for n, v in parameters.items() if v is not None})

    def task(self, region, arn):
        return self.client("ecs", region).describe_tasks(cluster="runners", tasks=[arn])["tasks"][0]

    def stopped(self, region, arn, seconds=10.0):
        return until(lambda: (task := self.task(region, arn))["lastStatus"] == "STOPPED" and task, f"{arn} did not stop", seconds)

    # GitHub in few words

    def github(self, method, path, body=None, token=None, timeout=20):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return ask(method, self.ready["github"] + path, body, headers, timeout)

    def app_token(self, **claims):
        def part(value):
            return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
        now = int(time.time())
        claims = {"iat": now - 60, "exp": now + 540, "iss": str(self.ready["appId"]), **claims}
        return f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{part(claims)}.c2lnbmF0dXJl"

    def installation_token(self):
        status, _, installation = self.github("GET", "/orgs/acme/installation", token=self.app_token())
        expect(status == 200, f"no installation of acme: {installation}")
        status, _, answer = self.github("POST", f"/app/installations/{installation['id']}/access_tokens", {}, self.app_token())
        expect(status == 201, f"no token: {answer}")
        return answer["token"]

    def register(self, token, name, labels=("self-hosted", "linux")):
        body = {"name": name, "runner_group_id": 1, "labels": list(labels), "work_folder": "_work"}
        return self.github("POST", "/orgs/acme/actions/runners/generate-jitconfig", body, token)

    def stub_state(self):
        return self.github("GET", "/stub/state")[2]

    def job(self, number):
        return next(job for job in self.stub_state()["jobs"] if job["id"] == number)

    def receiver(self, status=200):
        server = Server(0, Receiver, secret=self.ready["webhookSecret"].encode(), seen=[], status=status).start()
        server.url = f"http://127.0.0.1:{server.port}/webhook"
        return server


@check
def provisioning_adds_replicas(world):
    world.make_table("made", EU)
    world.put(US, "made", "early", "1")
    world.client("dynamodb", EU).update_table(TableName="made", ReplicaUpdates=[{"Create": {"RegionName": AP}}])
    for region in REGIONS:
        table = world.client("dynamodb", region).describe_table(TableName="made")["Table"]
        replicas = {replica["RegionName"]: replica["ReplicaStatus"] for replica in table["Replicas"]}
        expect(replicas == dict.fromkeys(set(REGIONS) - {region}, "ACTIVE"), f"replicas in {region}: {replicas}")
        expect(table["GlobalSecondaryIndexes"][0]["IndexName"] == "byOwner", f"no index in {region}")
    until(lambda: world.everywhere("made", "early") == ["1"] * 3, "items from before the replica were not copied")
    refused("ValidationException", world.client("dynamodb", US).update_table,
            TableName="made", ReplicaUpdates=[{"Create": {"RegionName": EU}}])


@check
def last_writer_wins_after_the_lag(world):
    world.make_table("claims", EU, AP)
    world.control(lag=1.0)
    for region in (US, EU):
        world.put(region, "claims", "j1", region, ConditionExpression="attribute_not_exists(pk)")
    expect(world.everywhere("claims", "j1") == [US, EU, None], "both conditional writes must win before the lag")
    until(lambda: world.everywhere("claims", "j1") == [EU] * 3, "the last writer did not win")
    expect(world.state()["replication"]["droppedByLastWriter"] >= 1, "no older copy was dropped")
    refused("ConditionalCheckFailedException", world.client("dynamodb", AP).put_item, TableName="claims",
            Item={"pk": {"S": "j1"}}, ConditionExpression="attribute_not_exists(pk)")
    world.control(lag=0)
    tables = world.client("dynamodb", US)
    tables.update_item(TableName="claims", Key={"pk": {"S": "j1"}}, UpdateExpression="SET v = :v",
                       ExpressionAttributeValues={":v": {"S": "updated"}})
    until(lambda: world.everywhere("claims", "j1") == ["updated"] * 3, "an update did not travel")
    tables.transact_write_items(TransactItems=[
        {"Delete": {"TableName": "claims", "Key": {"pk": {"S": "j1"}}}},
        {"Put": {"TableName": "claims", "Item": {"pk": {"S": "j2"}, "v": {"S": "t"}}}},
    ])
    tables.batch_write_item(RequestItems={"claims": [{"PutRequest": {"Item": {"pk": {"S": "j3"}, "v": {"S": "b"}}}}]})
    until(lambda: [world.everywhere("claims", key) for key in ("j1", "j2", "j3")] == [[None] * 3, ["t"] * 3, ["b"] * 3],
          "a transaction or a batch did not travel")


@check
def cuts_stop_replication_one_way_and_heal(world):
    world.make_table("cutting", EU)
    world.control(cut=[[US, EU]])
    world.put(US, "cutting", "a", "us")
    world.put(EU, "cutting", "b", "eu")
    until(lambda: world.get(US, "cutting", "b") == "eu", "the open way must carry copies")
    time.sleep(0.3)
    expect(world.get(EU, "cutting", "a") is None, "the cut way carried a copy")
    expect(world.state()["replication"]["queued"][f"{US}>{EU}"] == 1, "the copy does not wait")
    world.control(cut=[])
    until(lambda: world.get(EU, "cutting", "a") == "us", "no catch-up after the heal")
    world.control(cut=[[US, EU], [EU, US]])
    world.put(US, "cutting", "c", "first")
    time.sleep(0.01)
    world.put(EU, "cutting", "c", "second")
    world.control(cut=[])
    until(lambda: world.get(US, "cutting", "c") == world.get(EU, "cutting", "c") == "second", "the two sides differ after the heal")


@check
def cuts_stop_callers_one_way(world):
    world.control(cut=[[EU, US]])
    started = time.monotonic()
    try:
        world.client("dynamodb", US, EU, read_timeout=1).list_tables()
        raise Broken("a cut caller was answered")
    except ReadTimeoutError:
        expect(time.monotonic() - started > 0.9, "the request must hang")
    world.client("dynamodb", EU, US).list_tables()
    world.client("dynamodb", US, AP).list_tables()
    world.client("dynamodb", US, US).list_tables()
    world.control(cutMode="close")
    with contextlib.suppress(ConnectionClosedError):
        world.client("dynamodb", US, EU).list_tables()
        raise Broken("a cut caller was answered")
    world.control(reset=True)
    world.client("dynamodb", US, EU).list_tables()


@check
def a_region_that_is_down_closes_connections(world):
    world.make_table("downed", EU)
    queue = world.client("sqs", US).create_queue(QueueName="down")["QueueUrl"]
    failed = []

    def poll():
        try:
            world.client("sqs", US, read_timeout=30).receive_message(QueueUrl=queue, WaitTimeSeconds=20)
        except Exception as error:
            failed.append(error)

    poller = threading.Thread(target=poll)
    poller.start()
    time.sleep(0.5)
    world.control(down=[US])
    poller.join(3)
    expect(failed, "a long poll outlived its region")
    with contextlib.suppress(ConnectionClosedError):
        world.client("dynamodb", US).list_tables()
        raise Broken("a region that is down answered")
    world.put(EU, "downed", "a", "eu")
    world.control(down=[])
    until(lambda: world.get(US, "downed", "a") == "eu", "no catch-up after the outage")


@check
def strong_tables_agree_everywhere(world):
    world.make_table("strong", EU, AP, MultiRegionConsistency="STRONG")
    table = world.client("dynamodb", EU).describe_table(TableName="strong")["Table"]
    expect(table["MultiRegionConsistency"] == "STRONG", "the table does not say that it is strong")
    world.put(US, "strong", "a", "us", ConditionExpression="attribute_not_exists(pk)")
    expect(world.everywhere("strong", "a") == ["us"] * 3, "a strong write must be everywhere at once")
    refused("ConditionalCheckFailedException", world.client("dynamodb", EU).put_item, TableName="strong",
            Item={"pk": {"S": "a"}}, ConditionExpression="attribute_not_exists(pk)")
    refused("ValidationException", world.client("dynamodb", US).transact_write_items, TransactItems=[
        {"Put": {"TableName": "strong", "Item": {"pk": {"S": "t"}}}}])
    refused("ValidationException", world.client("dynamodb", US).update_time_to_live, TableName="strong",
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    world.control(strongRoundTrip=0.4)
    outcomes = {}

    def write(region):
        try:
            world.put(region, "strong", "both", region)
            outcomes[region] = "written"
        except ClientError as error:
            outcomes[region] = error.response["Error"]["Code"]

    writers = [threading.Thread(target=write, args=(region,)) for region in (US, EU)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    expect(sorted(outcomes.values()) == ["ReplicatedWriteConflictException", "written"], f"concurrent writes: {outcomes}")
    world.control(strongRoundTrip=0, cut=[[US, EU], [EU, US], [US, AP], [AP, US]])
    answer = refused("InternalServerError", world.client("dynamodb", US).put_item, TableName="strong", Item={"pk": {"S": "i"}})
    expect(answer["ResponseMetadata"]["HTTPStatusCode"] == 500, "an isolated write must fail with 500")
    refused("InternalServerError", world.client("dynamodb", US).get_item, TableName="strong", Key={"pk": {"S": "a"}}, ConsistentRead=True)
    world.put(EU, "strong", "i", "eu")
    expect(world.everywhere("strong", "i") == [None, "eu", "eu"], "the other two must go on alone")
    world.control(cut=[])
    expect(world.get(US, "strong", "i", ConsistentRead=True) == "eu", "no catch-up after the heal")


@check
def run_task_follows_its_rules(world):
    tasks = world.prepare_tasks(US)
    world.prepare_tasks(EU)
    tasks.create_cluster(clusterName="others")
    first = world.launch(US, "token-1", startedBy="check")["tasks"][0]["taskArn"]
    expect(world.launch(US, "token-1", startedBy="check")["tasks"][0]["taskArn"] == first, "a repeated token launched again")
    answer = refused("ConflictException", lambda: world.launch(US, "token-1", startedBy="other"))
    expect(answer["resourceIds"] == [first], f"the conflict does not name the task: {answer}")
    expect(world.launch(US, "token-1", startedBy="check", cluster="others")["tasks"][0]["taskArn"] != first, "tokens are per cluster")
    expect(world.launch(EU, "token-1", startedBy="check")["tasks"][0]["taskArn"] != first, "tokens are per region")
    refused("InvalidParameterException", lambda: world.launch(US, count=11))
    refused("InvalidParameterException", lambda: world.launch(US, networkConfiguration=None))
    refused("InvalidParameterException", lambda: world.launch(US, networkConfiguration=None, launchType=None))
    refused("InvalidParameterException", lambda: world.launch(US, "x" * 65))
    refused("ClusterNotFoundException", lambda: world.launch(US, cluster="nowhere"))
    refused("ClusterNotFoundException", tasks.list_tasks, cluster="nowhere")
    unknown = tasks.describe_tasks(cluster="runners", tasks=["0" * 32])
    expect(unknown["failures"][0]["reason"] == "MISSING", f"an unknown task: {unknown}")
    calls = [call for call in world.state()["runTask"] if call["token"] == "token-1" and call["region"] == US]
    expect([(c["accepted"], c["repeated"]) for c in calls[:3]] == [(True, False), (True, True), (False, False)],
           f"the list of RunTask calls: {calls}")
    together = []
    threads = [threading.Thread(target=lambda: together.append(world.launch(US, "token-2")["tasks"][0]["taskArn"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(len(together) == 8 and len(set(together)) == 1, f"concurrent calls with one token launched {len(set(together))} tasks")


@check
def faults_are_injected(world):
    world.prepare_tasks(US)
    world.control(faults=[
        {"target": "RunTask", "region": US, "answer": "capacity", "count": 1},
        {"target": "RunTask", "region": US, "answer": "throttle", "count": 1},
        {"target": "RunTask", "region": US, "answer": "serverError", "count": 1},
        {"target": "RunTask", "region": US, "drop": "before", "count": 1},
        {"target": "RunTask", "region": US, "drop": "after", "count": 1},
        {"target": "ListQueues", "region": US, "delay": 0.5, "count": 1},
        {"target": "ListQueues", "caller": EU, "status": 403, "body": {"__type": "AccessDeniedException", "message": "no"}},
    ])
    answer = world.launch(US)
    expect(answer["tasks"] == [] and answer["failures"][0]["reason"].startswith("Capacity is unavailable"), f"capacity: {answer}")
    refused("ThrottlingException", lambda: world.launch(US))
    refused("InternalServerError", lambda: world.launch(US))
    tasks = world.client("ecs", US)
    for count in (0, 1):
        with contextlib.suppress(ConnectionClosedError):
            world.launch(US, "lost", startedBy="lost")
            raise Broken("a dropped call was answered")
        found = tasks.list_tasks(cluster="runners", startedBy="lost")["taskArns"]
        found += tasks.list_tasks(cluster="runners", startedBy="lost", desiredStatus="STOPPED")["taskArns"]
        expect(len(set(found)) == count, f"after the lost call there must be {count} tasks, there are {len(found)}")
    expect(world.launch(US, "lost", startedBy="lost")["tasks"][0]["taskArn"] == found[0], "the lost answer cannot be asked for again")
    started = time.monotonic()
    world.client("sqs", US).list_queues()
    expect(time.monotonic() - started >= 0.5, "a delayed call came too early")
    for _ in range(2):
        refused("AccessDeniedException", world.client("sqs", US, EU).list_queues)
    world.control(reset=True)


@check
def the_wrong_region_is_refused(world):
    client = boto3.client("sqs", region_name=EU, aws_access_key_id="test", aws_secret_access_key="test",
                          endpoint_url=world.ready["regions"][US]["endpoint"])
    refused("InvalidSignatureException", client.list_queues)


@check
def objects_pass_through(world):
    objects = world.client("s3", US)
    objects.create_bucket(Bucket="cache")
    objects.put_object(Bucket="cache", Key="a/b", Body=b"x" * 100000)
    expect(objects.head_object(Bucket="cache", Key="a/b")["ContentLength"] == 100000, "HEAD tells another length")
    expect(objects.get_object(Bucket="cache", Key="a/b")["Body"].read() == b"x" * 100000, "GET gives another object")
    objects.delete_object(Bucket="cache", Key="a/b")


@check
def queues_deduplicate_and_give_up(world):
    queues = world.client("sqs", EU, read_timeout=30)
    dead = queues.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    dead_arn = queues.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    queue = queues.create_queue(QueueName="jobs.fifo", Attributes={
        "FifoQueue": "true", "VisibilityTimeout": "1",
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": "1"})})["QueueUrl"]
    for _ in range(2):
        queues.send_message(QueueUrl=queue, MessageBody="job", MessageGroupId="g", MessageDeduplicationId="d")
    first = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)["Messages"]
    expect([message["Body"] for message in first] == ["job"], f"deduplication: {first}")
    time.sleep(1.1)
    expect(not queues.receive_message(QueueUrl=queue, WaitTimeSeconds=0).get("Messages"), "the message must be given up")
    expect(queues.receive_message(QueueUrl=dead, WaitTimeSeconds=2).get("Messages"), "the dead-letter queue is empty")


@check
def long_polls_wake_and_end_with_their_client(world):
    queues = world.client("sqs", US, read_timeout=30)
    queue = queues.create_queue(QueueName="polled")["QueueUrl"]
    got = []

    def poll():
        answer = queues.receive_message(QueueUrl=queue, WaitTimeSeconds=20)
        got.append((time.monotonic(), answer.get("Messages")))

    poller = threading.Thread(target=poll)
    poller.start()
    time.sleep(1.5)
    sent = time.monotonic()
    queues.send_message(QueueUrl=queue, MessageBody="wake")
    poller.join(5)
    expect(got and got[0][1] and got[0][0] - sent < 0.5, "a long poll did not wake at once")
    queues.delete_message(QueueUrl=queue, ReceiptHandle=got[0][1][0]["ReceiptHandle"])

    world.call_and_vanish(US, "AmazonSQS.ReceiveMessage", {"QueueUrl": queue, "WaitTimeSeconds": 20}, 0.3)
    time.sleep(1.5)
    queues.send_message(QueueUrl=queue, MessageBody="kept")
    time.sleep(0.5)
    expect(queues.receive_message(QueueUrl=queue, WaitTimeSeconds=2).get("Messages"), "a client that had gone swallowed a message")


@check
def calls_of_clients_that_vanish_are_carried_out(world):
    world.make_table("vanish", EU)
    world.prepare_tasks(US)
    for number in range(20):
        item = {"pk": {"S": f"{number}"}, "v": {"S": "v"}}
        world.call_and_vanish(US, "DynamoDB_20120810.PutItem", {"TableName": "vanish", "Item": item}, 0.001)
        world.call_and_vanish(US, "AmazonEC2ContainerServiceV20141113.RunTask", {
            "cluster": "runners", "taskDefinition": "runner", "launchType": "FARGATE", "networkConfiguration": NETWORK,
            "clientToken": f"vanish-{number}", "startedBy": "vanish", "overrides": {"containerOverrides": []}}, 0.001)
    until(lambda: world.client("dynamodb", EU).scan(TableName="vanish")["Count"] == 20, "a write was not replicated")

    def accepted():
        return [call for call in world.state()["runTask"] if call["startedBy"] == "vanish" and call["accepted"]]

    until(lambda: len(accepted()) == 20, "a launch was not carried out")
    overrides = {"containerOverrides": []}
    again = world.launch(US, "vanish-19", startedBy="vanish", overrides=overrides)["tasks"][0]["taskArn"]
    expect([again] in [call["tasks"] for call in accepted()[:20]], "a launch whose client vanished was made twice")


@check
def two_hundred_long_polls_at_once(world):
    queues = world.client("sqs", AP, read_timeout=30)
    queue = queues.create_queue(QueueName="crowd")["QueueUrl"]
    results = []

    def poll():
        results.append(queues.receive_message(QueueUrl=queue, WaitTimeSeconds=2))

    pollers = [threading.Thread(target=poll) for _ in range(200)]
    for poller in pollers:
        poller.start()
    time.sleep(1)
    started = time.monotonic()
    queues.list_queues()
    expect(time.monotonic() - started < 1.0, "a call beside 200 long polls took too long")
    for poller in pollers:
        poller.join(25)
    expect(len(results) == 200, f"only {len(results)} of 200 long polls were answered")


@check
def tasks_run_and_report_their_exit(world):
    tasks = world.prepare_tasks(AP)
    arn = world.launch(AP, environment={"TASK_START_DELAY": "0.7"}, startedBy="delayed")["tasks"][0]["taskArn"]
    expect(tasks.list_tasks(cluster="runners", startedBy="delayed")["taskArns"] == [arn], "no list by startedBy")
    time.sleep(0.4)
    expect(world.task(AP, arn)["lastStatus"] in ("PROVISIONING", "PENDING", "ACTIVATING"), "the start was not delayed")
    task = world.stopped(AP, arn)
    expect(task["containers"][0]["exitCode"] == 64, f"exit code of a runner without configuration: {task['containers'][0]}")
    expect(task["stopCode"] == "EssentialContainerExited", f"stop code {task['stopCode']}")
    broken = world.launch(AP, environment={"TASK_START_ERROR": "no such image"})["tasks"][0]["taskArn"]
    expect(world.stopped(AP, broken)["stopCode"] == "TaskFailedToStart", "a task that cannot start")
    token = world.installation_token()
    configuration = world.register(token, "to-be-stopped", ["nothing-fits"])[2]["encoded_jit_config"]
    arn = world.launch(AP, environment={"TIDEGATE_JIT_CONFIG": configuration})["tasks"][0]["taskArn"]

    def online():
        found = world.github("GET", "/orgs/acme/actions/runners?name=to-be-stopped", token=token)[2]["runners"]
        return found and found[0]["status"] == "online" and found[0]

    runner = until(online, "the environment's override did not reach the task")
    until(lambda: world.task(AP, arn)["lastStatus"] == "RUNNING", "the task does not run")
    tasks.stop_task(cluster="runners", task=arn, reason="enough")
    expect(world.stopped(AP, arn)["stoppedReason"] == "enough", "the reason was lost")
    status = world.github("DELETE", f"/orgs/acme/actions/runners/{runner['id']}", token=token)[0]
    expect(status == 204, f"removing an idle runner: {status}")


@check
def github_checks_credentials_and_names(world):
    for bad in (world.app_token(exp=int(time.time()) - 5), world.app_token(iss="1"), world.app_token(exp=int(time.time()) + 3600), "a.b"):
        expect(world.github("GET", "/app/installations", token=bad)[0] == 401, "a bad App token was taken")
    expect(world.github("GET", "/app/installations", token=world.app_token())[2][0]["account"]["login"] == "acme", "installations")
    expect(world.github("GET", "/rate_limit", token="ghs_wrong")[2]["message"] == "Bad credentials", "a bad token was taken")
    token = world.installation_token()
    world.github("POST", "/stub/control", {"resetBudgets": True})
    status, headers, answer = world.register(token, "one")
    expect(status == 201 and answer["runner"]["status"] == "offline", f"registration: {answer}")
    expect(int(headers["x-ratelimit-remaining"]) == 4999, f"rate limit headers: {headers}")
    status, _, refusal = world.register(token, "one")
    expect(status == 409 and refusal["message"].startswith("Already exists - A runner with the name"), f"409: {refusal}")
    for labels in ([], [" "]):
        expect(world.register(token, "two", labels)[0] == 422, "bad labels were taken")
    listed = world.github("GET", "/orgs/acme/actions/runners?name=one", token=token)[2]
    expect(listed["total_count"] == 1 and listed["runners"][0]["id"] == answer["runner"]["id"], f"list: {listed}")
    path = f"/orgs/acme/actions/runners/{answer['runner']['id']}"
    expect(world.github("GET", path, token=token)[2]["name"] == "one", "a runner by its number")
    expect(world.github("GET", "/app", token=world.app_token())[2]["id"] == world.ready["appId"], "the App itself")
    expect([world.github("DELETE", path, token=token)[0] for _ in range(2)] == [204, 404], "removal")
    world.github("POST", "/stub/control", {"listLag": 5})
    number = world.register(token, "late")[2]["runner"]["id"]
    expect(world.github("GET", "/orgs/acme/actions/runners?name=late", token=token)[2]["total_count"] == 0, "the list has no lag")
    world.github("POST", "/stub/control", {"listLag": 0})
    world.github("DELETE", f"/orgs/acme/actions/runners/{number}", token=token)


@check
def github_limits_requests(world):
    token = world.installation_token()
    world.github("POST", "/stub/control", {"resetBudgets": True, "registrationsPerMinute": 1})
    number = world.register(token, "limit-1")[2]["runner"]["id"]
    status, headers, answer = world.register(token, "limit-2")
    expect(status == 403 and "secondary rate limit" in answer["message"] and headers["retry-after"] == "60", f"secondary limit: {answer}")
    world.github("DELETE", f"/orgs/acme/actions/runners/{number}", token=token)
    world.github("POST", "/stub/control", {"resetBudgets": True, "registrationsPerMinute": 180, "hourlyBudget": 2, "limitStatus": 429})
    answers = [world.github("GET", "/installation/repositories", token=token) for _ in range(3)]
    expect([status for status, _, _ in answers] == [200, 200, 429], "the hourly budget")
    headers = answers[2][1]
    expect(headers["x-ratelimit-remaining"] == "0" and int(headers["retry-after"]) > 0, f"headers: {headers}")
    world.github("POST", "/stub/control", {"resetBudgets": True, "hourlyBudget": 5000, "limitStatus": 403, "outage": True})
    expect(world.github("GET", "/installation/repositories", token=token)[0] == 502, "an outage")
    world.github("POST", "/stub/control", {"outage": False})


@check
def a_job_runs_on_a_runner_that_a_task_brings(world):
    receiver = world.receiver()
    world.prepare_tasks(EU)
    closed = Server(0, Receiver)
    dead_url = f"http://127.0.0.1:{closed.port}/webhook"
    closed.server_close()
    world.github("POST", "/stub/control", {"urls": [dead_url, receiver.url]})
    made = world.github("POST", "/stub/jobs", {"repository": "acme/app", "labels": ["self-hosted", "gpu"], "count": 1, "seconds": 1})[2]
    number = made["jobs"][0]
    queued = until(lambda: [d for d in receiver.seen if d["payload"]["action"] == "queued"], "no queued webhook")[0]
    expect(queued["isSigned"] and queued["event"] == "workflow_job" and uuid.UUID(queued["guid"]), f"webhook: {queued}")
    expect(queued["payload"]["workflow_job"]["id"] == number, "the wrong job")
    token = world.installation_token()
    runs = world.github("GET", "/repos/acme/app/actions/runs?status=queued", token=token)[2]
    expect([run["id"] for run in runs["workflow_runs"]] == [made["run_id"]], f"queued runs: {runs}")
    jobs = world.github("GET", f"/repos/acme/app/actions/runs/{made['run_id']}/jobs?filter=latest", token=token)[2]
    expect([(job["id"], job["status"]) for job in jobs["jobs"]] == [(number, "queued")], f"jobs: {jobs}")
    runner = world.register(token, "eu-runner", ["self-hosted", "gpu", "linux"])[2]
    arn = world.launch(EU, environment={"TIDEGATE_JIT_CONFIG": runner["encoded_jit_config"]})["tasks"][0]["taskArn"]
    until(lambda: world.job(number)["status"] == "in_progress", "the job did not start")
    status = world.github("DELETE", f"/orgs/acme/actions/runners/{runner['runner']['id']}", token=token)[0]
    expect(status == 422, f"removing a busy runner: {status}")
    task = world.stopped(EU, arn)
    expect(task["containers"][0]["exitCode"] == 0, f"the runner's exit code: {task['containers'][0]}")
    job = world.job(number)
    expect((job["status"], job["conclusion"], job["starts"], job["maxConcurrentlyInProgress"]) == ("completed", "success", 1, 1), f"job: {job}")
    until(lambda: len(receiver.seen) == 3, "three webhooks")
    started = [d["payload"]["workflow_job"] for d in receiver.seen if d["payload"]["action"] == "in_progress"][0]
    expect(started["runner_name"] == "eu-runner" and started["runner_id"] == runner["runner"]["id"], f"in_progress: {started}")
    listed = world.github("GET", "/orgs/acme/actions/runners?name=eu-runner", token=token)[2]
    expect(listed["total_count"] == 0, "an ephemeral runner was not removed")
    expect(world.stub_state()["violations"] == [], "there are violations")


@check
def any_fitting_runner_takes_a_job_and_vanished_ones_fail_it(world):
    token = world.installation_token()
    world.github("POST", "/stub/control", {"runnerTimeout": 1.5, "urls": []})
    wanted = {"repository": "acme/app", "labels": ["arm"], "count": 2, "seconds": 60}
    first, second = world.github("POST", "/stub/jobs", wanted)[2]["jobs"]
    configuration = json.loads(base64.b64decode(world.register(token, "silent", ["arm"])[2]["encoded_jit_config"]))
    expect(world.github("POST", "/stub/runner/connect", configuration)[0] == 200, "connect")
    expect(world.github("POST", "/stub/runner/connect", configuration)[0] == 404, "a configuration works once")
    job = world.github("POST", "/stub/runner/poll", configuration)[2]["job"]
    expect(job["id"] == first, "jobs are given in their order")
    until(lambda: world.job(first)["conclusion"] == "failure", "a vanished runner's job did not fail")
    expect(world.job(second)["status"] == "queued", "the other job must wait")
    expect(world.github("POST", "/stub/cancel", {"job": second})[0] == 200 and world.job(second)["conclusion"] == "cancelled", "cancel")
    world.github("POST", "/stub/control", {"runnerTimeout": 15})


@check
def webhooks_are_lost_doubled_and_delivered_again(world):
    receiver, failing = world.receiver(), world.receiver(status=500)
    body = {"repository": "acme/hooks", "labels": ["none"], "count": 1}

    def failed(status):
        entries = world.github("GET", "/app/hook/deliveries?status=failure&per_page=100", token=world.app_token())[2]
        return [entry for entry in entries if entry["status"] == status]

    world.github("POST", "/stub/control", {"urls": [failing.url, receiver.url]})
    world.github("POST", "/stub/jobs", body)
    entry = until(lambda: failed("Invalid HTTP Response: 500"), "an answer of 500 must be a failed delivery")[0]
    expect(not receiver.seen, "a delivery went to a second address although the first took the connection")
    world.github("POST", "/stub/control", {"urls": [receiver.url], "loss": 1.0})
    world.github("POST", "/stub/jobs", body)
    until(lambda: failed("timed out"), "a lost delivery must be logged")
    world.github("POST", "/stub/control", {"loss": 0.0})
    expect(world.github("POST", f"/app/hook/deliveries/{entry['id']}/attempts", {}, world.app_token())[0] == 202, "redelivery")
    again = until(lambda: list(receiver.seen), "no redelivery")
    expect([d["guid"] for d in again] == [entry["guid"]], "the redelivery has another GUID")
    world.github("POST", "/stub/control", {"duplication": 1.0})
    world.github("POST", "/stub/jobs", body)
    until(lambda: len(receiver.seen) == 3, "no double delivery")
    expect(receiver.seen[1]["guid"] == receiver.seen[2]["guid"], "the double has another GUID")
    world.github("POST", "/stub/control", {"duplication": 0.0})
    page, headers = world.github("GET", "/app/hook/deliveries?per_page=1", token=world.app_token())[2:0:-1]
    expect(len(page) == 1 and 'rel="next"' in headers["link"], "no pages of deliveries")


@check
def a_killed_region_comes_back(world):
    world.prepare_tasks(US)
    world.make_table("survivor", EU)
    world.put(US, "survivor", "a", "1")
    until(lambda: world.get(EU, "survivor", "a") == "1", "no copy before the kill")
    queue = world.client("sqs", US).create_queue(QueueName="survivor")["QueueUrl"]
    world.client("sqs", US).send_message(QueueUrl=queue, MessageBody="lost")
    world.control(cut=[[US, EU]])
    world.put(US, "survivor", "unsent", "us")
    world.command(kill=US)
    with contextlib.suppress(ConnectionClosedError):
        world.client("sqs", US).list_queues()
        raise Broken("a killed region answered")
    world.put(EU, "survivor", "b", "2")
    world.command(start=US)
    expect(world.get(US, "survivor", "a") == "1", "the table was not restored")
    expect(world.get(US, "survivor", "unsent") == "us", "the region's own unsent write was not restored")
    until(lambda: world.get(US, "survivor", "b") == "2", "no catch-up after the restart")
    world.control(cut=[])
    until(lambda: world.get(EU, "survivor", "unsent") == "us", "the unsent write did not travel")
    expect(not world.client("sqs", US).receive_message(QueueUrl=queue).get("Messages"), "the queue must be empty")
    world.launch(US)


@check
def a_killed_region_keeps_what_aws_would(world):
    world.prepare_tasks(US)
    world.make_table("keeper", EU)
    world.put(US, "keeper", "a", "1")
    queues = world.client("sqs", US)
    queue = queues.create_queue(QueueName="keeper")["QueueUrl"]
    for body in ("received", "waits"):
        queues.send_message(QueueUrl=queue, MessageBody=body)
    hidden = queues.receive_message(QueueUrl=queue)["Messages"][0]["Body"]
    token = world.installation_token()
    configuration = world.register(token, "keeper", ["nothing"])[2]["encoded_jit_config"]
    environment = {"TIDEGATE_JIT_CONFIG": configuration}
    arn = world.launch(US, "kept", environment=environment)["tasks"][0]["taskArn"]
    until(lambda: world.task(US, arn)["lastStatus"] == "RUNNING", "the task does not run")
    world.command(kill=US, keeps=True)
    world.put(EU, "keeper", "b", "2")
    world.command(start=US)
    until(lambda: world.get(US, "keeper", "b") == "2", "no catch-up after the restart")
    expect(world.get(US, "keeper", "a") == "1", "the table was not kept")
    left = [message["Body"] for message in queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])]
    expect(sorted([hidden, *left]) == ["received", "waits"], f"the queue holds {left}, and {hidden} is received")
    expect(world.stopped(US, arn)["stopCode"] == "TerminationNotice", "the task was to end with its region")
    expect(not world.client("ecs", US).list_tasks(cluster="runners")["taskArns"], "a task that ended is listed")
    again = world.launch(US, "kept", environment=environment)["tasks"][0]["taskArn"]
    expect(again == arn, "a client token was forgotten")


@check
def nothing_outlives_a_killed_rig(_):
    with tempfile.TemporaryDirectory() as directory:
        other = World(directory, [US])
        other.prepare_tasks(US)
        token = other.installation_token()
        configuration = other.register(token, "orphan", ["nothing"])[2]["encoded_jit_config"]
        arn = other.launch(US, environment={"TIDEGATE_JIT_CONFIG": configuration})["tasks"][0]["taskArn"]
        until(lambda: other.task(US, arn)["lastStatus"] == "RUNNING", "the task does not run")
        engine = other.ready["pids"][f"engine-{US}"]
        children = pathlib.Path(f"/proc/{engine}/task").glob("*/children")
        pids = [*other.ready["pids"].values(), *(int(pid) for path in children for pid in path.read_text().split())]
        expect(len(pids) == 5, f"expected one task beside four programs: {pids}")
        other.process.send_signal(signal.SIGKILL)
        other.process.wait()
        until(lambda: not any(is_alive(pid) for pid in pids), f"some of {pids} outlived the rig")


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def main():
    wanted = sys.argv[1:]
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        world = World(directory)
        print(f"the rig was ready after {time.monotonic() - started:.1f} s", flush=True)
        passed = 0
        try:
            for function in CHECKS:
                if wanted and not any(part in function.__name__ for part in wanted):
                    continue
                world.control(reset=True)
                before = time.monotonic()
                try:
                    function(world)
                except Exception as error:
                    if not isinstance(error, Broken):
                        traceback.print_exc()
                    for log in sorted(pathlib.Path(directory, "logs").iterdir()):
                        if text := log.read_text(errors="replace"):
                            print(f"--- {log.name}\n{text[-2000:]}", file=sys.stderr)
                    print(f"FAILED {function.__name__}: {error}", file=sys.stderr)
                    return 1
                passed += 1
                print(f"ok {function.__name__} ({time.monotonic() - before:.1f} s)", flush=True)
        finally:
            world.end()
    print(f"{passed} passed, 0 failed ({time.monotonic() - started:.0f} s)")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
