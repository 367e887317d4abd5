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

"""The program ``openstack`` with a real Keystone."""

import contextlib
import dataclasses
import functools
import io
import logging

import fixtures
from openstackclient import shell
from oslo_serialization import jsonutils

from keystone_oauth2.tests.integration import authorization_server
from keystone_oauth2.tests.integration import base

ISSUER = 'https://keystone.example.com/v3'
OPTIONS = {
    'oauth2': {
        'issuer': ISSUER,
        'oauth2_authn_methods': authorization_server.METHODS,
    }
}


@dataclasses.dataclass(frozen=True)
class Done:
    """What a command has done."""

    status: int
    out: str
    err: str


class Logging(fixtures.Fixture):
    """Takes back what ``openstack`` does to the loggers of the process."""

    def _setUp(self):
        # A Keystone of an earlier test in this process may still try to fetch
        # keys. First: its log is silent until the handlers are back.
        threads = logging.getLogger('keystone_oauth2.outbound')
        level = threads.level
        threads.setLevel(logging.CRITICAL)
        self.addCleanup(threads.setLevel, level)
        root = logging.getLogger()
        known = {'': root, **logging.root.manager.loggerDict}
        levels = {
            logger: logger.level
            for logger in known.values()
            if isinstance(logger, logging.Logger) and logger is not threads
        }
        handlers = list(root.handlers)
        root.handlers = []
        self.addCleanup(setattr, root, 'handlers', handlers)
        for logger, level in levels.items():
            self.addCleanup(logger.setLevel, level)


def run_openstack(*arguments, stdin='', environment=None):
    """Run the command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        for fixture in (
            Logging(),
            fixtures.WarningsCapture(),
            fixtures.MonkeyPatch('cliff.app.App.NAME', 'openstack'),
            fixtures.MonkeyPatch('sys.stdin', io.StringIO(stdin)),
            *(
                fixtures.EnvironmentVariable(name, value)
                for name, value in (environment or {}).items()
            ),
        ):
            stack.enter_context(fixture)
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        try:
            status = shell.OpenStackShell().run(list(arguments))
        except SystemExit as error:
            status = error.code
    return Done(status, out.getvalue(), err.getvalue())


class CommandTestCase(base.TLSTestCase):
    """Each test has a client of its own; all clients share one owner."""

    options = OPTIONS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls.identity.create_user(cls.project, ['service'])
        cls.clouds_file = cls.keystone.folder / 'clouds.yaml'

    @functools.cached_property
    def own(self):
        """A client of this test only."""
        return self.identity.create_application_credential(self.user)

    def setUp(self):
        super().setUp()
        # JSON is also YAML.
        self.clouds_file.write_text(jsonutils.dumps({'clouds': self.clouds()}))
        self.folder = self.useFixture(fixtures.TempDir()).path

    def clouds(self):
        """Return the clouds that commands can use, by name."""
        return {
            'owner': self.cloud(self.user),
            'service': self.cloud(self.service),
            'admin': {
                **self.cloud(self.user),
                'auth': {
                    'auth_url': f'{self.keystone.url}/v3',
                    'username': 'admin',
                    'user_domain_id': 'default',
                    'password': self.keystone.deployment.admin_password,
                    'project_name': 'admin',
                    'project_domain_id': 'default',
                },
            },
        }

    def cloud(self, user):
        """Return the configuration for a user with a password."""
        return {
            'auth': {
                'auth_url': f'{self.keystone.url}/v3',
                'user_id': user.id,
                'password': user.password,
                'project_id': self.project.id,
            },
            'cacert': str(self.keystone.ca_file),
            'identity_api_version': '3',
            'region_name': 'RegionOne',
        }

    def run_command(
        self, *arguments, cloud='owner', stdin='', environment=None
    ):
        """Run ``openstack``, and return what it has done.

        :param arguments: words in one text are separate arguments.
        :param environment: further variables.
        """
        words = [word for text in arguments for word in text.split()]
        return run_openstack(
            *words,
            stdin=stdin,
            environment={
                'NO_PROXY': '127.0.0.1',
                'OS_CLIENT_CONFIG_FILE': str(self.clouds_file),
                'OS_CLOUD': cloud,
                **(environment or {}),
            },
        )

    def succeed(self, *arguments, **how):
        """Run a command that succeeds, and return what it prints."""
        done = self.run_command(*arguments, **how)
        self.assertEqual((0, ''), (done.status, done.err))
        return done.out

    def shown(self, *arguments, **how):
        """Run a command that succeeds, and return its JSON."""
        return jsonutils.loads(self.succeed(*arguments, '-f json', **how))

    def fail_with(self, message, *arguments, **how):
        """Run a command that fails with a message, and nothing else."""
        done = self.run_command(*arguments, **how)
        self.assertEqual((1, ''), (done.status, done.out))
        self.assertEqual(message, done.err.strip())

    def refuse(self, message, *arguments, **how):
        """Run a command whose arguments are wrong."""
        done = self.run_command(*arguments, **how)
        self.assertEqual(2, done.status)
        self.assertIn(message, ' '.join(done.err.split()))

    def get_token(self, client, **form):
        """Ask for a token; the form authenticates the client."""
        return self.https().request(
            'POST',
            base.TOKEN,
            form={
                'grant_type': 'client_credentials',
                'client_id': client.id,
                **form,
            },
        )
