"""What the exit status of a command says: one list, which --help prints and every command keeps to."""

DONE = 0
NOT_THE_SAME = 1
TROUBLE = 2
SKIPPED = 3
NO_DISPLAY = 4
STOPPED_AT = 5
HUNG_UP = 129
INTERRUPTED = 130
PIPE_CLOSED = 141
TERMINATED = 143

MEANINGS = {
    DONE: "done; diff: the same; verify: every case passed",
    NOT_THE_SAME: "diff: something differs; verify: a case failed; train: a number became NaN or infinite;\n"
    "       repair: something is lost",
    TROUBLE: "it could not be done: a wrong command line, a file that cannot be read or written",
    SKIPPED: "verify: a case needs what this program does not have, and none failed",
    NO_DISPLAY: "no window can open here",
    STOPPED_AT: "train: stopped where --stop-when or a breakpoint of the project became true",
    HUNG_UP: "train: the terminal was closed, and the run saved",
    INTERRUPTED: "train: stopped by Ctrl-C, and saved",
    PIPE_CLOSED: "whoever read the output went away (| head)",
    TERMINATED: "train: stopped by SIGTERM, and saved",
}


def listed() -> str:
    """The list as --help prints it."""
    return "exit status:\n" + "\n".join(f"  {status:<4} {meaning}" for status, meaning in MEANINGS.items())
