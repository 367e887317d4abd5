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

"""Tests that send requests to a real Keystone."""

import base64
import json
import os
import types
import urllib.parse

import fixtures
from sqlalchemy import pool
from testtools import content

from keystone_oauth2 import fixture
from keystone_oauth2.identity import policy
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import copies

FORM = 'application/x-www-form-urlencoded'
GRANT = 'grant_type=client_credentials'
TOKEN = '/v3/OS-OAUTH2/token'
#: For oslo.db, which otherwise opens the database again for each query.
POOLS = types.SimpleNamespace(**{**vars(pool), 'NullPool': pool.QueuePool})


def basic(client_id, secret):
    """Return an Authorization header as curl sends it."""
    credentials = f'{client_id}:{secret}'.encode()
    return 'Basic ' + base64.b64encode(credentials).decode('ascii')


def encoded(text):
    """Return a text form-encoded as the strictest client does it."""
    return ''.join(f'%{byte:02X}' for byte in text.encode())


def in_body(client):
    """Return the parameters of client_secret_post."""
    return urllib.parse.urlencode(
        {'client_id': client.id, 'client_secret': client.secret}
    )


class KeystoneTestCase(base.TestCase):
    """One Keystone for a whole class, with one user and one client.

    A test that changes a resource creates its own.
    """

    #: Options of keystone.conf, by group.
    options = {}
    #: Whether the extension is enabled.
    enable = True
    #: Rules of policy.yaml.
    policy = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._use_class_fixture(
            fixtures.MonkeyPatch('oslo_db.sqlalchemy.engines.pool', POOLS)
        )
        cls.keystone = fixture.Keystone(
            cls.options, enable=cls.enable, policy=cls.policy
        )
        cls._use_class_fixture(cls.keystone)
        cls.identity = cls.keystone.client
        cls.create()

    @classmethod
    def _use_class_fixture(cls, one):
        one.setUp()
        cls.addClassCleanup(one.cleanUp)

    @classmethod
    @copies.shared
    def create(cls):
        """Create what the tests of the class share and do not change."""
        cls.project = cls.identity.create_project()
        cls.user = cls.identity.create_user(cls.project, ['member', 'reader'])
        cls.client = cls.identity.create_application_credential(cls.user)

    def setUp(self):
        super().setUp()
        self._seen = self._logged_before = len(self.keystone.log)
        self.addOnException(
            lambda _: self.addDetail(
                'keystone.log', content.text_content(self._notable_log())
            )
        )

    def _fake_logs(self):
        # Keystone logs to a file, which a captured log would replace.
        pass

    @property
    def log(self):
        """The log lines of Keystone during this test."""
        return self.keystone.log[self._logged_before :]

    def new_log(self):
        """Return the log lines of Keystone since the last call."""
        seen, self._seen = self._seen, len(self.keystone.log)
        return self.keystone.log[seen : self._seen]

    def _notable_log(self):
        lines = self.log.splitlines()
        return '\n'.join(line for line in lines if ' DEBUG ' not in line)

    def post(self, body=GRANT, authorization=None, path=TOKEN, **arguments):
        """Post a body unchanged to the token endpoint."""
        headers = {'Content-Type': FORM}
        headers.update(arguments.pop('headers', {}))
        if authorization is not None:
            headers['Authorization'] = authorization
        return self.keystone.request(
            'POST', path, body=body, headers=headers, **arguments
        )

    def post_as(self, client, body=GRANT, **arguments):
        """Post a body, authenticated with HTTP Basic."""
        return self.post(body, basic(*client), **arguments)

    def write_policy(self, rules):
        """Replace all rules in the policy file of the running Keystone."""
        file = self.keystone.folder / 'policy.yaml'
        modified = file.stat().st_mtime
        file.write_text(json.dumps(rules))
        # Keystone reloads the file if its timestamp is newer.
        os.utime(file, (modified + 1, modified + 1))

    def override_all(self, rules):
        """Replace all rules in the policy file, a second ago."""
        self.write_policy(rules)
        policy._looked_at.clear()

    def validate(self, answer):
        """Return Keystone's description of the token in an answer."""
        validated = self.identity.validate(answer.json['access_token'])
        self.assertEqual(200, validated.status, validated.text)
        return validated.json['token']
