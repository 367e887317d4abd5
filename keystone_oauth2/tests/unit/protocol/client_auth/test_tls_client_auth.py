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

"""Mutual-TLS with a certificate from a CA (RFC 8705, 2.1)."""

import ipaddress

from cryptography import x509

from keystone_oauth2.fixture import certificates
from keystone_oauth2.protocol import certificates as protocol_certificates
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import tls_client_auth
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base
from keystone_oauth2.tests.unit.protocol import raw_certificates

AUTHORITY = certificates.CertificateAuthority('CA')
CN = 'SSL_CLIENT_SUBJECT_DN_CN'


def certificate(subject, problem=None, names=()):
    der = AUTHORITY.client(subject, names=names).der
    return messages.ClientCertificate(der, problem)


class AssertionTest(base.TestCase):
    def assertion(self, subject):
        return tls_client_auth.assertion(AUTHORITY.client(subject).der)

    def test_names_of_subject_and_issuer_are_returned(self):
        """D03: with the attribute names of Keystone's mapping guides."""
        self.assertEqual(
            {
                'SSL_CLIENT_SUBJECT_DN_CN': 'client',
                'SSL_CLIENT_SUBJECT_DN_UID': 'u',
                'SSL_CLIENT_SUBJECT_DN_EMAILADDRESS': 'a@b',
                'SSL_CLIENT_SUBJECT_DN_DC': 'x',
                'SSL_CLIENT_SUBJECT_DN_2.5.4.12': 'Dr',
                'SSL_CLIENT_ISSUER_DN_CN': 'CA',
            },
            self.assertion(
                [
                    ('CN', 'client'),
                    ('UID', 'u'),
                    ('emailAddress', 'a@b'),
                    ('DC', 'x'),
                    ('2.5.4.12', 'Dr'),
                ]
            ),
        )

    def test_repeated_attributes_are_joined_in_order(self):
        """D03: no OU hides another one."""
        values = self.assertion([('OU', 'b'), ('CN', 'x'), ('OU', 'a')])
        self.assertEqual('b;a', values['SSL_CLIENT_SUBJECT_DN_OU'])

    def test_equal_sign_in_a_value_is_kept(self):
        """D03: the in-tree API cannot read such a certificate."""
        self.assertEqual('a=b', self.assertion([('CN', 'a=b')])[CN])

    def test_semicolon_in_a_value_is_refused(self):
        """D03: the mapping would read one value as two."""
        error = self.assert_raises(
            ports.Refused, self.assertion, [('OU', 'a;b'), ('CN', 'x')]
        )
        self.assertEqual('certificate: a semicolon in OU', str(error))

    def test_invalid_certificate_is_refused(self):
        self.assert_raises(ports.Refused, tls_client_auth.assertion, b'x')

    def test_attribute_that_is_not_text_hides_no_other(self):
        """D03: the library's exception is not a ValueError."""
        der = raw_certificates.with_subject(
            raw_certificates.der_name(
                [('1.2.3.4', raw_certificates.der(3, b'\0\xab'))],
                [('2.5.4.3', raw_certificates.der(12, b'client'))],
            )
        )
        self.assertEqual(
            {
                'SSL_CLIENT_SUBJECT_DN_1.2.3.4': '#030200ab',
                'SSL_CLIENT_SUBJECT_DN_CN': 'client',
                'SSL_CLIENT_ISSUER_DN_CN': 'CA',
            },
            tls_client_auth.assertion(der),
        )


class TLSClientAuthTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.keystone = protocol_base.InMemoryKeystone()
        self.user = self.add_user()
        # The name of the CA stands for that of the domain.
        self.keystone.mapped = {
            'name': CN,
            'domain_name': 'SSL_CLIENT_ISSUER_DN_CN',
        }
        self.method = tls_client_auth.TLSClientAuth(self.keystone.ports)

    def add_user(self, **attributes):
        values = {'name': 'alice', 'email': 'a@b'}
        return self.keystone.add_user(**(values | attributes))

    def authenticate(self, certificate, client_id='user'):
        return self.method.authenticate(
            protocol_base.request(client_certificate=certificate),
            protocol_base.form(client_id=client_id),
        )

    def assert_refused(self, reason, *arguments):
        error = self.assert_raises(
            ports.Refused, self.authenticate, *arguments
        )
        self.assertIn(reason, str(error))


class TLSClientAuthTest(TLSClientAuthTestCase):
    """A user with a certificate, without any registration."""

    def test_certificate_alone_is_not_an_attempt(self):
        """D01: the request must have a client_id."""
        own = certificate([('CN', 'alice')])
        for client_certificate, form, used in (
            (own, {'client_id': 'user'}, True),
            (own, {}, False),
            (None, {'client_id': 'user'}, False),
        ):
            with self.variant((client_certificate, form)):
                request = protocol_base.request(
                    client_certificate=client_certificate
                )
                self.assertIs(
                    used,
                    self.method.is_used(request, protocol_base.form(**form)),
                )

    def test_own_certificate_authenticates_the_user(self):
        """D01: the certificate is compared with that user."""
        own = certificate([('CN', 'alice')])
        self.assertEqual(
            messages.Client(
                id='user',
                authentication_method='tls_client_auth',
                user=self.user,
                project_id='project',
                certificate=own.der,
                ends_at=protocol_certificates.expires_at(own.der),
            ),
            self.authenticate(own),
        )

    def test_project_id_is_returned_as_stored(self):
        """K05: the database may ignore the case of the id."""
        self.keystone.add_user('user', name='alice', default_project_id='P')
        own = certificate([('CN', 'alice')])
        self.assert_refused('unknown project', own)
        self.keystone.projects['P'] = 'p'
        self.assertEqual('p', self.authenticate(own).project_id)

    def test_unverified_certificate_is_refused(self):
        """E04: a forwarded certificate is not necessarily verified."""
        self.assert_refused(
            'why not', certificate([('CN', 'alice')], problem='why not')
        )

    def test_certificate_of_another_user_is_refused(self):
        """D01: even though its chain is valid."""
        self.keystone.add_user('other', name='bob')
        self.assert_refused(
            'another name', certificate([('CN', 'alice')]), 'other'
        )

    def test_each_property_in_the_mapping_must_match_the_user(self):
        """D02: it must identify exactly that user."""
        wrong = {
            'id': 'another id',
            'name': 'another name',
            'email': 'another email',
            'domain_id': 'another domain_id',
            'domain_name': 'another domain_name',
        }
        own = [('CN', 'alice'), ('UID', 'user'), ('emailAddress', 'a@b')]
        own += [('O', 'domain'), ('L', 'CA'), ('ST', 'wrong')]
        right = {
            'name': CN,
            'id': 'SSL_CLIENT_SUBJECT_DN_UID',
            'email': 'SSL_CLIENT_SUBJECT_DN_EMAILADDRESS',
            'domain_id': 'SSL_CLIENT_SUBJECT_DN_O',
            'domain_name': 'SSL_CLIENT_SUBJECT_DN_L',
        }
        self.keystone.mapped = right
        self.assertEqual('user', self.authenticate(certificate(own)).id)
        for name, reason in wrong.items():
            with self.variant(name):
                self.keystone.mapped = right | {
                    name: 'SSL_CLIENT_SUBJECT_DN_ST'
                }
                self.assert_refused(reason, certificate(own))

    def test_name_is_compared_exactly(self):
        """D03: neither case nor blanks are normalized."""
        for name in ('Alice', 'alice ', ' alice', 'alic\u0435', 'alice\0'):
            with self.variant(name):
                self.assert_refused(
                    'another name', certificate([('CN', name)])
                )

    def test_user_without_email_does_not_match_an_email(self):
        """D02: a missing property matches nothing."""
        self.add_user(email=None)
        self.keystone.mapped['email'] = 'SSL_CLIENT_SUBJECT_DN_EMAILADDRESS'
        subject = [('CN', 'alice'), ('emailAddress', 'None')]
        self.assert_refused('another email', certificate(subject))

    def test_mapping_without_a_user_matches_nothing(self):
        """D02: as does an empty expectation."""
        self.add_user(name='x')
        for mapped in (
            {},
            {'email': 'SSL_CLIENT_SUBJECT_DN_EMAILADDRESS'},
            {'name': CN},
            {'domain_name': 'SSL_CLIENT_ISSUER_DN_CN'},
        ):
            with self.variant(mapped):
                self.keystone.mapped = mapped
                self.assert_refused(
                    'identifies no user',
                    certificate([('CN', 'x'), ('emailAddress', 'a@b')]),
                )

    def test_unknown_user_and_user_without_a_project_are_refused(self):
        """D11: there is nothing to delegate."""
        own = certificate([('CN', 'alice')])
        self.assert_refused('unknown user', own, 'nobody')
        self.add_user(default_project_id=None)
        self.assert_refused('no default project', own)


class RegisteredSubjectTest(TLSClientAuthTestCase):
    """An application credential with a registered subject."""

    SUBJECT = {'tls_client_auth_subject_dn': 'CN=client,O=Acme'}
    OWN = certificate([('O', 'Acme'), ('CN', 'client')])

    def setUp(self):
        super().setUp()
        self.keystone.add_credential('client')
        self.keystone.add_credential('other')

    def register(self, value, client_id='client'):
        return self.keystone.register(
            registration.CERTIFICATE, value, client_id
        )

    def assert_refused(self, reason, certificate, client_id='client'):
        super().assert_refused(reason, certificate, client_id)
        self.assertEqual([], self.keystone.uses)

    def test_certificate_with_the_subject_authenticates_the_client(self):
        """D01: with the delegation of its application credential."""
        self.register({'tls_client_auth_san_dns': 'client.example.com'})
        use = self.register(self.SUBJECT)
        self.assertEqual(
            messages.Client(
                id='client',
                authentication_method='tls_client_auth',
                user=self.user,
                project_id='project',
                application_credential_id='client',
                certificate=self.OWN.der,
                ends_at=protocol_certificates.expires_at(self.OWN.der),
            ),
            self.authenticate(self.OWN, 'client'),
        )
        self.assertEqual([use], self.keystone.uses)

    def test_each_kind_of_subject_is_compared(self):
        """D02: distinguished name, host, URI, address and email."""
        for name, value, found in (
            ('dns', 'client.example.com', x509.DNSName('client.example.com')),
            (
                'uri',
                'spiffe://example.com/client',
                x509.UniformResourceIdentifier('spiffe://example.com/client'),
            ),
            (
                'ip',
                '192.0.2.1',
                x509.IPAddress(ipaddress.ip_address('192.0.2.1')),
            ),
            ('email', 'a@example.com', x509.RFC822Name('a@example.com')),
        ):
            with self.variant(name):
                client_id = f'client with {name}'
                self.keystone.add_credential(client_id)
                self.register(
                    {f'tls_client_auth_san_{name}': value}, client_id
                )
                own = certificate([('CN', 'x')], names=[found])
                client = self.authenticate(own, client_id)
                self.assertEqual(client_id, client.id)
                without = certificate([('CN', value)])
                super().assert_refused('not registered', without, client_id)

    def test_certificate_of_another_subject_is_refused(self):
        """D02: even if the same CA has issued it."""
        self.register(self.SUBJECT)
        for subject in (
            [('O', 'Acme'), ('CN', 'other')],
            [('CN', 'client'), ('O', 'Acme')],
            [('CN', 'client')],
            [('O', 'Acme'), ('CN', 'client'), ('OU', 'x')],
        ):
            with self.variant(subject):
                self.assert_refused('not registered', certificate(subject))

    def test_subject_of_another_client_is_refused(self):
        """D01: client_id says which client it must belong to."""
        self.register(self.SUBJECT, 'other')
        self.assert_refused('not registered', self.OWN)
        self.assertEqual('other', self.authenticate(self.OWN, 'other').id)

    def test_client_without_a_subject_is_refused(self):
        """D02: nothing is expected; the mapping is only for users."""
        self.keystone.mapped = {'id': CN}
        for value in (None, {}, {'certificate': 'PEM', 'x5t#S256': 'x'}):
            with self.variant(value):
                if value is not None:
                    self.register(value)
                self.assert_refused(
                    'not registered', certificate([('CN', 'client')])
                )

    def test_mapping_is_not_used_for_an_application_credential(self):
        """D01: even if its id is also that of a user."""
        self.keystone.add_user('client', name='alice')
        own = certificate([('CN', 'alice')])
        self.assert_refused('not registered', own)
        self.assertEqual('user', self.authenticate(own, 'user').id)

    def test_unverified_certificate_is_refused(self):
        """E04: even if its subject matches."""
        self.register(self.SUBJECT)
        doubtful = messages.ClientCertificate(self.OWN.der, 'why not')
        self.assert_refused('why not', doubtful)

    def test_unreadable_certificate_is_refused(self):
        """D02: it has no subject to compare."""
        self.register(self.SUBJECT)
        for der in (b'', b'x', self.OWN.der[:-1]):
            with self.variant(der):
                self.assert_refused(
                    'not registered', messages.ClientCertificate(der)
                )

    def test_unusable_client_is_refused(self):
        """D11: nor is it treated as a user instead."""
        self.register(self.SUBJECT)
        self.keystone.add_user('client', name='alice')
        self.keystone.refusals['client'] = 'it has expired'
        self.assert_refused('it has expired', certificate([('CN', 'alice')]))
        self.assert_refused('it has expired', self.OWN)
        self.keystone.refusals.clear()
        del self.keystone.users['user']
        self.assert_refused('unknown user', self.OWN)

    def test_client_that_is_not_registered_for_the_method_is_refused(self):
        """B11: even if it is registered for the other certificate method."""
        self.register(self.SUBJECT)
        self.keystone.methods['client'] = frozenset(
            ['self_signed_tls_client_auth']
        )
        self.assert_refused('not registered for tls_client_auth', self.OWN)
        self.keystone.methods['client'] |= {'tls_client_auth'}
        self.assertEqual('client', self.authenticate(self.OWN, 'client').id)
