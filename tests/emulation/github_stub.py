"""Knows the paths, answers and errors of GitHub's REST API that a runner controller uses; must not know AWS or Tidegate.

Usage: github_stub.py [--port PORT] [--webhook-secret TEXT] [--webhook-url URL]... [--organization NAME]...
                      [--app-id NUMBER] [--seed NUMBER]

Prints one line of JSON when ready: {"address": "http://127.0.0.1:PORT"}.

The API is GitHub's own (App and installation tokens, runners, runs and jobs,
webhook deliveries, rate limits). Beside it there is:

    POST /stub/jobs     {"repository": "owner/name", "labels": [...], "count": 1, "seconds": 1, "run_id", "run_attempt",
                        "told": false (no delivery says that they are queued: the test does)}
    POST /stub/cancel   {"job": id}: completes a queued job as cancelled
    POST /stub/control  any of: urls, loss (0..1), duplication (0..1), reorderSeconds, listLag, runnerTimeout,
                        offlineRemoval, outage (true: API answers 502), hourlyBudget, budgetSeconds, limitStatus
                        (403 or 429), registrationsPerMinute, registrationSeconds (in place of the minute),
                        secondaryRetryAfter, resetBudgets (true), lostRegistrations (so many are made and answered 502)
    GET  /stub/state    jobs, runners, deliveries, counters, violations, settings
    POST /stub/runner/connect, poll, ping, done: what a runner says; see runner_stub.py
"""

import argparse
import base64
import binascii
import json
import re
import secrets
import threading
import time
from collections import Counter
from urllib.parse import parse_qs, urlencode, urlsplit

from github_hooks import Hooks, detail, summary
from github_limits import Limits
from github_world import World, repository_view, run_views
from wire import Handler, Server, peer_is_gone, raise_file_limit, utc_text, wait_for_end

DOCUMENTATION = "https://docs.github.com/rest"
_TOKEN_SECONDS = 3600
_LONGEST_JWT_SECONDS = 600
_ROUTES = []


class Refusal(Exception):
    def __init__(self, status, message, **more):
        super().__init__(message)
        self.status = status
        self.body = {"message": message, **more, "documentation_url": DOCUMENTATION, "status": str(status)}


def route(method, pattern, access="installation"):
    """Register a page of the API; `access` says which credentials it takes."""
    def register(function):
        _ROUTES.append((method, re.compile(pattern), access, function))
        return function
    return register


class GitHub:
    """The whole stub: the world, the webhook, the limits, and who may call."""

    def __init__(self, arguments):
        self.hooks = Hooks(arguments.webhook_secret, arguments.webhook_url, arguments.seed)
        self.limits = Limits()
        self.world = World(self.hooks, arguments.organization)
        self.app_id = str(arguments.app_id)
        self.outage = False
        self.tokens = {}
        self.calls = Counter()
        self.lock = threading.Lock()

    def check_app(self, authorization):
        """A JSON Web Token: shape, issuer and times are checked, the signature is not."""
        parts = authorization.removeprefix("Bearer ").split(".")
        try:
            header, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
            issued, expires, issuer = float(claims["iat"]), float(claims["exp"]), str(claims["iss"])
        except (ValueError, KeyError, TypeError, binascii.Error):
            raise Refusal(401, "A JSON web token could not be decoded") from None
        if len(parts) != 3 or not parts[2] or header.get("alg") != "RS256" or not authorization.startswith("Bearer "):
            raise Refusal(401, "A JSON web token could not be decoded")
        now = time.time()
        if expires <= now:
            raise Refusal(401, "'Expiration time' claim ('exp') must be a numeric value representing the future time "
                               "at which the assertion expires")
        if expires - issued > _LONGEST_JWT_SECONDS + 60 or expires > now + _LONGEST_JWT_SECONDS + 60:
            raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
        if issued > now + 60:
            raise Refusal(401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
        if issuer != self.app_id:
            raise Refusal(401, "Integration not found")

    def check_installation(self, authorization):
        """An installation's token. Returns the installation's number."""
        token = re.sub(r"^(Bearer|token) ", "", authorization)
        with self.lock:
            installation, expires = self.tokens.get(token, (None, 0.0))
        if installation is None or expires <= time.time():
            raise Refusal(401, "Bad credentials")
        return installation

    def owner_of(self, installation):
        return next(o for o in self.world.organizations.values() if o["installation"] == installation)

    def state(self):
        with self.hooks.changed:
            deliveries = [summary(entry) for entry in self.hooks.log.values()]
        return {
            **self.world.state(),
            "deliveries": deliveries,
            "counters": {
                **self.world.counts,
                "rateLimited": self.limits.refused,
                "secondaryLimited": self.limits.refused_secondary,
                "calls": dict(self.calls),
            },
            "settings": {**self.world.settings, **self.limits.settings, **self.hooks.settings, "outage": self.outage},
        }

    def control(self, order):
        order = dict(order)
        self.outage = bool(order.pop("outage", self.outage))
        if order.pop("resetBudgets", False):
            self.limits.reset()
        for name, value in order.items():
            part = next((p for p in (self.world, self.limits, self.hooks) if name in p.settings), None)
            if part is None:
                raise Refusal(422, f"there is no setting {name}")
            part.settings[name] = value


class Request:
    """What a page needs to know about one request."""

    def __init__(self, github, path, query, body, installation):
        self.github = github
        self.world = github.world
        self.path = path
        self.query = query
        self.body = body
        self.installation = installation

    def json(self):
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            raise Refusal(400, "Problems parsing JSON") from None
        if not isinstance(value, dict):
            raise Refusal(400, "Body should be a JSON object")
        return value

    def scope(self, owner, repository=None):
        """The organization or repository that a path names, if the installation may see it."""
        organization = self.world.organizations.get(owner)
        full_name = f"{owner}/{repository}"
        if organization is None or organization["installation"] != self.installation:
            raise Refusal(404, "Not Found")
        if repository is not None and full_name not in self.world.repositories:
            raise Refusal(404, "Not Found")
        return owner if repository is None else full_name

    def page(self, items, name):
        """One page of a list, with the Link header that GitHub sends."""
        size = min(100, max(1, int(self.query.get("per_page", 30))))
        number = max(1, int(self.query.get("page", 1)))
        headers = []
        if number * size < len(items):
            following = urlencode({**self.query, "per_page": size, "page": number + 1})
            headers.append(("Link", f'<{self.world.address}{self.path}?{following}>; rel="next"'))
        chosen = items[(number - 1) * size:number * size]
        return 200, chosen if name is None else {"total_count": len(items), name: chosen}, headers


def installation_view(organization):
    return {
        "id": organization["installation"],
        "account": {"login": organization["login"], "id": organization["id"], "type": "Organization"},
        "target_type": "Organization",
        "target_id": organization["id"],
        "repository_selection": "all",
        "permissions": {"actions": "read", "administration": "write", "organization_self_hosted_runners": "write"},
        "events": ["workflow_job"],
    }


@route("GET", r"/app", "app")
def show_app(request):
    return 200, {"id": int(request.github.app_id), "slug": "tidegate", "name": "tidegate", "events": ["workflow_job"],
                 "installations_count": len(request.world.organizations)}, []


@route("GET", r"/app/installations", "app")
def list_installations(request):
    return request.page([installation_view(o) for o in request.world.organizations.values()], None)


@route("POST", r"/app/installations/(\d+)/access_tokens", "app")
def make_token(request, number):
    if int(number) not in {o["installation"] for o in request.world.organizations.values()}:
        raise Refusal(404, "Not Found")
    token = "ghs_" + secrets.token_hex(18)
    expires = time.time() + _TOKEN_SECONDS
    with request.github.lock:
        request.github.tokens[token] = (int(number), expires)
    return 201, {"token": token, "expires_at": utc_text(expires), "repository_selection": "all",
                 "permissions": installation_view(request.github.owner_of(int(number)))["permissions"]}, []


@route("GET", r"/orgs/([^/]+)/installation", "app")
def organization_installation(request, owner):
    if owner not in request.world.organizations:
        raise Refusal(404, "Not Found")
    return 200, installation_view(request.world.organizations[owner]), []


@route("GET", r"/repos/([^/]+)/([^/]+)/installation", "app")
def repository_installation(request, owner, name):
    if f"{owner}/{name}" not in request.world.repositories:
        raise Refusal(404, "Not Found")
    return 200, installation_view(request.world.organizations[owner]), []


@route("GET", r"/installation/repositories")
def list_repositories(request):
    owner = request.github.owner_of(request.installation)
    repositories = [r for r in list(request.world.repositories.values()) if r["owner"] == owner["login"]]
    return request.page([repository_view(r, owner) for r in repositories], "repositories")


@route("POST", r"/orgs/([^/]+)/actions/runners/generate-jitconfig")
def register_for_organization(request, owner):
    return _register(request, request.scope(owner))


@route("POST", r"/repos/([^/]+)/([^/]+)/actions/runners/generate-jitconfig")
def register_for_repository(request, owner, name):
    return _register(request, request.scope(owner, name))


def _register(request, scope):
    body = request.json()
    name, labels, group = body.get("name"), body.get("labels"), body.get("runner_group_id")
    if not isinstance(name, str) or not 1 <= len(name) <= 64:
        raise Refusal(422, "Validation Failed", errors=["name must be a string of 1 to 64 characters"])
    if not isinstance(group, int):
        raise Refusal(422, "Invalid request.\n\nFor 'properties/runner_group_id', nil is not an integer.")
    good = isinstance(labels, list) and 1 <= len(labels) <= 100
    if not good or not all(isinstance(label, str) and label.strip() and len(label) <= 256 for label in labels):
        raise Refusal(422, "Validation Failed", errors=["labels must be 1 to 100 names that are not blank"])
    headers, refusal = request.github.limits.register(request.installation)
    if refusal:
        return *refusal, headers
    made = request.world.register(scope, name, labels, group)
    if made is None:
        raise Refusal(409, "Already exists - A runner with the name *** already exists.")
    if request.world.loses_registration():
        raise Refusal(502, "Server Error")
    runner, configuration = made
    return 201, {"runner": runner.describe(), "encoded_jit_config": configuration}, []


@route("GET", r"/orgs/([^/]+)/actions/runners")
def list_organization_runners(request, owner):
    return request.page(request.world.runner_views(request.scope(owner), request.query.get("name")), "runners")


@route("GET", r"/orgs/([^/]+)/actions/runners/(\d+)")
def show_organization_runner(request, owner, number):
    found = [r for r in request.world.runner_views(request.scope(owner), None) if r["id"] == int(number)]
    if not found:
        raise Refusal(404, "Not Found")
    return 200, found[0], []


@route("GET", r"/repos/([^/]+)/([^/]+)/actions/runners")
def list_repository_runners(request, owner, name):
    return request.page(request.world.runner_views(request.scope(owner, name), request.query.get("name")), "runners")


@route("DELETE", r"/orgs/([^/]+)/actions/runners/(\d+)")
def remove_organization_runner(request, owner, number):
    return _remove(request, request.scope(owner), number)


@route("DELETE", r"/repos/([^/]+)/([^/]+)/actions/runners/(\d+)")
def remove_repository_runner(request, owner, name, number):
    return _remove(request, request.scope(owner, name), number)


def _remove(request, scope, number):
    status = request.world.remove_runner(scope, int(number))
    if status == 404:
        raise Refusal(404, "Not Found")
    if status == 422:
        raise Refusal(422, f"Bad request - Runner \"{number}\" is currently running a job and cannot be deleted.")
    return status, None, []


@route("GET", r"/repos/([^/]+)/([^/]+)/actions/runs")
def list_runs(request, owner, name):
    full_name = request.scope(owner, name)
    runs = run_views(request.world.job_views(full_name), request.world.organizations[owner],
                     request.world.repositories[full_name])
    wanted = request.query.get("status")
    return request.page([r for r in runs if wanted in (None, r["status"], r["conclusion"])], "workflow_runs")


@route("GET", r"/repos/([^/]+)/([^/]+)/actions/runs/(\d+)/jobs")
def list_jobs(request, owner, name, run):
    jobs = [j for j in request.world.job_views(request.scope(owner, name)) if j["run_id"] == int(run)]
    if not jobs:
        raise Refusal(404, "Not Found")
    if request.query.get("filter", "latest") == "latest":
        latest = max(job["run_attempt"] for job in jobs)
        jobs = [job for job in jobs if job["run_attempt"] == latest]
    return request.page(jobs, "jobs")


@route("GET", r"/repos/([^/]+)/([^/]+)/actions/jobs/(\d+)")
def show_job(request, owner, name, number):
    jobs = [j for j in request.world.job_views(request.scope(owner, name)) if j["id"] == int(number)]
    if not jobs:
        raise Refusal(404, "Not Found")
    return 200, jobs[0], []


@route("GET", r"/app/hook/deliveries", "app")
def list_deliveries(request):
    """Newest first; the cursor is the number of the last delivery already seen."""
    hooks = request.github.hooks
    with hooks.changed:
        entries = sorted(hooks.log.values(), key=lambda entry: -entry["id"])
    wanted = request.query.get("status")
    if wanted in ("success", "failure"):
        entries = [e for e in entries if (e["status"] == "OK") == (wanted == "success")]
    if cursor := request.query.get("cursor"):
        if not cursor.isdigit():
            raise Refusal(422, "Invalid cursor")
        entries = [entry for entry in entries if entry["id"] < int(cursor)]
    size = min(100, max(1, int(request.query.get("per_page", 30))))
    headers = []
    if len(entries) > size:
        following = urlencode({**request.query, "per_page": size, "cursor": entries[size - 1]["id"]})
        headers.append(("Link", f'<{request.world.address}{request.path}?{following}>; rel="next"'))
    return 200, [summary(entry) for entry in entries[:size]], headers


@route("GET", r"/app/hook/deliveries/(\d+)", "app")
def show_delivery(request, number):
    entry = request.github.hooks.log.get(int(number))
    if entry is None:
        raise Refusal(404, "Not Found")
    return 200, detail(entry), []


@route("POST", r"/app/hook/deliveries/(\d+)/attempts", "app")
def redeliver(request, number):
    if not request.github.hooks.redeliver(int(number)):
        raise Refusal(404, "Not Found")
    return 202, {}, []


@route("GET", r"/rate_limit", "free")
def rate_limit(request):
    core = request.github.limits.figures(request.installation)
    return 200, {"resources": {"core": core}, "rate": core}, []


# What tests and runners say

@route("POST", r"/stub/jobs", "open")
def stub_jobs(request):
    body = request.json()
    if not re.fullmatch(r"[^/]+/[^/]+", body.get("repository", "")):
        raise Refusal(422, "repository must be owner/name")
    jobs = request.world.queue_jobs(
        body["repository"], body.get("labels") or ["self-hosted"], int(body.get("count", 1)),
        float(body.get("seconds", 1)), body.get("run_id"), body.get("run_attempt"), body.get("told", True))
    return 201, {"run_id": jobs[0].run_id if jobs else None, "jobs": [job.id for job in jobs]}, []


@route("POST", r"/stub/cancel", "open")
def stub_cancel(request):
    if not request.world.cancel(request.json().get("job")):
        raise Refusal(409, "the job is not queued")
    return 200, {}, []


@route("POST", r"/stub/control", "open")
def stub_control(request):
    request.github.control(request.json())
    return 200, request.github.state()["settings"], []


@route("GET", r"/stub/statuses", "open")
def stub_statuses(request):
    return 200, request.world.statuses(), []


@route("GET", r"/stub/state", "open")
def stub_state(request):
    return 200, request.github.state(), []


@route("POST", r"/stub/runner/connect", "open")
def runner_connect(request):
    runner = request.world.connect(request.json())
    if runner is None:
        raise Refusal(404, "The runner's registration is unknown, removed, or already used.")
    return 200, {"runner": runner.id}, []


@route("POST", r"/stub/runner/ping", "open")
def runner_ping(request):
    if request.world.ping(request.json()) is None:
        raise Refusal(404, "The runner was removed.")
    return 200, {}, []


@route("POST", r"/stub/runner/poll", "open")
def runner_poll(request):
    is_known, job = request.world.poll(request.json(), request.is_gone)
    if not is_known:
        raise Refusal(404, "The runner was removed.")
    return 200, {"job": job and {"id": job.id, "seconds": job.seconds}}, []


@route("POST", r"/stub/runner/done", "open")
def runner_done(request):
    body = request.json()
    if not request.world.done(body, body.get("job"), body.get("conclusion", "success")):
        raise Refusal(409, "The runner does not have this job.")
    return 200, {}, []


class GitHubHandler(Handler):
    def answer(self, method, body):
        github = self.server.github
        address = urlsplit(self.path)
        if github.outage and not address.path.startswith("/stub/"):
            return self.send_bytes(502, [("Content-Type", "text/html")], b"<html><title>Unicorn!</title></html>")
        headers = []
        try:
            for wanted, pattern, access, function in _ROUTES:
                if wanted == method and (match := pattern.fullmatch(address.path)):
                    break
            else:
                raise Refusal(404, "Not Found")
            if access != "open":
                with github.lock:
                    github.calls[f"{method} {function.__name__}"] += 1
            installation, headers, refusal = self._admit(github, access)
            if refusal:
                status, value, more = *refusal, []
            else:
                query = {name: values[0] for name, values in parse_qs(address.query).items()}
                request = Request(github, address.path, query, body, installation)
                request.is_gone = lambda: peer_is_gone(self.connection)
                status, value, more = function(request, *match.groups())
        except Refusal as refused:
            status, value, more = refused.status, refused.body, []
        except (ValueError, TypeError) as error:
            status, value, more = 422, {"message": f"Validation Failed: {error}", "status": "422"}, []
        self.send_json(status, value, [*headers, *more, ("X-GitHub-Request-Id", secrets.token_hex(8))])

    def _admit(self, github, access):
        """Check the credentials and spend the budget. Returns (installation, headers, refusal)."""
        authorization = self.headers.get("Authorization", "")
        if access == "open":
            return None, [], None
        if access == "app":
            github.check_app(authorization)
            return None, *github.limits.spend("app")
        installation = github.check_installation(authorization)
        if access == "free":
            return installation, [], None
        return installation, *github.limits.spend(installation)


def main():
    parser = argparse.ArgumentParser(description="a stand-in for GitHub's REST API and webhooks")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--webhook-secret", default="rig-webhook-secret")
    parser.add_argument("--webhook-url", action="append", default=[])
    parser.add_argument("--organization", action="append", default=[])
    parser.add_argument("--app-id", type=int, default=424242)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    raise_file_limit()
    threading.stack_size(512 * 1024)
    github = GitHub(arguments)
    server = Server(arguments.port, GitHubHandler, github=github)
    github.world.address = f"http://127.0.0.1:{server.port}"
    server.start()
    print(json.dumps({"address": github.world.address}), flush=True)
    wait_for_end()


if __name__ == "__main__":
    main()
