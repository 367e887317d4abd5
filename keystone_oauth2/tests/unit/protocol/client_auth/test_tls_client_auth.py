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
from keystone_oauth2.protocol import confirmation
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.protocol.client_auth import tls_client_auth
from keystone_oauth2.protocol.clients import client as clients
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
        self.users = protocol_base.UserDirectory()
        self.add_user()
        # The name of the CA stands for that of the domain.
        self.users.mapped = {
            'name': CN,
            'domain_name': 'SSL_CLIENT_ISSUER_DN_CN',
        }
        self.method = tls_client_auth.TLSClientAuth(users=self.users)

    def add_user(self, **attributes):
        values = {'name': 'alice', 'email': 'a@b'}
        return self.users.add(**(values | attributes))

    def client(self, client_id):
        """Return the client that the evidence is verified for."""
        return self.method.as_user(client_id)

    def verify(self, certificate, client_id='user'):
        return self.method.verify(
            evidence.Certificate(client_id, certificate),
            self.client(client_id),
        )

    def assert_refused(self, reason, *arguments):
        error = self.assert_raises(ports.Refused, self.verify, *arguments)
        self.assertIn(reason, str(error))


class TLSClientAuthTest(TLSClientAuthTestCase):
    """A user with a certificate, without any registration."""

    def test_own_certificate_authenticates_the_user(self):
        """D01: the certificate is compared with that user."""
        own = certificate([('CN', 'alice')])
        self.assertEqual(
            clients.AuthenticatedClient(
                client=clients.Client(
                    id='user',
                    user_id='user',
                    project_id='project',
                    is_user=True,
                    is_user_enabled=True,
                ),
                method='tls_client_auth',
                authenticator=None,
                confirmation=confirmation.Confirmation.of_certificate(own.der),
            ),
            self.verify(own),
        )

    def test_user_needs_no_registration(self):
        """D01: the mapping decides, if the certificate was verified."""
        user = self.client('user')
        self.assertIs(True, self.method.has_registered(user))
        for problem, fits in ((None, True), ('why not', False)):
            with self.variant(problem):
                one = certificate([('CN', 'x')], problem)
                found = evidence.Certificate('user', one)
                self.assertIs(fits, self.method.fits(found, user))

    def test_project_id_is_returned_as_stored(self):
        """K05: the database may ignore the case of the id."""
        self.add_user(default_project_id='P')
        own = certificate([('CN', 'alice')])
        self.assert_refused('unknown project', own)
        self.users.projects['P'] = 'p'
        self.assertEqual('p', self.verify(own).client.project_id)

    def test_unverified_certificate_is_refused(self):
        """E04: a forwarded certificate is not necessarily verified."""
        self.assert_refused(
            'why not', certificate([('CN', 'alice')], problem='why not')
        )

    def test_certificate_of_another_user_is_refused(self):
        """D01: even though its chain is valid."""
        self.add_user(user_id='other', name='bob')
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
        self.users.mapped = right
        self.assertEqual('user', self.verify(certificate(own)).id)
        for name, reason in wrong.items():
            with self.variant(name):
                self.users.mapped = right | {name: 'SSL_CLIENT_SUBJECT_DN_ST'}
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
        self.users.mapped['email'] = 'SSL_CLIENT_SUBJECT_DN_EMAILADDRESS'
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
                self.users.mapped = mapped
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
        self.clients = protocol_base.ClientStore()
        self.clients.add('client')
        self.clients.add('other')

    def client(self, client_id):
        return self.clients.find(client_id)

    def register(self, value, client_id='client', **attributes):
        return self.clients.register(
            registration.CERTIFICATE, value, client_id, **attributes
        )

    def assert_refused(self, reason, certificate, client_id='client'):
        super().assert_refused(reason, certificate, client_id)

    def test_certificate_with_the_subject_authenticates_the_client(self):
        """D01: with the delegation of its application credential."""
        self.register({'tls_client_auth_san_dns': 'client.example.com'})
        registered = self.register(self.SUBJECT)
        self.assertEqual(
            clients.AuthenticatedClient(
                client=self.client('client'),
                method='tls_client_auth',
                authenticator=registered,
                confirmation=confirmation.Confirmation.of_certificate(
                    self.OWN.der
                ),
            ),
            self.verify(self.OWN, 'client'),
        )

    def test_evidence_fits_if_its_subject_is_registered(self):
        """The registered one, in a certificate that was verified."""
        self.register(self.SUBJECT)
        client = self.client('client')
        for one, fits in (
            (self.OWN, True),
            (certificate([('CN', 'client')]), False),
            (messages.ClientCertificate(self.OWN.der, 'why not'), False),
            (messages.ClientCertificate(b''), False),
        ):
            with self.variant(one):
                found = evidence.Certificate('client', one)
                self.assertIs(fits, self.method.fits(found, client))

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
                self.clients.add(client_id)
                self.register(
                    {f'tls_client_auth_san_{name}': value}, client_id
                )
                own = certificate([('CN', 'x')], names=[found])
                client = self.verify(own, client_id)
                self.assertEqual(client_id, client.id)
                without = certificate([('CN', value)])
                self.assert_refused('not registered', without, client_id)

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
        self.assertEqual('other', self.verify(self.OWN, 'other').id)

    def test_client_without_a_subject_is_refused(self):
        """D02: nothing is expected; the mapping is only for users."""
        self.users.mapped = {'id': CN}
        for value in (None, {}, {'certificate': 'PEM', 'x5t#S256': 'x'}):
            with self.variant(value):
                if value is not None:
                    self.register(value)
                self.assert_refused(
                    'not registered', certificate([('CN', 'client')])
                )

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
