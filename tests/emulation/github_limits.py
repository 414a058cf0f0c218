"""Knows GitHub's documented limits of its REST API and how much of them is used; must not know jobs or runners."""

import threading
import time
from collections import deque

DOCUMENTATION = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
SETTINGS = {
    "hourlyBudget": 5000,
    "budgetSeconds": 3600.0,
    "limitStatus": 403,
    "registrationsPerMinute": 180,
    "registrationSeconds": 60.0,
    "secondaryRetryAfter": 60,
}


class Limits:
    """A budget of requests for each installation, and a secondary limit of registrations."""

    def __init__(self):
        self.settings = dict(SETTINGS)
        self._lock = threading.Lock()
        self._windows = {}
        self._registrations = {}
        self.refused = 0
        self.refused_secondary = 0

    def reset(self):
        with self._lock:
            self._windows.clear()
            self._registrations.clear()

    def _window(self, holder):
        now = time.time()
        window = self._windows.get(holder)
        if window is None or window["reset"] <= now:
            window = {"used": 0, "reset": now + self.settings["budgetSeconds"]}
            self._windows[holder] = window
        return window

    def figures(self, holder):
        with self._lock:
            return self._figures(self._window(holder))

    def _figures(self, window):
        limit = self.settings["hourlyBudget"]
        return {
            "limit": limit,
            "used": min(window["used"], limit),
            "remaining": max(0, limit - window["used"]),
            "reset": int(window["reset"]) + 1,
        }

    def spend(self, holder):
        """Use one request of a budget. Returns (headers, refusal or None)."""
        with self._lock:
            window = self._window(holder)
            is_over = window["used"] >= self.settings["hourlyBudget"]
            if not is_over:
                window["used"] += 1
            figures = self._figures(window)
            wait = max(1, int(window["reset"] - time.time()) + 1)
            self.refused += is_over
        headers = [(f"x-ratelimit-{name}", str(value)) for name, value in figures.items()]
        headers.append(("x-ratelimit-resource", "core"))
        if not is_over:
            return headers, None
        headers.append(("Retry-After", str(wait)))
        status = self.settings["limitStatus"]
        return headers, (status, {
            "message": f"API rate limit exceeded for installation ID {holder}.",
            "documentation_url": DOCUMENTATION,
            "status": str(status),
        })

    def register(self, holder):
        """Use one registration of a runner. Returns (headers, refusal or None)."""
        now = time.monotonic()
        with self._lock:
            recent = self._registrations.setdefault(holder, deque())
            while recent and recent[0] <= now - self.settings["registrationSeconds"]:
                recent.popleft()
            if len(recent) < self.settings["registrationsPerMinute"]:
                recent.append(now)
                return [], None
            self.refused_secondary += 1
        status = self.settings["limitStatus"]
        return [("Retry-After", str(self.settings["secondaryRetryAfter"]))], (status, {
            "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
            "documentation_url": DOCUMENTATION + "#about-secondary-rate-limits",
            "status": str(status),
        })
