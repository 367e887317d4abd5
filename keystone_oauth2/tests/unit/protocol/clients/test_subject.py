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

"""Distinguished names as expected subjects (RFC 8705, 2.1.2)."""

from keystone_oauth2.protocol.clients import subject
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import raw_certificates
from keystone_oauth2.tests.unit.protocol.clients import subjects

AUTHORITY = subjects.AUTHORITY
DN = subject.NAMES[0]
matches = subjects.matches


class DistinguishedNameTest(base.TestCase):
    """The subject itself; its text is in reverse order (RFC 4514, 2.1)."""

    def assert_subject(self, names, same=(), different=()):
        der = AUTHORITY.client(names).der
        for texts, expected in ((same, True), (different, False)):
            for text in texts:
                with self.variant(text):
                    self.assertIs(expected, matches(DN, text, der))

    def test_whole_subject_must_match(self):
        """D02: no attribute may be added or missing."""
        self.assert_subject(
            [('O', 'Acme'), ('CN', 'client')],
            same=['CN=client,O=Acme'],
            different=[
                'CN=client',
                'O=Acme',
                'O=Acme,CN=client',
                'CN=client,O=Acme,C=DE',
                'CN=other,O=Acme',
                'CN=client,O=Other',
                'OU=client,O=Acme',
                'CN=Acme,O=client',
                'CN=client+O=Acme',
            ],
        )

    def test_empty_subject_matches_nothing(self):
        """D02: nor can an empty subject be expected."""
        self.assert_subject([], different=['CN=client', r'CN=\20'])
        for text in ('', ' ', ',', '+', '=', 'CN', 'CN=', 'CN=a,'):
            with self.variant(text):
                error = self.assert_raises(ValueError, subject.read, DN, text)
                self.assertTrue(str(error).startswith('is '))

    def test_escaped_characters_are_unescaped(self):
        """D03: RFC 4514, 2.4."""
        self.assert_subject(
            [('O', 'Acme, Inc.'), ('CN', 'a+b;c<d>e"f\\g')],
            same=[
                r'CN=a\+b\;c\<d\>e\"f\\g,O=Acme\, Inc.',
                r'CN=a\2bb\3Bc\3cd\3ee\22f\5cg,O=Acme\2C Inc.',
            ],
            different=[r'CN=a\+b\;c\<d\>e\"f\\g,O=Acme\\\, Inc.'],
        )
        self.assert_subject(
            [('CN', '#0401')],
            same=[r'CN=\#0401'],
            different=['CN=#040130', 'CN=0401'],
        )
        self.assert_subject(
            [('CN', 'J\xfcrgen \u4e16\u754c \U0001f600')],
            same=[
                'CN=J\xfcrgen \u4e16\u754c \U0001f600',
                r'CN=J\C3\BCrgen \e4\b8\96\e7\95\8c \f0\9f\98\80',
            ],
            different=['CN=Jurgen \u4e16\u754c \U0001f600'],
        )

    def test_attribute_within_a_value_is_not_an_attribute(self):
        """D03: even if it follows a separator."""
        self.assert_subject(
            [('CN', 'a, b = c')],
            same=[r'CN=a\, b = c', r'CN=a\2C b \3D c'],
            different=[r'CN=a\,b= c', r'CN=a\,b=c'],
        )
        self.assert_subject(
            [('OU', 'b'), ('CN', 'a\\')],
            same=[r'CN=a\\,OU=b', r'cn=a\\,ou=b'],
            different=[r'CN=a\\\,OU=b'],
        )
        self.assert_subject(
            [('CN', 'a+ou=b')],
            same=[r'CN=a\+ou=b', r'CN=a\+OU=b'],
            different=['CN=a+OU=b'],
        )

    def test_equal_sign_in_a_value_is_part_of_it(self):
        """D03: the in-tree API cannot read such a certificate."""
        self.assert_subject(
            [('O', '='), ('CN', 'a=b=')],
            same=['CN=a=b=,O==', r'CN=a\=b\=,O=\3D'],
            different=['CN=a=b,O==', 'CN=a,O=='],
        )

    def test_case_and_number_of_blanks_are_ignored(self):
        """D03: RFC 4518, 2.2 and 2.6.1."""
        self.assert_subject(
            [('O', 'Acme  Inc'), ('CN', ' J\xfcrgen Stra\xdfe ')],
            same=[
                'CN=J\xfcrgen Stra\xdfe,O=Acme Inc',
                'CN=J\xdcRGEN STRASSE,O=ACME INC',
                r'CN=\ \ j\C3\BCrgen   stra\c3\9fe\ ,O=acme   inc',
                'CN=Ju\u0308rgen Stra\xdfe,O=Acme Inc',
            ],
            different=[
                'CN=J\xfcrgenStra\xdfe,O=Acme Inc',
                'CN=J\xfcrgen Stra\xdfe,O=AcmeInc',
                'CN=Jurgen Stra\xdfe,O=Acme Inc',
            ],
        )

    def test_similar_looking_letters_differ(self):
        """D03: a Cyrillic letter differs from its Latin lookalike."""
        self.assert_subject(
            [('CN', 'alice')],
            different=[
                'CN=alic\u0435',
                'CN=al\u200bice',
                r'CN=alice\00',
                'CN=alice.',
            ],
        )

    def test_names_of_attributes_are_case_insensitive(self):
        """D03: synonyms are also equal (RFC 4512, 1.4)."""
        self.assert_subject(
            [
                ('DC', 'org'),
                ('C', 'DE'),
                ('street', 'x'),
                ('serialNumber', '1'),
                ('emailAddress', 'a@b'),
                ('UID', 'u'),
                ('CN', 'client'),
            ],
            same=[
                'CN=client,UID=u,emailAddress=a@b,serialNumber=1,street=x,'
                'C=DE,DC=org',
                'cn=client,uid=u,E=a@b,SERIALNUMBER=1,STREET=x,c=de,dc=ORG',
                '2.5.4.3=client,0.9.2342.19200300.100.1.1=u,'
                '1.2.840.113549.1.9.1=a@b,2.5.4.5=1,2.5.4.9=x,2.5.4.6=DE,'
                '0.9.2342.19200300.100.1.25=org',
            ],
        )

    def test_attribute_without_a_name_is_identified_by_its_oid(self):
        """D03: RFC 4514, 2.3."""
        self.assert_subject(
            [('1.2.3.4', 'x')],
            same=['1.2.3.4=x', '1.2.3.4=#0C0178'],
            different=['1.2.3.5=x', '1.2.3.4=y'],
        )

    def test_repeated_attributes_all_count_in_order(self):
        """D03: two OU attributes are both compared."""
        self.assert_subject(
            [('OU', 'a'), ('OU', 'b'), ('CN', 'x')],
            same=['CN=x,OU=b,OU=a'],
            different=[
                'CN=x,OU=a,OU=b',
                'CN=x,OU=a',
                'CN=x,OU=b',
                'CN=x,OU=b,OU=b',
                'CN=x,OU=b,OU=a,OU=a',
                'CN=x,OU=b+OU=a',
            ],
        )

    def test_order_within_a_multi_valued_part_is_ignored(self):
        """D03: it is a set (RFC 5280, 4.1.2.4)."""
        self.assert_subject(
            [('O', 'Acme'), [('CN', 'a'), ('UID', 'b')]],
            same=['CN=a+UID=b,O=Acme', 'UID=b+CN=a,O=Acme'],
            different=[
                'CN=a,UID=b,O=Acme',
                'CN=a,O=Acme',
                'CN=b+UID=a,O=Acme',
                'CN=a+UID=b+OU=c,O=Acme',
            ],
        )

    def test_number_of_values_within_a_part_matters(self):
        """D03: equal values are still counted separately."""
        self.assert_subject(
            [[('CN', 'a'), ('CN', 'A')]],
            same=['CN=a+CN=A', r'CN=A+CN=a\ '],
            different=['CN=a', 'CN=a+CN=b'],
        )

    def test_invalid_distinguished_name_is_refused(self):
        """D02: otherwise it would match nothing, for no apparent reason."""
        for text in (
            'client',
            '=client',
            'CN=client,',
            ',CN=client',
            'CN=client,,O=Acme',
            'CN=client;O=Acme',
            '/O=Acme/CN=client',
            'CN = client',
            'CN="client"',
            'CN=a"b',
            'CN=a\\',
            r'CN=\zz',
            r'CN=\ff',
            'CN=#',
            'CN=#0',
            'CN=#ff',
            'NOBODY=client',
            '9.9.9=client',
            '1.40=client',
            '2.05=client',
            '1=client',
            'CN=\0',
            'CN=\ud800',
        ):
            with self.variant(text):
                error = self.assert_raises(ValueError, subject.read, DN, text)
                self.assertTrue(
                    str(error).startswith(
                        'is not a distinguished name (RFC 4514): '
                    )
                )

    def test_issuer_is_refused(self):
        """D02: OpenSSL prints both."""
        for text in (
            'issuer=CN=CA',
            ' issuer= /C=DE/CN=CA',
            'subject=issuer=CN=CA',
            'Issuer = CN=CA',
        ):
            with self.variant(text):
                error = self.assert_raises(ValueError, subject.read, DN, text)
                self.assertEqual(
                    'is the issuer of a certificate: write the subject, as '
                    '"openssl x509 -subject -nameopt RFC2253" prints it',
                    str(error),
                )

    def test_text_is_registered_unchanged(self):
        for text in ('cn=Client, o=ACME', r'CN=a\2Cb'):
            with self.variant(text):
                self.assertEqual(text, subject.read(DN, text))

    def test_certificate_without_readable_alternative_names_matches(self):
        """D02: only the subject is compared."""
        der = raw_certificates.with_names(bytes.fromhex('3004a3023000'))
        self.assertTrue(matches(DN, 'CN=client', der))
