# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Commands that run in copies of one process.

Importing Keystone takes two seconds, which each command would need anew.
"""

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading

_SOURCE = """
import importlib, json, os, sys, traceback

for name in json.loads(sys.argv[1]):
    importlib.import_module(name)


def run(job):
    os.chdir(job['folder'])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in enumerate(job['outputs'], 1):
        os.dup2(os.open(path, os.O_WRONLY), number)
    sys.argv = [job['name'], *job['arguments']]
    try:
        return sys.modules[job['module']].main()
    except SystemExit as error:
        if not isinstance(error.code, str):
            return error.code
        print(error.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    return 1


for line in sys.stdin:
    child = os.fork()
    if not child:
        status = run(json.loads(line))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status or 0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Runner:
    """Runs commands.

    :param modules: with the commands' functions ``main``.
    """

    def __init__(self, modules):
        self._process = subprocess.Popen(
            [
                *(sys.executable, '-W', 'ignore', '-c', _SOURCE),
                json.dumps(list(modules)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding='utf-8',
        )
        atexit.register(self._end)

    def run(self, name, module, folder, arguments, timeout):
        """Run a command, and return the finished process.

        :param name: of the command.
        :param folder: to run in.
        :param timeout: in seconds.
        """
        with tempfile.TemporaryDirectory() as outputs:
            paths = [os.path.join(outputs, name) for name in ('out', 'err')]
            for path in paths:
                open(path, 'x').close()
            status = self._ask(
                {
                    'name': name,
                    'module': module,
                    'folder': f'{folder}',
                    'arguments': arguments,
                    'outputs': paths,
                },
                timeout,
            )
            return subprocess.CompletedProcess(
                [name, *arguments], status, *map(_read, paths)
            )

    def _ask(self, job, timeout):
        timer = threading.Timer(timeout, self._process.kill)
        timer.start()
        try:
            self._process.stdin.write(json.dumps(job) + '\n')
            self._process.stdin.flush()
            return int(self._process.stdout.readline())
        finally:
            timer.cancel()

    def _end(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def _read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()
