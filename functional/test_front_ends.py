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

"""Client certificates through each front end of the administrator guide."""

import datetime
import http.client
import itertools
import ssl
import stat

from functional import base
from functional import forgery
from functional import front_ends
from functional import programs
from functional import revocation_list
from keystone_oauth2 import fixture
from keystone_oauth2.tests.support import base as wire
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import mutual_tls

#: Other addresses of this host, which are not trusted as proxies.
ATTACKER, OWNER = '127.0.0.2', '127.0.0.3'
FAILURES = 15
HOUR = datetime.timedelta(hours=1)
#: Alerts with which OpenSSL ends a handshake (RFC 8446, 6.2).
ALERTS = {
    'self-signed': 'TLSV1_ALERT_UNKNOWN_CA',
    'of another CA': 'TLSV1_ALERT_UNKNOWN_CA',
    'expired': 'SSLV3_ALERT_CERTIFICATE_EXPIRED',
    'not yet valid': 'SSLV3_ALERT_BAD_CERTIFICATE',
    'for servers': 'SSLV3_ALERT_UNSUPPORTED_CERTIFICATE',
    'revoked': 'SSLV3_ALERT_CERTIFICATE_REVOKED',
}
#: Lines of the guide that those about revocation accompany.
NGINX_CA = 'ssl_client_certificate /etc/keystone/tls/client-ca.pem;\n'
APACHE_CA = 'SSLCACertificateFile /etc/keystone/tls/client-ca.pem\n'


class FrontEndTests:
    """Tests for every front end."""

    #: Each process counts failures for itself.
    processes = 1
    options = {
        'oauth2_limits': {
            'client_failures': f'{FAILURES}/hour',
            'address_failures': f'{FAILURES}/hour',
        }
    }
    #: The kinds of certificates that a front end refuses.
    bad = frozenset(ALERTS)

    @classmethod
    def before_start(cls):
        cls.certificates = cls._certificates('robot')
        tls = cls.folder / 'tls'
        tls.mkdir()
        revocation_list.write(
            tls / 'client-ca.crl', cls.authority, cls.certificates['revoked']
        )

    @classmethod
    def _certificates(cls, name):
        now = datetime.datetime.now(datetime.timezone.utc)
        subject = [('CN', name)]
        return {
            'self-signed': fixture.self_signed(subject),
            # The subject equals that of the valid certificate.
            'of another CA': fixture.CertificateAuthority().client(subject),
            'expired': cls.authority.client(subject, not_after=now - HOUR),
            'not yet valid': cls.authority.client(
                subject, not_before=now + HOUR
            ),
            'for servers': cls.authority.server(name),
            'revoked': cls.authority.client(subject),
            'good': cls.authority.client(subject),
        }

    @classmethod
    def create(cls):
        super().create()
        cls.robot = cls.identity.create_user(
            cls.project, ['member'], name='robot'
        )
        cls.refused = matchers.IsOAuthError(
            401, 'invalid_client', url=f'{cls.stack.url}/v3'
        )

    def files_of(self, kind):
        """Return the files of a certificate for the robot."""
        return self.certificates[kind].write(self.folder, kind)

    def claim(self, files=None):
        """Send the robot's client id, on a connection with a certificate."""
        form = {**base.GRANT, 'client_id': self.robot.id}
        return self.https(files).request('POST', base.TOKEN, form=form)

    def connect(self, files=None, source=programs.HOST):
        """Return a connection from an address of this host."""
        context = ssl.create_default_context(cafile=self.ca_file)
        if files:
            context.load_cert_chain(*files)
        return http.client.HTTPSConnection(
            'localhost',
            self.stack.port,
            context=context,
            source_address=(source, 0),
            timeout=forgery.TIMEOUT,
        )

    def test_secret(self):
        """A secret is sufficient."""
        self.assert_whole_life(client=self.client)

    def test_certificate(self):
        """A certificate is sufficient, and the token is bound to it."""
        self.assert_whole_life(files=self.files)

    def test_bad_certificate(self):
        """The front end refuses all certificates but the valid one."""
        answer = self.claim(self.files_of('good'))
        self.assertEqual(200, answer.status, answer.text)
        for kind in self.bad:
            with self.variant(kind):
                self.assert_refused_by_front_end(kind)

    def test_missing_certificate_and_certificate_of_another_user(self):
        """Keystone refuses requests that the front end has accepted."""
        for files in (None, self.files):
            with self.variant(files):
                self.assertThat(self.claim(files), self.refused)

    def test_forged_header_fields(self):
        """Only the certificate of the connection counts, if there is one."""
        victim = self.certificates['good']
        form = {**base.GRANT, 'client_id': self.robot.id}
        for spelling, files in itertools.product(
            self.spellings(), (None, self.files)
        ):
            with self.variant((spelling, files)):
                answer = forgery.send(
                    self.connect(files),
                    form,
                    forgery.forged(victim, *spelling),
                )
                self.assert_not_believed(answer, spelling)

    def spellings(self):
        """Return how forged fields are spelled, and how often sent."""
        yield 'hyphens', 'hyphens'
        yield 'underscores', 'underscores'
        yield 'hyphens', 'underscores'
        yield 'underscores', 'hyphens'
        yield 'dots', 'dots'
        yield 'other case', 'other case'
        yield 'hyphens', 'hyphens', 2

    def assert_not_believed(self, answer, spelling):
        """Assert that the forged fields have no effect."""
        self.assertThat(answer, self.refused)

    def test_forged_address(self):
        """A client cannot attribute its failures to another address.

        The client's own address is blocked for all clients.
        """
        client = self.identity.create_application_credential(self.user)
        for number in range(FAILURES):
            answer = self.authenticate(
                client.id, 'wrong', ATTACKER, f'198.51.100.{number}'
            )
            self.assertThat(answer, self.refused)
        answer = self.authenticate(*client, ATTACKER, '198.51.100.99')
        self.assertEqual(429, answer.status, answer.text)
        answer = self.authenticate(*self.client, ATTACKER, OWNER)
        self.assertEqual(429, answer.status, answer.text)
        answer = self.authenticate(*client, OWNER, ATTACKER)
        self.assertEqual(200, answer.status, answer.text)

    def authenticate(self, client_id, secret, source, forwarded):
        """Authenticate with a secret from an address, with X-Forwarded-For."""
        fields = [
            ('Authorization', wire.basic(client_id, secret)),
            ('X-Forwarded-For', forwarded),
        ]
        return forgery.send(self.connect(source=source), base.GRANT, fields)


class AlertTests(FrontEndTests):
    """The front end ends the TLS handshake with an alert."""

    def assert_refused_by_front_end(self, kind):
        """Assert that the handshake fails with this certificate."""
        error = self.assertRaises(ssl.SSLError, self.handshake, kind)
        self.assertEqual(ALERTS[kind], error.reason)

    def handshake(self, kind):
        """Send nothing after the handshake (RFC 8446, 4.4.2.4).

        With TLS 1.3, a client learns that its certificate was refused when
        it reads. If it wrote first, the connection might be reset.
        """
        connection = self.connect(self.files_of(kind))
        connection.connect()
        with connection.sock as peer:
            peer.recv(1)


class PageTests(FrontEndTests):
    """nginx accepts the request, and responds with its own error page."""

    changes = {
        NGINX_CA: NGINX_CA + front_ends.snippet('revocation/nginx.conf')
    }

    def assert_refused_by_front_end(self, kind):
        """Assert that the request did not reach Keystone."""
        answer = self.claim(self.files_of(kind))
        self.assertEqual(400, answer.status)
        self.assertIn('The SSL certificate error', answer.text)


class UWSGIProtocolTests:
    """The front end connects to Keystone with the uwsgi protocol."""

    def test_around_the_front_end(self):
        """Header fields are ignored, but any process that connects is trusted.

        That is why the guide allows only the web server to connect.
        """
        good = self.certificates['good']
        fields = {
            f'HTTP_{name.upper().replace("-", "_")}': value
            for name, value in forgery.forged(good)
        }
        for variables, status in (
            (fields, 401),
            (mutual_tls.verified(good), 200),
        ):
            answer = forgery.send_uwsgi(
                (programs.HOST, self.stack.inner_port),
                {**base.GRANT, 'client_id': self.robot.id},
                variables,
            )
            self.assertEqual(status, answer.status, answer.text)


class HTTPTests:
    """The front end connects to Keystone over HTTP."""

    def test_around_the_front_end(self):
        """Header fields count only from the address of the front end."""
        form = {**base.GRANT, 'client_id': self.robot.id}
        fields = forgery.forged(self.certificates['good'])
        for source, status in ((ATTACKER, 401), (programs.HOST, 200)):
            connection = http.client.HTTPConnection(
                programs.HOST,
                self.stack.inner_port,
                source_address=(source, 0),
            )
            answer = forgery.send(connection, form, fields)
            self.assertEqual(status, answer.status, answer.text)


class UWSGITest(AlertTests, base.StackTestCase):
    front_end = 'uwsgi'
    # uWSGI cannot check revocation lists.
    bad = FrontEndTests.bad - {'revoked'}

    def test_around_the_front_end(self):
        """Only uWSGI itself can connect to its workers."""
        mode = (self.folder / 'uwsgi.sock').stat().st_mode
        self.assertEqual(0o600, stat.S_IMODE(mode))
        self.assertNotIn('auto-assigned', self.stack.programs['uwsgi'].log)


class NginxUWSGITest(PageTests, UWSGIProtocolTests, base.StackTestCase):
    front_end = 'nginx-uwsgi'


class NginxHTTPTest(PageTests, HTTPTests, base.StackTestCase):
    front_end = 'nginx-http'


class ApacheTests(AlertTests):
    """Tests for both ways of running Keystone behind Apache."""

    changes = {
        APACHE_CA: APACHE_CA + front_ends.snippet('revocation/apache.conf')
    }


class ApacheModWSGITest(ApacheTests, base.StackTestCase):
    front_end = 'apache-mod_wsgi'


class ApacheUWSGITest(ApacheTests, UWSGIProtocolTests, base.StackTestCase):
    front_end = 'apache-uwsgi'


class HAProxyTest(AlertTests, HTTPTests, base.StackTestCase):
    front_end = 'haproxy'
    changes = {
        front_ends.HAPROXY_BIND: front_ends.snippet('revocation/haproxy.cfg')
    }

    def assert_not_believed(self, answer, spelling):
        """Assert that HAProxy refuses ambiguous names of header fields."""
        if {'underscores', 'dots'} & {*spelling}:
            self.assertEqual(403, answer.status)
        else:
            super().assert_not_believed(answer, spelling)
