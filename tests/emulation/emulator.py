"""Knows how to start MiniStack so that it watches many tasks cheaply and keeps its state over a kill; must not know more of it.

Usage: emulator.py ENDED_DIRECTORY KEPT_FILE      (everything else is told by MiniStack's own environment variables)

MiniStack asks the container engine twice, ten times a second, about every
running task; forty tasks keep a core busy. The task engine leaves a file for
each container that ended, so here MiniStack looks for the file first and asks
the engine only when it is there. What it then does is its own.

MiniStack saves its state when it ends in good order, and AWS loses none when a
region fails. On SIGUSR1 queues, tables and what ECS knows are saved as
MiniStack does it, tasks as ended, and KEPT_FILE is made.
Nothing is answered from then on: all that was ever answered is saved, and the
kill may come.
"""

import os
import pathlib
import signal
import sys

from ministack import app
from ministack.core import persistence
from ministack.services import ecs

_SERVICES = ("sqs", "dynamodb", "ecs")
_TRIES = 100
_ENDED = {
    "desiredStatus": "STOPPED", "lastStatus": "STOPPED", "stopCode": "TerminationNotice", "stoppedReason": "Its host went.",
}


def look_before_asking(ask_engine, ended_directory):
    """Wrap MiniStack's question whether a task's containers ended."""
    def has_ended(task):
        return any(os.path.exists(os.path.join(ended_directory, number)) for number in task.get("_docker_ids") or [])

    def ask_if_ended(task, docker_client=None):
        if has_ended(task):
            ask_engine(task, docker_client)

    return ask_if_ended


def state_of(service):
    """What a service holds. Its threads may change a table while it is copied, so it is tried again."""
    for _ in range(_TRIES):
        try:
            return sys.modules[f"ministack.services.{service}"].get_state()
        except RuntimeError:
            continue
    raise RuntimeError(f"the state of {service} does not hold still")


def keep_state(kept_file):
    """Save what AWS would not lose, and answer nothing more."""
    for service in _SERVICES:
        if f"ministack.services.{service}" in sys.modules:
            state = state_of(service)
            if service == "ecs":
                for task in state["tasks"]._data.values():
                    if task.get("lastStatus") != "STOPPED":
                        task.update(_ENDED)
            persistence.save_state(service, state)
    pathlib.Path(kept_file).touch()
    while True:
        signal.pause()


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: emulator.py ENDED_DIRECTORY KEPT_FILE")
    kept_file, ended_directory = sys.argv.pop(), sys.argv.pop()
    if not hasattr(ecs, "_maybe_mark_stopped"):
        sys.exit("emulator: this version of MiniStack watches its tasks in another way; see emulator.py")
    ecs._maybe_mark_stopped = look_before_asking(ecs._maybe_mark_stopped, ended_directory)
    signal.signal(signal.SIGUSR1, lambda *_: keep_state(kept_file))
    app.main()


if __name__ == "__main__":
    main()
