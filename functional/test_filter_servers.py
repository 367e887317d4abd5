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

"""The filter in servers that fork, in front of a real Keystone."""

from concurrent import futures
import contextlib
import os
import pathlib
import signal
import time

import requests

from functional import filtered

THREAD = 'keystone-oauth2'
#: Seconds in which workers must have done what they do in the background.
PATIENCE = 60
_CONCURRENCY = 6
_THREADS = {'threads = 1\n': 'enable-threads = true\n'}
_NO_LAZY_APPS = {'lazy-apps = true\n': ''}


class ServerTestCase(filtered.FilterTestCase):
    """A service with two workers, shared by a class."""

    #: As for ``filtered.FilteredService``, as are the changes.
    server = 'uwsgi'
    service_changes = {}
    service_processes = 2

    @classmethod
    def create(cls):
        super().create()
        cls.service_folder = cls._folder()
        cls.service = cls.use(
            filtered.FilteredService(
                cls.server,
                cls.service_folder,
                cls.authority,
                cls.filter_options(),
                changes=cls.service_changes,
                processes=cls.service_processes,
            )
        )
        cls.program = cls.service.program

    @classmethod
    def log_texts(cls):
        return {**super().log_texts(), cls.server: cls.program.log}

    def ask(self, token):
        """Call the service, and return the response; None if there is none."""
        with contextlib.suppress(requests.ConnectionError):
            answer = self.call(self.service, token)
            if filtered.PROCESS in answer.headers:
                return answer
        return None

    def ask_all(self, token, without=()):
        """Call the service until each worker has responded.

        :param without: process ids of former workers.
        :returns: the responses of each worker, by its process id.
        """
        answers = {}
        end = time.monotonic() + PATIENCE
        with futures.ThreadPoolExecutor(_CONCURRENCY) as pool:
            while time.monotonic() < end:
                for answer in pool.map(self.ask, [token] * _CONCURRENCY):
                    if answer is None:
                        time.sleep(0.1)
                        continue
                    pid = int(answer.headers[filtered.PROCESS])
                    answers.setdefault(pid, []).append(answer)
                for pid in without:
                    answers.pop(pid, None)
                if len(answers) == self.service_processes:
                    return answers
        self.fail(f'Responses came from {sorted(answers)} only.')

    def statuses(self, token, without=()):
        """Return the statuses of all workers' responses."""
        answers = self.ask_all(token, without).values()
        return {answer.status for of_one in answers for answer in of_one}

    def eventually(self, condition, explanation):
        """Wait until a condition holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                self.fail(explanation)
            time.sleep(0.1)

    def wait_until_local(self, token, without=()):
        """Wait until no worker asks Keystone about a token any more."""

        def is_local():
            before = self.validations()
            self.assertEqual({200}, self.statuses(token, without))
            return self.validations() == before

        self.eventually(is_local, 'A worker goes on asking Keystone.')


class ServerTests:
    """Tests of each server."""

    #: The signal for a graceful reload.
    reload = signal.SIGHUP

    def test_each_worker_verifies_tokens(self):
        """It knows the caller without Keystone, and has one thread."""
        self.wait_until_local(self.issue())
        token = self.issue()
        self.keystone.stop()
        self.addCleanup(self.keystone.start)
        for answers in self.ask_all(token).values():
            for answer in answers:
                self.assertEqual(200, answer.status, answer.text)
                seen = answer.json
                self.assertEqual(1, seen.pop('threads').count(THREAD))
                self.assertEqual(
                    {
                        'user': self.user.id,
                        'project': self.project.id,
                        'roles': ['member', 'reader'],
                    },
                    seen,
                )

    def test_each_worker_refuses_a_revoked_token(self):
        """All of them, when they have asked for the revocation events."""
        token, other = self.issue(), self.issue()
        self.wait_until_local(token)
        self.revoke(token)
        self.eventually(
            lambda: self.statuses(token) == {401},
            'A worker accepts a revoked token.',
        )
        self.assertEqual({200}, self.statuses(other))

    def test_no_thread_in_the_master(self):
        """A process that starts the workers verifies nothing itself."""
        workers = self.ask_all(self.issue())
        self.assertEqual(1, count_threads(self.program.pid))
        for pid in workers:
            self.assertLess(1, count_threads(pid))

    def test_new_worker_in_place_of_a_killed_one(self):
        token = self.issue()
        killed = min(self.ask_all(token))
        os.kill(killed, signal.SIGKILL)
        self.wait_until_local(token, without=[killed])

    def test_new_workers_after_a_reload(self):
        token = self.issue()
        former = set(self.ask_all(token))
        os.kill(self.program.pid, self.reload)
        self.eventually(
            lambda: not any(map(is_running, former)),
            'A worker has outlived a reload.',
        )
        self.wait_until_local(token, without=former)

    def test_ends_while_the_thread_waits(self):
        """The threads wait for a Keystone that hangs."""
        self.wait_until_local(self.issue())
        pids = [self.program.pid, *self.program.children()]
        self.addCleanup(self.program.start)
        with self.hanging_keystone():
            time.sleep(2 * filtered.INTERVAL)
            status = self.program.stop()
        self.assertNotEqual(-signal.SIGKILL, status)
        self.assertEqual([], list(filter(is_running, pids)))

    @contextlib.contextmanager
    def hanging_keystone(self):
        """Keep Keystone from answering."""
        pids = self.keystone.children()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)


class UWSGITest(ServerTests, ServerTestCase):
    """Each worker loads the service after the fork."""

    service_changes = _THREADS


class UWSGIForkTest(ServerTests, ServerTestCase):
    """The master loads the service, and forks."""

    service_changes = {**_THREADS, **_NO_LAZY_APPS}


class ApacheTest(ServerTests, ServerTestCase):
    """Daemon processes of mod_wsgi."""

    server = 'apache-mod_wsgi'
    needs = ('apache2',)
    reload = signal.SIGUSR1

    def test_ends_while_the_thread_waits(self):
        """Apache need not kill any worker."""
        workers = self.ask_all(self.issue())
        super().test_ends_while_the_thread_waits()
        for pid in workers:
            self.assertIn(
                f'(pid={pid}): Python has shutdown.', self.program.log
            )


class GunicornTest(ServerTests, ServerTestCase):
    """The master loads the service, and forks."""

    server = filtered.GUNICORN


class WithoutThreadsTests:
    """Keystone validates each token: a thread would run now and then."""

    def test_keystone_validates_each_token(self):
        token = self.issue()
        self.assertEqual({200}, self.statuses(token))
        time.sleep(2 * filtered.INTERVAL)
        before = self.validations()
        answers = self.ask_all(token).values()
        self.assertEqual(
            {200}, {answer.status for of_one in answers for answer in of_one}
        )
        self.assertEqual(sum(map(len, answers)), self.validations() - before)

    def test_revoked_token(self):
        token = self.issue()
        self.assertEqual({200}, self.statuses(token))
        self.revoke(token)
        self.assertEqual({401}, self.statuses(token))

    def test_forged_token(self):
        content, _, _ = self.issue().rpartition('.')
        _, _, signature = self.issue().rpartition('.')
        forged = f'{content}.{signature}'
        self.assertEqual({401}, self.statuses(forged))

    def test_warning(self):
        """It names the remedy, once for each worker."""
        self.ask_all(self.issue())
        self.assertEqual(
            self.service_processes,
            self.program.log.count('set enable-threads = true'),
        )


class WithoutThreadsTest(WithoutThreadsTests, ServerTestCase):
    """uWSGI, as it is if nothing else is set."""

    service_changes = {'threads = 1\n': '', **_NO_LAZY_APPS}


class ThreadsTurnedOffTest(WithoutThreadsTests, ServerTestCase):
    """An option says so."""

    service_changes = {'threads = 1\n': 'enable-threads = false\n'}


def count_threads(pid):
    """Return how many threads a process has."""
    return len(list(pathlib.Path(f'/proc/{pid}/task').iterdir()))


def is_running(pid):
    """Whether a process exists, and is not only to be waited for."""
    try:
        text = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except FileNotFoundError:
        return False
    return text.rpartition(')')[2].split()[0] != 'Z'
