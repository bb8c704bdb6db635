"""The command line: results on stdout, progress and messages on stderr, one line for an error."""

import io
import os
import sys
from collections.abc import Sequence

import qa
from qa.arguments import argument_parser
from qa.commands.articles import (
    diff_command,
    history_command,
    index_command,
    list_command,
    remove_command,
    show_command,
    stats_command,
)
from qa.commands.asking import ask_command, chat_command, eval_command, search_command
from qa.commands.common import DONE, FAILED, say
from qa.commands.mending import (
    backup_command,
    doctor_command,
    reembed_command,
    repair_command,
    restore_command,
    verify_command,
)
from qa.errors import QAError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0 done, 1 an error, 2 usage (by argparse), 3 done except for some."""
    options = argument_parser(qa.__version__, COMMANDS).parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except QAError as error:
        return _failed(str(error))
    except KeyboardInterrupt:
        return _failed("interrupted; nothing was lost, run the same command to go on")
    except BrokenPipeError:  # the reader of our output has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:  # the disk our output goes to is full
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _failed(
            f"{error.filename or 'the output'} cannot be written or read ({error.strerror}); free some space, and repeat"
        )
    return status


def _failed(message: str) -> int:
    say(" ".join(message.split()))
    return FAILED


COMMANDS = {
    "index": index_command,
    "diff": diff_command,
    "ask": ask_command,
    "search": search_command,
    "list": list_command,
    "show": show_command,
    "stats": stats_command,
    "history": history_command,
    "remove": remove_command,
    "verify": verify_command,
    "repair": repair_command,
    "reembed": reembed_command,
    "backup": backup_command,
    "restore": restore_command,
    "doctor": doctor_command,
    "eval": eval_command,
    "chat": chat_command,
}
