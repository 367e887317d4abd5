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

"""Two nodes of Keystone: one issues JWTs, and the other one opaque tokens."""

import re

from keystone_oauth2.tests.support import forgeries

TOKENS = '/v3/auth/tokens'
TIME = re.compile(r'"[\d-]{10}T[\d:.]{8,15}Z"')
AUDIT_ID = re.compile(r'"[\w-]{22}"')
IDENTIFIER = re.compile(r'[0-9a-f]{32}')
SECRET = re.compile(r'"[\w-]{86}"')
#: Keystone's sentence names the format, or repeats a token.
UNKNOWN = re.compile(r'Could not (recognize Fernet token|find token: \S*\.)')


class TwoFormats:
    """The same user and client have tokens of both formats.

    The nodes share a database, and accept both.
    """

    provider = 'oauth2_fernet'
    options = {'oauth2_tokens': {'format': 'jwt'}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Keystone returns several roles in any order.
        cls.user = cls.identity.create_user(cls.project, ['reader'])
        cls.client = cls.identity.create_application_credential(cls.user)
        cls.files = cls.certificate_files(cls.user, 'reader')
        cls.opaque_node = cls.keystone.start_other_node(
            {'oauth2_tokens': {'format': 'opaque'}}
        )

    def issue_both(self, client=None, files=None):
        """Return a JWT and an opaque token of a client or the certificate."""
        token = self.issue(client, files)
        self.assertEqual('at+jwt', forgeries.media_type(token))
        opaque = self.issue(client, files, url=self.opaque_node.url)
        self.assertNotEqual('at+jwt', forgeries.media_type(opaque))
        return token, opaque

    def exchange(self, token, files=None, **scope):
        """Exchange a token for another one."""
        identity = {'methods': ['token'], 'token': {'id': token}}
        return self.https(files).request(
            'POST', TOKENS, json={'auth': {'identity': identity, **scope}}
        )

    def comparable(self, answer):
        """Return what an answer says, without what differs each time."""
        text = answer.text
        for pattern, name in (
            (TIME, '"time"'),
            (AUDIT_ID, '"audit id"'),
            (SECRET, '"secret"'),
            (UNKNOWN, 'Could not find token: .'),
        ):
            text = pattern.sub(name, text)
        known = (self.user.id, self.project.id, self.client.id)
        text = IDENTIFIER.sub(
            lambda found: found[0] if found[0] in known else 'id', text
        )
        return (
            answer.status,
            answer.headers.get('Content-Type'),
            answer.headers.get('WWW-Authenticate'),
            text,
        )
