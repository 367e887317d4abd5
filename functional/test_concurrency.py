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

"""A process configured to serve several requests concurrently."""

from functional import base
from functional import programs

REASON = 'Keystone keeps one token for all threads of a process'
GUIDE = 'threads = 1'


class UWSGITest(base.StackTestCase):
    front_end = 'nginx-uwsgi'
    processes = 1

    def test_worker_that_serves_several_requests_refuses_to_start(self):
        """The log says why, and what to change."""
        for line in ('threads = 2', 'async = 2'):
            log = self.start_with(line)
            with self.variant(line):
                self.assertIn(
                    f'uwsgi serves 2 requests at the same time in one '
                    f'process, but {REASON}: set threads = 1 in uwsgi.ini',
                    log,
                )

    def start_with(self, line):
        """Start a second uWSGI, and return the log of its worker.

        uWSGI restarts its worker repeatedly.
        """
        text = (self.folder / 'uwsgi.ini').read_text()
        port = programs.free_port()
        for old, new in (
            (GUIDE, line),
            (f'{programs.HOST}:{self.stack.inner_port}', f':{port}'),
        ):
            self.assertIn(old, text)
            text = text.replace(old, new)
        (self.folder / 'several.ini').write_text(text)
        log = self.folder / 'keystone.log'
        before = len(log.read_text())
        program = self.stack.program(
            'several', ['uwsgi', '--ini', 'several.ini'], None, (' died ', 1)
        )
        with program:
            self.assertNotIn('WSGI app 0', program.log)
        (self.folder / 'several.log').unlink()
        return log.read_text()[before:]


class ModWSGITest(base.StackTestCase):
    front_end = 'apache-mod_wsgi'
    processes = 1

    def test_process_with_threads_serves_nothing(self):
        """The log says why, and what to change."""
        apache = self.stack.programs['apache2']
        site = self.folder / 'keystone-site.conf'
        text = site.read_text()
        self.assertIn('threads=1', text)
        site.write_text(text.replace('threads=1', 'threads=2'))
        apache.stop()
        apache.start()
        # Apache starts; the application starts with the first request.
        answer = self.post(base.TOKEN, base.GRANT, client=self.client)
        self.assertEqual(500, answer.status, answer.text)
        self.assertIn(
            f'mod_wsgi serves 2 requests at the same time in one process, but '
            f'{REASON}: use WSGIDaemonProcess with threads=1',
            (self.folder / 'keystone.log').read_text(),
        )
        site.write_text(text)
        apache.stop()
        apache.start()
        self.assert_whole_life(client=self.client)
