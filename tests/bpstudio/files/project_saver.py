"""A process that saves a run again and again until it is killed.

Each line that it reads (a number for chance, which save, milliseconds) makes a copy of it, which opens the file, and
from then on changes the run and saves it. It says "saving <digest>" before and "saved <digest>" after each save, so
that one knows what was acknowledged. So many milliseconds after that save began the copy is killed, and "dead" is said.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import project_runs as runs

from bpstudio.files import project as projects
from bpstudio.files.project import Project, ProjectFile
from bpstudio.training.session import Session


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def work(path: Path, seed: int, wanted: int, told: int) -> None:
    rng = random.Random(seed)
    run = Session.restored(projects.read(path).archive, budget=300_000)
    file = ProjectFile.open(path)
    while True:
        run.run(rng.choice((1, 40, 150)))
        if rng.random() < 0.3:
            run.seek(rng.randint(run.past.branch.first, run.last_step))
            run.apply(run.experiment.replace(batch_size=rng.choice((0, 4, 6))))
            run.bookmark("", "n" * rng.randrange(1500))
        while len(run.past.branches) > 3:
            run.delete_branch(run.past.branches[0].number)
        archive = run.archive()
        digest = runs.digest(archive)
        say("saving", digest)
        wanted -= 1
        if wanted == 0:
            os.write(told, b".")
        file.save(Project(archive, view={"seed": seed}))
        say("saved", digest)


def main() -> None:
    path = Path(sys.argv[1])
    for line in sys.stdin:
        seed, wanted, delay = line.split()
        hears, told = os.pipe()
        copy = os.fork()
        if copy == 0:
            os.close(hears)
            work(path, int(seed), int(wanted), told)
        os.close(told)
        os.read(hears, 1)
        time.sleep(float(delay) / 1000)
        os.kill(copy, signal.SIGKILL)
        os.waitpid(copy, 0)
        os.close(hears)
        say("dead")


if __name__ == "__main__":
    main()
