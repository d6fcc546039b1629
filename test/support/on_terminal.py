"""Runs a command on a pseudo-terminal: whenever a text appears, types an answer. What was shown goes to stdout.

Arguments: a JSON object {"command": [...], "answers": [["what appears", "what is typed"], ...]}. Exits as the command does (a
signal as 128 and its number).
"""

import fcntl
import json
import os
import pty
import struct
import sys
import termios

order = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
    os.execvp(order["command"][0], order["command"])

answers = order["answers"]
shown = b""
seen = 0
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:  # Linux says EIO where nobody has the other end any more.
        break
    if not data:
        break
    shown += data
    while answers and (at := shown.find(answers[0][0].encode(), seen)) >= 0:
        appears, typed = answers.pop(0)
        seen = at + len(appears.encode())
        os.write(terminal, typed.encode())

sys.stdout.buffer.write(shown)
sys.stdout.flush()
_, status = os.waitpid(pid, 0)
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
