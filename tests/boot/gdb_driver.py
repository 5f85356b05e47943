# SPDX-License-Identifier: BSD-2-Clause
"""Inside gdb: run the commands of a job (debugger.py) and write down what each has answered."""
import json
import os

import gdb


def run(command):
    try:
        return gdb.execute(command, to_string=True)
    except gdb.error as error:
        return f"error: {error}"


def main():
    with open(os.environ["GDB_JOB"], encoding="ascii") as file:
        job = json.load(file)
    for command in ("set pagination off", "set confirm off", "set width 0",
                    "set tcp connect-timeout 60", f"target remote {job['socket']}"):
        gdb.execute(command, to_string=True)
    answers = {command: run(command) for command in job["commands"]}
    with open(job["result"], "w", encoding="utf-8") as file:
        json.dump(answers, file)
    run("delete")
    run("detach")  # the machine may be off before that is answered


main()
