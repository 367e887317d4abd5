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

"""Base classes for tests over TLS, with Keystone and a service."""

import datetime

from testtools import content

from keystone_oauth2 import fixture
from keystone_oauth2.fixture import _http
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import base as functional_base
from keystone_oauth2.tests.support import mutual_tls

GRANT = functional_base.GRANT
TOKEN = functional_base.TOKEN
DAY = datetime.timedelta(days=1)


class TLSTestCase(base.TestCase):
    """One Keystone for each class; a user with a client and a certificate."""

    options = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keystone = cls.use(fixture.KeystoneServer(cls.options))
        cls.identity = cls.keystone.client
        cls.project = cls.identity.create_project()
        cls.user = cls.identity.create_user(cls.project, ['member'])
        cls.client = cls.identity.create_application_credential(cls.user)
        cls.identity.create_mapping(mutual_tls.MAPPING, mutual_tls.RULES)
        cls.files = cls.certificate_files('client')

    @classmethod
    def use(cls, server):
        """Start a fixture for the whole class."""
        server.setUp()
        cls.addClassCleanup(server.cleanUp)
        return server

    @classmethod
    def certificate_files(cls, name, authority=None, **validity):
        """Return the files of a certificate of the user, and of its key."""
        certificate = (authority or cls.keystone.authority).client(
            [('CN', cls.user.name)], **validity
        )
        return certificate.write(cls.keystone.folder, name)

    def setUp(self):
        super().setUp()
        self.addOnException(
            lambda _: self.addDetail(
                'keystone.log', content.text_content(self.keystone.log)
            )
        )

    def https(self, files=None, url=None):
        """Return an HTTPS client for Keystone, or for another URL."""
        return _http.HTTPSClient(
            url or self.keystone.url, self.keystone.ca_file, files
        )

    def token_by_secret(self, client=None):
        """Return the response of the token endpoint to a client secret."""
        credentials = functional_base.basic(*(client or self.client))
        return self.https().request(
            'POST',
            TOKEN,
            form={'grant_type': 'client_credentials'},
            headers={'Authorization': credentials},
        )

    def token_by_certificate(self, files=None):
        """Return the response of the token endpoint to a certificate."""
        return self.https(files or self.files).request(
            'POST',
            TOKEN,
            form={
                'grant_type': 'client_credentials',
                'client_id': self.user.id,
            },
        )


class ServiceTestCase(TLSTestCase):
    """In addition, a service behind keystonemiddleware."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls.use(fixture.ServiceServer(cls.keystone))

    def call(self, path, token, files=None, scheme='Bearer'):
        """Call the service with a token."""
        headers = {'Authorization': f'{scheme} {token}'} if token else {}
        return self.https(files, self.service.url).request(
            'GET', path, headers=headers
        )

    def assert_served(self, answer, method):
        """Assert that the service knows the user of the token."""
        self.assertEqual(200, answer.status, answer.text)
        answered = answer.json
        self.assertEqual(self.user.name, answered['user'])
        self.assertEqual(self.project.name, answered['project'])
        self.assertEqual(['member', 'reader'], sorted(answered['roles']))
        self.assertEqual([method], answered['methods'])

    def assert_refused(self, answer):
        """Assert that the middleware returns 401."""
        self.assertEqual(401, answer.status)
        self.assertIn('WWW-Authenticate', answer.headers)
        self.assertNotIn(self.user.name, answer.text)
