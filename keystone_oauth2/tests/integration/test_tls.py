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

"""Tests of what TLS itself refuses before Keystone sees a request."""

import datetime
import http.client
import ssl
import urllib.parse

import requests

from keystone_oauth2 import fixture
from keystone_oauth2.fixture import _http
from keystone_oauth2.tests.integration import base
from keystone_oauth2.tests.support import matchers


class TLSTest(base.TLSTestCase):
    def address(self):
        url = urllib.parse.urlsplit(self.keystone.url)
        return url.hostname, url.port

    def test_plain_http_gets_no_token(self):
        """A06: there is no plain HTTP at the token endpoint."""
        connection = http.client.HTTPConnection(*self.address(), timeout=60)
        self.addCleanup(connection.close)
        try:
            connection.request('POST', f'/identity{base.TOKEN}', base.GRANT)
            answer = connection.getresponse()
        except (http.client.HTTPException, OSError):
            return
        self.assertEqual(400, answer.status)
        self.assertNotIn(b'access_token', answer.read())

    def test_token_is_issued_over_tls(self):
        """A06: the client verifies the certificate of the server."""
        self.assertThat(self.token_by_secret(), matchers.IsAccessToken())
        elsewhere = fixture.CertificateAuthority().write(
            self.keystone.folder, 'elsewhere'
        )
        client = _http.HTTPSClient(self.keystone.url, elsewhere)
        self.assertRaises(
            requests.exceptions.SSLError, client.request, 'GET', '/v3'
        )

    def test_protocol_is_at_least_tls_1_2(self):
        """A06: as BCP 195 requires."""
        for highest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=self.keystone.ca_file)
            context.maximum_version = highest
            connection = http.client.HTTPSConnection(
                *self.address(), context=context, timeout=60
            )
            self.addCleanup(connection.close)
            with self.variant(highest):
                connection.request('GET', '/identity/v3')
                self.assertEqual(200, connection.getresponse().status)

    def assert_no_token(self, files):
        """Assert that a connection with a certificate gets no token."""
        try:
            answer = self.token_by_certificate(files)
        except requests.exceptions.ConnectionError:
            return
        self.assertEqual(401, answer.status)

    def test_certificate_of_another_ca_gets_no_token(self):
        """D10: even if its names are the same."""
        self.assertThat(self.token_by_certificate(), matchers.IsAccessToken())
        stranger = fixture.CertificateAuthority()
        self.assert_no_token(self.certificate_files('stranger', stranger))

    def test_expired_certificate_gets_no_token(self):
        """E04: the verdict covers the validity period."""
        now = datetime.datetime.now(datetime.timezone.utc)
        self.assert_no_token(
            self.certificate_files('expired', not_after=now - base.DAY)
        )
