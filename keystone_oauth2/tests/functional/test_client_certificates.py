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

"""Certificates registered for a client."""

import datetime
import ipaddress

from cryptography import x509
from oslo_utils import timeutils

from keystone_oauth2 import fixture
from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import clients
from keystone_oauth2.tests.functional import mutual_tls
from keystone_oauth2.tests.functional import tokens

AUTHORITY = mutual_tls.AUTHORITY
PROJECTS = '/v3/auth/projects'
FAILED = 'FAILED:self-signed certificate'
CANNOT_BE_BOUND = matchers.IsOAuthError(
    400,
    'unauthorized_client',
    description='ask the operator for JWS tokens',
)
#: Each kind of expected subject: a matching and another certificate.
SUBJECTS = (
    (
        'tls_client_auth_subject_dn',
        'CN=batch,OU=nodes,O=Example',
        AUTHORITY.client([('O', 'Example'), ('OU', 'nodes'), ('CN', 'batch')]),
        AUTHORITY.client([('CN', 'batch'), ('OU', 'nodes'), ('O', 'Example')]),
    ),
    (
        'tls_client_auth_san_dns',
        'Batch.Example.com',
        AUTHORITY.client(
            [('CN', 'x')], names=[x509.DNSName('batch.example.com')]
        ),
        AUTHORITY.client(
            [('CN', 'batch.example.com')],
            names=[x509.DNSName('*.example.com')],
        ),
    ),
    (
        'tls_client_auth_san_uri',
        'spiffe://example.com/batch',
        AUTHORITY.client(
            [('CN', 'x')],
            names=[
                x509.UniformResourceIdentifier('spiffe://example.com/batch')
            ],
        ),
        AUTHORITY.client(
            [('CN', 'x')],
            names=[
                x509.UniformResourceIdentifier('spiffe://example.com/batch/2')
            ],
        ),
    ),
    (
        'tls_client_auth_san_ip',
        '2001:db8:0::7',
        AUTHORITY.client(
            [('CN', 'x')],
            names=[x509.IPAddress(ipaddress.ip_address('2001:db8::7'))],
        ),
        AUTHORITY.client(
            [('CN', 'x')],
            names=[
                x509.IPAddress(ipaddress.ip_address('2001:db8::8')),
                x509.DNSName('2001:db8::7'),
            ],
        ),
    ),
    (
        'tls_client_auth_san_email',
        'batch@Example.com',
        AUTHORITY.client(
            [('CN', 'x')], names=[x509.RFC822Name('batch@example.com')]
        ),
        AUTHORITY.client(
            [('CN', 'x'), ('emailAddress', 'batch@example.com')],
            names=[x509.RFC822Name('Batch@example.com')],
        ),
    ),
)


class CertificatesTestCase(clients.ClientsTestCase):
    """With tokens that can be bound for application credentials, too."""

    options = {**clients.OPTIONS, 'token': {'provider': 'jws'}}

    def setUp(self):
        super().setUp()
        self.own = self.identity.create_application_credential(
            self.user, ['reader']
        )

    def assert_bound(self, certificate, how):
        """Assert that a client gets a token bound to the certificate."""
        answer = self.get_token(**how)
        self.assertThat(answer, matchers.IsAccessToken(scope='reader'))
        self.assertEqual(
            {'x5t#S256': certificate.keystone_thumbprint},
            self.validate(answer)['oauth2_credential'],
        )
        return answer.json['access_token']


class RegistrationTest(clients.ClientsTestCase):
    def post(self, **wanted):
        return self.manage('POST', '/certificates', {'certificate': wanted})

    def test_certificate_is_shown_with_its_thumbprint(self):
        """D05: as RFC 8705 defines it, for any layout of the PEM."""
        certificate = fixture.self_signed([('CN', 'batch')])
        for pem in (
            certificate.pem,
            certificate.pem.strip(),
            certificate.pem.replace('\n', '\r\n'),
        ):
            shown = self.register_certificate(certificate=pem)
            self.assertEqual(certificate.pem, shown['certificate'])
            self.assertEqual(certificate.thumbprint, shown['x5t#S256'])
            self.assertEqual(shown, self.shown('certificate', shown))
            self.remove('certificate', shown)

    def test_it_expires_with_the_certificate_at_the_latest(self):
        now = timeutils.utcnow().replace(microsecond=0)
        day = datetime.timedelta(days=1)
        end = now + 10 * day
        certificate = fixture.self_signed(
            [('CN', 'batch')],
            not_after=end.replace(tzinfo=datetime.timezone.utc),
        )
        for asked, expected in (
            (None, end),
            (end + day, end),
            (end - day, end - day),
        ):
            with self.variant(asked):
                wanted = {}
                if asked is not None:
                    wanted['expires_at'] = asked.isoformat() + 'Z'
                shown = self.register_certificate(
                    certificate=certificate.pem, **wanted
                )
                self.assertEqual(
                    expected.isoformat() + 'Z', shown['expires_at']
                )
                self.assertIs(True, shown['expires_soon'])
                self.remove('certificate', shown)

    def test_subject_is_shown_as_it_is_compared(self):
        for name, value, expected in (
            ('tls_client_auth_subject_dn', 'CN=a,O=B', 'CN=a,O=B'),
            ('tls_client_auth_san_dns', 'A.example.COM', 'a.example.com'),
            ('tls_client_auth_san_uri', 'urn:x:Y', 'urn:x:Y'),
            ('tls_client_auth_san_ip', '2001:DB8:0:0::1', '2001:db8::1'),
            ('tls_client_auth_san_ip', '192.0.2.1', '192.0.2.1'),
            ('tls_client_auth_san_email', 'A@B.Example', 'A@b.example'),
        ):
            with self.variant(value):
                shown = self.register_certificate(**{name: value})
                self.assertEqual(expected, shown[name])
                self.assertIsNone(shown['expires_at'])
                self.assertNotIn('certificate', shown)
                self.assertEqual(shown, self.shown('certificate', shown))

    def test_exactly_one_kind_is_registered_at_a_time(self):
        """D02."""
        pem = self.certificate.pem
        for wanted in (
            {},
            {'description': 'x'},
            {'tls_client_auth_san_dns': 'a', 'tls_client_auth_san_ip': '::1'},
            {'certificate': pem, 'tls_client_auth_san_dns': 'a'},
            {'tls_client_auth_san_dns': ['a', 'b']},
            {'tls_client_auth_san_dns': None},
            {'subject_dn': 'CN=a'},
        ):
            with self.variant(wanted):
                answer = self.post(**wanted)
                self.assertThat(answer, clients.IsKeystoneError(400))
        self.assertEqual([], self.show('/certificates')['certificates'])

    def test_expectation_that_matches_no_or_many_subjects_is_refused(self):
        """D02."""
        for name, values in (
            (
                'tls_client_auth_subject_dn',
                ('', ' ', 'x', 'CN', '=a', 'CN=a,', 'CN=a\0', '*', 'XYZ=a'),
            ),
            (
                'tls_client_auth_san_dns',
                ('', ' ', '*', '*.*.example.com', 'a..b', 'a b', '.'),
            ),
            ('tls_client_auth_san_uri', ('', 'x', ':', 'urn:', 'a b:c')),
            (
                'tls_client_auth_san_ip',
                ('', 'x', '192.0.2.0/24', '192.0.2', 'fe80::1%eth0', '1'),
            ),
            ('tls_client_auth_san_email', ('', '@', 'a', '@b', 'a@', 'a b@c')),
            (
                'certificate',
                (
                    '',
                    'x',
                    self.certificate.key_pem,
                    self.certificate.pem * 2,
                    self.certificate.pem[:-40],
                    '-----BEGIN CERTIFICATE-----\nAAAA\n'
                    '-----END CERTIFICATE-----\n',
                    'x' * 16385,
                ),
            ),
        ):
            for value in values:
                with self.variant((name, value)):
                    answer = self.post(**{name: value})
                    self.assertThat(answer, clients.IsKeystoneError(400))
                    self.assertNotIn('PRIVATE KEY', answer.text)
        self.assertNotIn('PRIVATE KEY', self.log)

    def test_certificate_that_has_expired_is_refused(self):
        past = datetime.datetime.now(datetime.timezone.utc)
        certificate = fixture.self_signed(
            [('CN', 'batch')], not_after=past - datetime.timedelta(minutes=1)
        )
        answer = self.post(certificate=certificate.pem)
        self.assertThat(answer, clients.IsKeystoneError(400, 'has expired'))

    def test_duplicate_certificate_is_409(self):
        for wanted in (
            {'certificate': self.certificate.pem},
            {'tls_client_auth_san_dns': 'a.example.com'},
        ):
            with self.variant(wanted):
                self.register_certificate(**wanted)
                answer = self.post(description='again', **wanted)
                self.assertThat(answer, clients.IsKeystoneError(409))
        self.register_certificate(tls_client_auth_san_uri='dns:a.example.com')


class BoundTokenTest(CertificatesTestCase):
    def setUp(self):
        super().setUp()
        self.batch = AUTHORITY.client([('CN', 'batch')])
        self.register_certificate(tls_client_auth_subject_dn='CN=batch')
        self.how = clients.by_certificate(self.own, self.batch)
        self.token = self.assert_bound(self.batch, self.how)

    def test_it_has_only_the_roles_of_the_credential(self):
        """B12: not all of the user's; and the token names the client."""
        token = self.identity.validate(self.token).json['token']
        self.assertEqual(['application_credential'], token['methods'])
        self.assertEqual(self.own.id, token['application_credential']['id'])
        self.assertEqual(['reader'], [role['name'] for role in token['roles']])
        self.assertEqual(self.user.id, token['user']['id'])
        self.assertEqual(self.project.id, token['project']['id'])

    def test_introspection_returns_the_thumbprint_and_the_client(self):
        """D06: of the certificate itself."""
        body = self.introspect(self.token).json
        self.assertEqual({'x5t#S256': self.batch.thumbprint}, body['cnf'])
        self.assertEqual(self.own.id, body['client_id'])
        self.assertEqual('reader', body['roles'])

    def test_keystone_accepts_it_only_with_its_certificate(self):
        """D07, D08."""
        other = AUTHORITY.client([('CN', 'batch')])
        for environ, status in (
            (None, 401),
            (mutual_tls.verified(other), 401),
            ({**self.how['environ'], 'SSL_CLIENT_VERIFY': FAILED}, 401),
            (self.how['environ'], 200),
        ):
            with self.variant(status):
                answer = self.keystone.request(
                    'GET', PROJECTS, token=self.token, environ=environ
                )
                self.assertEqual(status, answer.status)

    def test_client_introspects_and_revokes_with_the_certificate(self):
        answer = self.ask(tokens.INTROSPECT, self.token, **self.how)
        self.assertIs(True, answer.json['active'])
        answer = self.ask(tokens.REVOKE, self.token, **self.how)
        self.assertThat(answer, tokens.REVOKED)
        answer = self.ask(tokens.INTROSPECT, self.token, **self.how)
        self.assertThat(answer, tokens.INACTIVE)

    def test_token_issued_for_the_secret_is_not_bound(self):
        answer = self.get_token(**clients.by_secret(self.own, self.own.secret))
        self.assertNotIn('oauth2_credential', self.validate(answer))

    def test_secret_beside_a_certificate_is_refused(self):
        """B01: if the request has a client_id, too."""
        how = clients.by_secret_in_body(self.own, self.own.secret)
        how['environ'] = self.how['environ']
        self.assertThat(
            self.get_token(**how),
            matchers.IsOAuthError(400, 'invalid_request'),
        )

    def test_certificate_alone_identifies_no_client(self):
        """D01."""
        self.assert_refused(environ=self.how['environ'])


class SubjectTest(CertificatesTestCase):
    def test_each_kind_of_subject_accepts_only_its_certificates(self):
        """D02: a certificate with another subject is refused."""
        for name, value, right, wrong in SUBJECTS:
            with self.variant((name, value)):
                registered = self.register_certificate(**{name: value})
                self.assert_bound(
                    right, clients.by_certificate(self.own, right)
                )
                for certificate in (wrong, self.certificate):
                    self.assert_refused(
                        **clients.by_certificate(self.own, certificate)
                    )
                self.remove('certificate', registered)
                self.assert_refused(**clients.by_certificate(self.own, right))

    def test_distinguished_names_are_compared_as_parsed_names(self):
        """D03: whatever their spelling."""
        for subject, same, others in (
            (
                [('O', 'Example'), ('CN', 'batch')],
                (
                    'CN=batch,O=Example',
                    'cn=batch, o=Example',
                    'CN=BATCH,O=example',
                    '2.5.4.3=batch,O=Example',
                    'CN=\\62atch,O=Example',
                ),
                ('CN=batch', 'O=Example,CN=batch', 'CN=batch,O=Example,C=DE'),
            ),
            (
                [('CN', 'a, b=c+d')],
                ('CN=a\\, b=c\\+d', 'CN=a\\2c b=c\\2bd'),
                ('CN=a',),
            ),
            (
                [('OU', 'one'), ('OU', 'two')],
                ('OU=two,OU=one',),
                ('OU=one,OU=two', 'OU=one', 'OU=two', 'OU=two+OU=one'),
            ),
            (
                [[('CN', 'batch'), ('OU', 'nodes')]],
                ('CN=batch+OU=nodes', 'OU=nodes+CN=batch'),
                ('CN=batch,OU=nodes', 'OU=nodes,CN=batch'),
            ),
        ):
            certificate = AUTHORITY.client(subject)
            how = clients.by_certificate(self.own, certificate)
            for text in (*same, *others):
                with self.variant((subject, text)):
                    registered = self.register_certificate(
                        tls_client_auth_subject_dn=text
                    )
                    if text in same:
                        self.assert_bound(certificate, how)
                    else:
                        self.assert_refused(**how)
                    self.remove('certificate', registered)

    def test_renewed_certificate_with_the_subject_is_accepted(self):
        """So a renewal needs no new registration."""
        self.register_certificate(tls_client_auth_subject_dn='CN=batch')
        for _ in range(2):
            renewed = AUTHORITY.client([('CN', 'batch')])
            self.assert_bound(
                renewed, clients.by_certificate(self.own, renewed)
            )

    def test_unverified_certificate_is_refused(self):
        """E04: a subject is only valid if a trusted authority asserts it."""
        self.register_certificate(tls_client_auth_subject_dn='CN=batch')
        for certificate, verdict in (
            (AUTHORITY.client([('CN', 'batch')]), 'FAILED:revoked'),
            (AUTHORITY.client([('CN', 'batch')]), 'NONE'),
            (fixture.self_signed([('CN', 'batch')]), FAILED),
        ):
            with self.variant(verdict):
                self.assert_refused(
                    **clients.by_certificate(self.own, certificate, verdict)
                )

    def test_subject_registered_for_another_client_is_refused(self):
        """D01: client_id names the client that it must belong to."""
        other = self.identity.create_application_credential(
            self.user, ['reader']
        )
        certificate = AUTHORITY.client([('CN', 'batch')])
        self.register_certificate(
            client=other, tls_client_auth_subject_dn='CN=batch'
        )
        for named in (self.own, self.user, other._replace(id='f' * 32)):
            with self.variant(named):
                self.assert_refused(
                    **clients.by_certificate(named, certificate)
                )
        self.assert_bound(
            certificate, clients.by_certificate(other, certificate)
        )

    def test_expired_registration_is_refused(self):
        certificate = AUTHORITY.client([('CN', 'batch')])
        how = clients.by_certificate(self.own, certificate)
        registered = self.register_certificate(
            tls_client_auth_subject_dn='CN=batch'
        )
        self.assert_bound(certificate, how)
        self.expire(registered)
        self.assert_refused(**how)

    def test_last_use_is_recorded(self):
        registered = self.register_certificate(
            tls_client_auth_subject_dn='CN=batch'
        )
        self.assertIsNone(registered['last_used_at'])
        certificate = AUTHORITY.client([('CN', 'batch')])
        self.get_token(**clients.by_certificate(self.own, certificate))
        shown = self.shown('certificate', registered)
        self.assertIsNotNone(shown['last_used_at'])


class SelfSignedTest(CertificatesTestCase):
    def setUp(self):
        super().setUp()
        self.certificate_of_batch = fixture.self_signed([('CN', 'batch')])
        self.registered = self.register_certificate(
            certificate=self.certificate_of_batch.pem
        )
        self.how = clients.by_certificate(
            self.own, self.certificate_of_batch, FAILED
        )

    def test_no_chain_is_checked(self):
        """D04: whatever the front end says of the issuer."""
        for verdict in (FAILED, 'FAILED', 'GENEROUS', 'SUCCESS'):
            with self.variant(verdict):
                self.assert_bound(
                    self.certificate_of_batch,
                    clients.by_certificate(
                        self.own, self.certificate_of_batch, verdict
                    ),
                )

    def test_certificate_that_was_not_presented_is_refused(self):
        """E04: the front end says that the connection had none."""
        self.assert_refused(
            **clients.by_certificate(
                self.own, self.certificate_of_batch, 'NONE'
            )
        )

    def test_keystone_accepts_the_token_on_such_a_connection(self):
        """D07."""
        token = self.assert_bound(self.certificate_of_batch, self.how)
        for environ, status in ((self.how['environ'], 200), (None, 401)):
            answer = self.keystone.request(
                'GET', PROJECTS, token=token, environ=environ
            )
            self.assertEqual(status, answer.status)

    def test_another_certificate_is_refused(self):
        """D04: with the same subject, from any issuer."""
        for certificate, verdict in (
            (fixture.self_signed([('CN', 'batch')]), FAILED),
            (fixture.self_signed([('CN', 'batch')]), 'SUCCESS'),
            (AUTHORITY.client([('CN', 'batch')]), 'SUCCESS'),
        ):
            with self.variant(verdict):
                self.assert_refused(
                    **clients.by_certificate(self.own, certificate, verdict)
                )

    def test_it_belongs_to_the_client_that_registered_it(self):
        """D01."""
        other = self.identity.create_application_credential(self.user)
        self.assert_refused(
            **clients.by_certificate(other, self.certificate_of_batch, FAILED)
        )

    def test_removed_certificate_is_refused_at_the_next_request(self):
        self.assert_bound(self.certificate_of_batch, self.how)
        self.remove('certificate', self.registered)
        self.assert_refused(**self.how)

    def test_expired_certificate_is_refused(self):
        """The registration expires with the certificate."""
        end = self.registered['expires_at']
        moment = timeutils.normalize_time(timeutils.parse_isotime(end))
        self.assert_bound(self.certificate_of_batch, self.how)
        self.at(moment)
        self.assert_refused(**self.how)

    def test_certificate_of_an_authority_must_be_verified(self):
        """E04: it may have been revoked."""
        issued = AUTHORITY.client([('CN', 'batch')])
        self.register_certificate(certificate=issued.pem)
        for verdict in ('FAILED:revoked', 'FAILED', 'NONE'):
            with self.variant(verdict):
                self.assert_refused(
                    **clients.by_certificate(self.own, issued, verdict)
                )
        self.assert_bound(issued, clients.by_certificate(self.own, issued))

    def test_subject_of_a_registered_certificate_is_not_an_expectation(self):
        """D04: another certificate with that subject is refused."""
        issued = AUTHORITY.client([('CN', 'batch')])
        self.register_certificate(certificate=issued.pem)
        renewed = AUTHORITY.client([('CN', 'batch')])
        self.assert_refused(**clients.by_certificate(self.own, renewed))

    def test_last_certificate_cannot_be_removed(self):
        self.retire_secret()
        rest = f'/certificates/{self.registered["id"]}'
        answer = self.manage('DELETE', rest)
        self.assertThat(answer, clients.IsKeystoneError(409))
        self.assert_bound(self.certificate_of_batch, self.how)


class UserBesideClientsTest(CertificatesTestCase):
    def test_mapping_decides_which_certificates_belong_to_a_user(self):
        """D01: the client_id is the user's id, as before."""
        answer = self.post_with(self.certificate)
        self.assertThat(answer, clients.ISSUED)
        token = self.validate(answer)
        self.assertEqual(['oauth2_credential'], token['methods'])
        self.assertNotIn('application_credential', token)

    def test_mapping_authenticates_no_client_of_the_user(self):
        """B12: nor does a client's certificate authenticate the user."""
        self.assert_refused(
            **clients.by_certificate(self.own, self.certificate)
        )
        certificate = fixture.self_signed([('CN', self.user.name)])
        self.register_certificate(certificate=certificate.pem)
        self.assert_refused(
            **clients.by_certificate(self.user, certificate, FAILED)
        )


class FernetTest(clients.ClientsTestCase):
    """Fernet tokens cannot hold both method and thumbprint."""

    def setUp(self):
        super().setUp()
        self.batch = fixture.self_signed([('CN', 'batch')])
        self.register_certificate(certificate=self.batch.pem)
        self.register_certificate(tls_client_auth_subject_dn='CN=batch')
        self.hows = (
            clients.by_certificate(self.own, self.batch, FAILED),
            clients.by_certificate(
                self.own, AUTHORITY.client([('CN', 'batch')])
            ),
        )

    def test_client_learns_that_its_token_cannot_be_bound(self):
        for how in self.hows:
            self.assertThat(self.get_token(**how), CANNOT_BE_BOUND)

    def test_unauthenticated_caller_does_not_learn_that(self):
        """B07."""
        for certificate, verdict in (
            (fixture.self_signed([('CN', 'batch')]), FAILED),
            (self.certificate, 'SUCCESS'),
        ):
            self.assert_refused(
                **clients.by_certificate(self.own, certificate, verdict)
            )

    def test_client_still_introspects_and_revokes(self):
        for how in self.hows:
            token = self.issue(self.own)
            answer = self.ask(tokens.INTROSPECT, token, **how)
            self.assertIs(True, answer.json['active'])
            answer = self.ask(tokens.REVOKE, token, **how)
            self.assertThat(answer, tokens.REVOKED)

    def test_users_and_secrets_still_get_their_tokens(self):
        """Including users over Mutual-TLS."""
        self.assertThat(self.post_with(self.certificate), clients.ISSUED)
        self.assert_issued(**clients.by_secret(self.own, self.own.secret))
