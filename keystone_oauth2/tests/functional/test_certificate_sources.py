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

"""Client certificates received from TLS front ends."""

import base64
import urllib.parse

from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import mutual_tls

REFUSED = mutual_tls.REFUSED
PROXY = {'REMOTE_ADDR': '192.0.2.7'}
ELSEWHERE = {'REMOTE_ADDR': '203.0.113.9'}
PROXIES = ['192.0.2.0/24', '2001:db8::7']


def escaped_pem(certificate):
    """Return header fields as nginx sets them."""
    return {
        'X-SSL-Client-Cert': urllib.parse.quote(certificate.pem, safe='+/='),
        'X-SSL-Client-Verify': 'SUCCESS',
    }


def client_cert(certificate):
    """Return header fields as HAProxy sets them (RFC 9440)."""
    encoded = base64.b64encode(certificate.der).decode()
    return {'Client-Cert': f':{encoded}:', 'X-SSL-Client-Verify': 'SUCCESS'}


class EnvironmentTest(mutual_tls.MutualTLSTestCase):
    """Without further options."""

    def test_certificate_verified_by_the_front_end_is_accepted(self):
        answer = self.post_with(self.certificate)
        self.assertThat(answer, matchers.IsAccessToken())

    def test_certificate_not_verified_by_the_front_end_is_refused(self):
        """E04: the verdict is required and must be SUCCESS."""
        for verdict in ('FAILED:expired', 'NONE', 'GENEROUS', '', None):
            with self.variant(verdict):
                environ = {'SSL_CLIENT_CERT': self.certificate.pem}
                if verdict is not None:
                    environ['SSL_CLIENT_VERIFY'] = verdict
                answer = self.post_for(self.user, environ)
                self.assertThat(answer, REFUSED)
                self.assertRegex(
                    self.new_log(), 'certificate: the front end .*'
                )

    def test_malformed_certificate_is_refused(self):
        for text in ('x', self.certificate.pem * 2, '(null)', '\xe9'):
            with self.variant(text):
                answer = self.post_for(
                    self.user,
                    {'SSL_CLIENT_CERT': text, 'SSL_CLIENT_VERIFY': 'SUCCESS'},
                )
                self.assertThat(answer, REFUSED)

    def test_headers_are_ignored(self):
        """E02: no proxy is trusted, so no header is trusted either."""
        for headers in (
            escaped_pem(self.certificate),
            client_cert(self.certificate),
            {
                'SSL-Client-Cert': escaped_pem(self.certificate)[
                    'X-SSL-Client-Cert'
                ],
                'SSL-Client-Verify': 'SUCCESS',
            },
        ):
            with self.variant(headers):
                answer = self.post_for(self.user, headers=headers)
                self.assertThat(answer, REFUSED)

    def test_certificate_without_client_id_is_no_attempt(self):
        """D01: client_id is required."""
        answer = self.post(environ=mutual_tls.verified(self.certificate))
        self.assertThat(answer, REFUSED)
        self.assertIn('no client authentication', self.new_log())


class ProxyTest(mutual_tls.MutualTLSTestCase):
    options = {
        'oauth2_certificates': {'sources': ['escaped_pem', 'rfc9440']},
        'oauth2': {'trusted_proxies': PROXIES},
    }

    def fields(self, certificate):
        return escaped_pem(certificate), client_cert(certificate)

    def test_header_of_a_trusted_proxy_is_accepted(self):
        """E01: either header; the token is bound to the certificate."""
        for headers in self.fields(self.certificate):
            for address in ('192.0.2.7', '2001:db8::7'):
                with self.variant((headers, address)):
                    answer = self.post_for(
                        self.user, {'REMOTE_ADDR': address}, headers=headers
                    )
                    self.assertThat(answer, matchers.IsAccessToken())
                    token = self.validate(answer)
                    self.assertEqual(
                        {'x5t#S256': self.certificate.keystone_thumbprint},
                        token['oauth2_credential'],
                    )

    def test_forged_header_from_another_peer_changes_nothing(self):
        """E02: it neither helps nor harms."""
        for headers in self.fields(self.certificate):
            with self.variant(headers):
                answer = self.post_for(self.user, ELSEWHERE, headers=headers)
                self.assertThat(answer, REFUSED)
                answer = self.post_as(
                    self.client,
                    f'grant_type=client_credentials&client_id={self.client.id}',
                    environ=ELSEWHERE,
                    headers=headers,
                )
                self.assertThat(answer, matchers.IsAccessToken())

    def test_forged_address_changes_nothing(self):
        """E05: X-Forwarded-For and Forwarded do not name the peer."""
        for forged in (
            {'X-Forwarded-For': '192.0.2.7'},
            {'X-Forwarded-For': '192.0.2.7, 192.0.2.7'},
            {'Forwarded': 'for=192.0.2.7'},
            {'X-Real-IP': '192.0.2.7'},
        ):
            with self.variant(forged):
                answer = self.post_for(
                    self.user,
                    ELSEWHERE,
                    headers={**client_cert(self.certificate), **forged},
                )
                self.assertThat(answer, REFUSED)

    def test_proxy_is_trusted_whatever_client_address_it_forwards(self):
        """E05: the peer counts, and that is the proxy."""
        answer = self.post_for(
            self.user,
            PROXY,
            headers={
                **client_cert(self.certificate),
                'X-Forwarded-For': '203.0.113.9',
            },
        )
        self.assertThat(answer, matchers.IsAccessToken())

    def test_verdict_of_the_proxy_is_required(self):
        """E04: a missing verdict is a failure."""
        for verdict in ('FAILED', 'NONE', None):
            headers = client_cert(self.certificate)
            headers.pop('X-SSL-Client-Verify')
            if verdict:
                headers['X-SSL-Client-Verify'] = verdict
            with self.variant(verdict):
                answer = self.post_for(self.user, PROXY, headers=headers)
                self.assertThat(answer, REFUSED)

    def test_two_fields_are_refused(self):
        """E03: a server joins them into one value."""
        headers = client_cert(self.certificate)
        headers['Client-Cert'] += ',' + headers['Client-Cert']
        answer = self.post_for(self.user, PROXY, headers=headers)
        self.assertThat(answer, REFUSED)

    def test_environment_is_ignored(self):
        """E02: only the configured sources are used."""
        self.assertThat(self.post_with(self.certificate), REFUSED)
