"""Knows how to start MiniStack so that it watches many tasks cheaply; must not know anything else about it.

Usage: emulator.py ENDED_DIRECTORY      (everything else is told by MiniStack's own environment variables)

MiniStack asks the container engine twice, ten times a second, about every
running task; forty tasks keep a core busy. The task engine leaves a file for
each container that ended, so here MiniStack looks for the file first and asks
the engine only when it is there. What it then does is its own.
"""

import os
import sys

from ministack import app
from ministack.services import ecs


def look_before_asking(ask_engine, ended_directory):
    """Wrap MiniStack's question whether a task's containers ended."""
    def has_ended(task):
        return any(os.path.exists(os.path.join(ended_directory, number)) for number in task.get("_docker_ids") or [])

    def ask_if_ended(task, docker_client=None):
        if has_ended(task):
            ask_engine(task, docker_client)

    return ask_if_ended


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: emulator.py ENDED_DIRECTORY")
    ended_directory = sys.argv.pop()
    if not hasattr(ecs, "_maybe_mark_stopped"):
        sys.exit("emulator: this version of MiniStack watches its tasks in another way; see emulator.py")
    ecs._maybe_mark_stopped = look_before_asking(ecs._maybe_mark_stopped, ended_directory)
    app.main()


if __name__ == "__main__":
    main()
