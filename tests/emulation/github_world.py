"""Knows organizations, repositories, jobs and runners and how GitHub binds jobs to runners; must not know HTTP.

Any idle runner whose labels cover a queued job's labels takes it, first come
first served, whatever the runner was launched for. The world counts what must
never happen and reports it as violations.
"""

import base64
import itertools
import json
import secrets
import threading
import time
import zlib

from wire import utc_text

SETTINGS = {"listLag": 0.0, "runnerTimeout": 15.0, "offlineRemoval": 30.0, "lostRegistrations": 0}
POLL_SECONDS = 5.0


class Job:
    def __init__(self, number, run, attempt, repository, labels, seconds, name):
        self.id = number
        self.run_id = run
        self.run_attempt = attempt
        self.repository = repository
        self.labels = labels
        self.seconds = seconds
        self.name = name
        self.runner_id = None
        self.runner_name = None
        self.started_at = self.completed_at = None
        self.created_at = time.time()
        self.starts = 0
        self.running_on = set()
        self.most_at_once = 0
        self.history = []
        self.move("queued", None)

    def move(self, status, conclusion):
        self.status = status
        self.conclusion = conclusion
        self.history.append((time.time(), self.describe()))

    def seen_at(self, moment):
        """What a list shows that is as old as `moment`; None before the job was known."""
        seen = [view for changed, view in self.history if changed <= moment]
        return seen[-1] if seen else None

    def describe(self):
        base = f"https://api.github.com/repos/{self.repository['full_name']}/actions"
        web = f"https://github.com/{self.repository['full_name']}/actions/runs/{self.run_id}"
        return {
            "id": self.id,
            "run_id": self.run_id,
            "run_attempt": self.run_attempt,
            "run_url": f"{base}/runs/{self.run_id}",
            "url": f"{base}/jobs/{self.id}",
            "html_url": f"{web}/job/{self.id}",
            "node_id": f"CR_{self.id}",
            "check_run_url": f"https://api.github.com/repos/{self.repository['full_name']}/check-runs/{self.id}",
            "workflow_name": "build",
            "head_branch": "main",
            "head_sha": f"{self.run_id:040x}",
            "status": self.status,
            "conclusion": self.conclusion,
            "created_at": utc_text(self.created_at),
            "started_at": utc_text(self.started_at or self.created_at),
            "completed_at": self.completed_at and utc_text(self.completed_at),
            "name": self.name,
            "steps": [],
            "labels": self.labels,
            "runner_id": self.runner_id,
            "runner_name": self.runner_name,
            "runner_group_id": self.runner_id and 1,
            "runner_group_name": self.runner_id and "Default",
        }


class Runner:
    def __init__(self, number, name, scope, labels, group):
        self.id = number
        self.name = name
        self.scope = scope
        self.labels = labels
        self.group = group
        self.secret = secrets.token_hex(16)
        self.registered = time.time()
        self.connected = None
        self.seen = 0.0
        self.is_online = False
        self.job = None

    def describe(self):
        return {
            "id": self.id,
            "name": self.name,
            "os": "linux" if self.connected else "unknown",
            "status": "online" if self.is_online else "offline",
            "busy": self.job is not None,
            "ephemeral": True,
            "runner_group_id": self.group,
            "labels": [
                {"id": zlib.crc32(label.encode()) % 100000, "name": label,
                 "type": "read-only" if label in ("self-hosted", "linux", "x64") else "custom"}
                for label in self.labels
            ],
        }


class World:
    def __init__(self, hooks, organizations):
        self.settings = dict(SETTINGS)
        self.changed = threading.Condition()
        self.hooks = hooks
        self.address = ""
        self.organizations = {}
        self.repositories = {}
        self.jobs = {}
        self.queued = {}
        self.runners = {}
        self.violations = []
        self.counts = dict.fromkeys(
            ("registered", "nameTaken", "connected", "removed", "lateReports", "vanishedBusy", "vanishedIdle"), 0)
        self._job_ids = itertools.count(30000000001)
        self._run_ids = itertools.count(9000000001)
        self._runner_ids = itertools.count(101)
        for login in organizations:
            self.organization(login)
        threading.Thread(target=self._watch, daemon=True).start()

    def organization(self, login):
        with self.changed:
            number = len(self.organizations) + 1
            return self.organizations.setdefault(
                login, {"login": login, "id": 5000 + number, "installation": 1000 + number})

    def repository(self, full_name):
        owner, _, name = full_name.partition("/")
        self.organization(owner)
        with self.changed:
            return self.repositories.setdefault(
                full_name, {"id": 800000 + len(self.repositories) + 1, "name": name, "full_name": full_name, "owner": owner})

    # Jobs

    def queue_jobs(self, full_name, labels, count, seconds, run_id=None, run_attempt=None, is_told=True):
        repository = self.repository(full_name)
        run_id = run_id or next(self._run_ids)
        made = []
        with self.changed:
            for _ in range(count):
                number = next(self._job_ids)
                job = Job(number, run_id, run_attempt or 1, repository, labels, seconds, f"job-{number}")
                self.jobs[number] = self.queued[number] = job
                made.append(job)
                if is_told:
                    self._tell(job, "queued")
            self.changed.notify_all()
        return made

    def cancel(self, number):
        """End a queued job that no runner took."""
        with self.changed:
            job = self.jobs.get(number)
            if job is None or job.status != "queued":
                return False
            self._complete(job, "cancelled")
            return True

    def _complete(self, job, conclusion):
        self.queued.pop(job.id, None)
        job.completed_at = time.time()
        job.running_on.clear()
        job.move("completed", conclusion)
        self._tell(job, "completed")

    def _tell(self, job, action):
        owner = self.organizations[job.repository["owner"]]
        self.hooks.send("workflow_job", {
            "action": action,
            "workflow_job": job.describe(),
            "repository": repository_view(job.repository, owner),
            "organization": {"login": owner["login"], "id": owner["id"]},
            "sender": {"login": "octocat", "id": 583231, "type": "User"},
            "installation": {"id": owner["installation"], "node_id": f"INST_{owner['installation']}"},
        })

    # Runners

    def register(self, scope, name, labels, group):
        """Returns the new runner and its configuration, or None when the name is taken."""
        with self.changed:
            if any(r.name == name and r.scope == scope for r in self.runners.values()):
                self.counts["nameTaken"] += 1
                return None
            runner = Runner(next(self._runner_ids), name, scope, labels, group)
            self.runners[runner.id] = runner
            self.counts["registered"] += 1
        configuration = {"address": self.address, "runner": runner.id, "name": name, "secret": runner.secret}
        return runner, base64.b64encode(json.dumps(configuration).encode()).decode()

    def loses_registration(self):
        """Whether the answer to a registration that was made is to be lost."""
        with self.changed:
            is_lost = self.settings["lostRegistrations"] > 0
            self.settings["lostRegistrations"] -= is_lost
            return is_lost

    def remove_runner(self, scope, number):
        """Returns the HTTP status that GitHub answers with."""
        with self.changed:
            runner = self.runners.get(number)
            if runner is None or runner.scope != scope:
                return 404
            if runner.job is not None:
                return 422
            self.runners.pop(number)
            self.counts["removed"] += 1
            self.changed.notify_all()
            return 204

    def _known(self, configuration):
        runner = self.runners.get(configuration.get("runner"))
        return runner if runner and runner.secret == configuration.get("secret") else None

    def connect(self, configuration):
        with self.changed:
            runner = self._known(configuration)
            if runner is None or runner.connected:
                return None
            runner.connected = runner.seen = time.time()
            runner.is_online = True
            self.counts["connected"] += 1
            return runner

    def ping(self, configuration):
        with self.changed:
            if runner := self._known(configuration):
                runner.seen = time.time()
                runner.is_online = True
            return runner

    def poll(self, configuration, is_gone):
        """Wait up to five seconds for a job. Returns (is the runner known, job or None)."""
        deadline = time.monotonic() + POLL_SECONDS
        with self.changed:
            while True:
                runner = self._known(configuration)
                if runner is None or not runner.connected or is_gone():
                    return False, None
                runner.seen = time.time()
                runner.is_online = True
                if job := runner.job or self._first_fitting(runner):
                    if runner.job is None:
                        self._start(job, runner)
                    return True, job
                if (left := deadline - time.monotonic()) <= 0:
                    return True, None
                self.changed.wait(min(left, 0.5))

    def _first_fitting(self, runner):
        offered = {label.lower() for label in runner.labels}
        for job in self.queued.values():
            in_scope = runner.scope in (job.repository["owner"], job.repository["full_name"])
            if in_scope and {label.lower() for label in job.labels} <= offered:
                return job
        return None

    def _start(self, job, runner):
        self.queued.pop(job.id, None)
        job.starts += 1
        job.running_on.add(runner.id)
        job.most_at_once = max(job.most_at_once, len(job.running_on))
        if job.starts > 1:
            self.violations.append(f"job {job.id} was started {job.starts} times")
        if len(job.running_on) > 1:
            self.violations.append(f"job {job.id} runs on runners {sorted(job.running_on)}")
        runner.job = job
        job.runner_id, job.runner_name, job.started_at = runner.id, runner.name, time.time()
        job.move("in_progress", None)
        self._tell(job, "in_progress")

    def done(self, configuration, number, conclusion):
        with self.changed:
            runner = self._known(configuration)
            if runner is None:
                self.counts["lateReports"] += 1
                return False
            if runner.job is None or runner.job.id != number:
                self.violations.append(f"runner {configuration.get('name')} reported job {number} that it does not have")
                return False
            self._complete(runner.job, conclusion)
            self.runners.pop(runner.id)
            return True

    def _watch(self):
        while True:
            time.sleep(0.5)
            now = time.time()
            with self.changed:
                for runner in list(self.runners.values()):
                    if not runner.connected or now - runner.seen < self.settings["runnerTimeout"]:
                        continue
                    if runner.job is not None:
                        self._complete(runner.job, "failure")
                        self.runners.pop(runner.id)
                        self.counts["vanishedBusy"] += 1
                    elif runner.is_online:
                        runner.is_online = False
                    elif now - runner.seen > self.settings["runnerTimeout"] + self.settings["offlineRemoval"]:
                        self.runners.pop(runner.id)
                        self.counts["vanishedIdle"] += 1

    # Lists, as old as the lag says

    def job_views(self, full_name):
        moment = time.time() - self.settings["listLag"]
        with self.changed:
            jobs = [job for job in self.jobs.values() if job.repository["full_name"] == full_name]
            return [view for job in jobs if (view := job.seen_at(moment))]

    def runner_views(self, scope, name):
        moment = time.time() - self.settings["listLag"]
        with self.changed:
            return [
                runner.describe() for runner in self.runners.values()
                if runner.scope == scope and runner.registered <= moment and name in (None, runner.name)
            ]

    def statuses(self):
        """What is looked at again and again: cheap however many jobs there are."""
        with self.changed:
            return {"jobs": {job.id: job.status for job in self.jobs.values()}, "violations": list(self.violations)}

    def state(self):
        with self.changed:
            return {
                "jobs": [{
                    **job.describe(), "repository": job.repository["full_name"], "seconds": job.seconds,
                    "starts": job.starts, "maxConcurrentlyInProgress": job.most_at_once,
                    "changes": [[moment, view["status"]] for moment, view in job.history],
                } for job in self.jobs.values()],
                "runners": [{**runner.describe(), "scope": runner.scope, "job": runner.job and runner.job.id}
                            for runner in self.runners.values()],
                "violations": list(self.violations),
            }


def repository_view(repository, owner):
    return {
        "id": repository["id"],
        "node_id": f"R_{repository['id']}",
        "name": repository["name"],
        "full_name": repository["full_name"],
        "private": True,
        "owner": {"login": owner["login"], "id": owner["id"], "type": "Organization"},
        "html_url": f"https://github.com/{repository['full_name']}",
        "default_branch": "main",
        "fork": False,
        "archived": False,
    }


def run_views(jobs, owner, repository):
    """Workflow runs as they follow from their jobs, newest first."""
    runs = {}
    for job in jobs:
        runs.setdefault(job["run_id"], []).append(job)
    views = []
    for number, members in sorted(runs.items(), reverse=True):
        attempt = max(job["run_attempt"] for job in members)
        current = [job for job in members if job["run_attempt"] == attempt]
        states = {job["status"] for job in current}
        status = "completed" if states == {"completed"} else "queued" if states == {"queued"} else "in_progress"
        conclusions = {job["conclusion"] for job in current}
        conclusion = None
        if status == "completed":
            conclusion = "success" if conclusions == {"success"} else sorted(conclusions - {"success"})[-1]
        base = f"https://api.github.com/repos/{repository['full_name']}/actions/runs/{number}"
        views.append({
            "id": number, "name": "build", "head_branch": "main", "head_sha": members[0]["head_sha"],
            "run_number": number % 100000, "run_attempt": attempt, "event": "push", "status": status,
            "conclusion": conclusion, "workflow_id": 1, "url": base, "jobs_url": base + "/jobs",
            "created_at": min(job["created_at"] for job in members),
            "updated_at": max(job["completed_at"] or job["started_at"] for job in members),
            "repository": repository_view(repository, owner),
        })
    return views
