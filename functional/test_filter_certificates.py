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

"""Certificate-bound tokens at a service, behind real front ends."""

import base64
import http.client
import json
import ssl
import urllib.parse

from functional import filtered
from functional import programs

#: An address of this host that is not one of a trusted proxy.
STRANGER = '127.0.0.2'


class BoundTokensTest(filtered.FilterTestCase):
    """The token of the class is bound to the certificate of its user."""

    needs = ('nginx', 'haproxy', 'apache2')

    @classmethod
    def create(cls):
        super().create()
        # Not in the folder of a test, which no other account can read.
        cls.services = cls._folder()
        cls.others_files = cls.certificate_files('other')
        with open(cls.files[0]) as file:
            cls.pem = file.read()

    @classmethod
    def log_texts(cls):
        texts = super().log_texts()
        for path in cls.services.glob('*/*.log'):
            name = f'{path.parent.name}-{path.name}'
            texts[name] = path.read_text(encoding='utf-8', errors='replace')
        return texts

    def setUp(self):
        super().setUp()
        self.token = self.issue(files=self.files)

    def start(self, front_end):
        """Return a service behind a front end from the guide."""
        folder = self.services / front_end
        folder.mkdir()
        return self.useFixture(
            filtered.FilteredService(
                front_end,
                folder,
                self.authority,
                self.filter_options(),
                processes=1,
            )
        )

    def forged(self):
        """Return what a client sends to look like a front end."""
        der = base64.b64encode(ssl.PEM_cert_to_DER_cert(self.pem)).decode()
        return {
            'Client-Cert': f':{der}:',
            'X-SSL-Client-Cert': urllib.parse.quote(self.pem),
            'X-SSL-Client-Verify': 'SUCCESS',
            'SSL-Client-Cert': urllib.parse.quote(self.pem),
            'SSL-Client-Verify': 'SUCCESS',
        }

    def assert_certificate_needed(self, service):
        """Assert that a token is accepted with its certificate alone."""
        # At first, Keystone validates the token; then, the service does.
        for turn in ('first', 'second', 'third'):
            with self.variant(turn):
                answer = self.call(service, self.token, self.files)
                self.assertEqual(200, answer.status, answer.text)
                self.assertEqual(self.user.id, answer.json['user'])
                for files in (None, self.others_files):
                    self.assert_refused(service, files)
                    self.assert_refused(service, files, self.forged())

    def assert_refused(self, service, files, headers=None):
        """Assert that the token is refused with another certificate."""
        answer = self.call(service, self.token, files, headers)
        self.assertEqual(401, answer.status, answer.text)
        self.assertIn('WWW-Authenticate', answer.headers)

    def status_behind(self, service, address):
        """Return the status of a forged request that bypasses the proxy.

        :param address: of the client.
        """
        connection = http.client.HTTPConnection(
            programs.HOST,
            service.front_end.inner_port,
            timeout=60,
            source_address=(address, 0),
        )
        headers = {**self.forged(), 'X-Auth-Token': self.token}
        connection.request('GET', '/', headers=headers)
        answer = connection.getresponse()
        self.addCleanup(connection.close)
        if answer.status == 200:
            self.assertEqual(self.user.id, json.load(answer)['user'])
        return answer.status

    def assert_only_proxy_is_trusted(self, service):
        """Assert that header fields count from the proxy's address alone."""
        self.assertEqual(200, self.status_behind(service, programs.HOST))
        self.assertEqual(401, self.status_behind(service, STRANGER))

    def test_escaped_pem(self):
        """nginx passes the certificate on in a field of its own."""
        service = self.start('nginx-http')
        self.assert_certificate_needed(service)
        self.assert_only_proxy_is_trusted(service)

    def test_client_cert(self):
        """HAProxy passes the certificate on as RFC 9440 says."""
        service = self.start('haproxy')
        self.assert_certificate_needed(service)
        self.assert_only_proxy_is_trusted(service)

    def test_environ(self):
        """Apache and uWSGI set variables, which no client can."""
        for front_end in ('apache-mod_wsgi', 'nginx-uwsgi', 'uwsgi'):
            with self.variant(front_end):
                self.assert_certificate_needed(self.start(front_end))
