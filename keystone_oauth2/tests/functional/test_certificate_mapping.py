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

"""Whose certificate it is: the mapping at the wire."""

from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import mutual_tls

REFUSED = mutual_tls.REFUSED
AUTHORITY = mutual_tls.AUTHORITY
DEFAULT = {'id': 'default'}


class CertificateMappingTest(mutual_tls.MutualTLSTestCase):
    def assert_refused(self, reason, answer):
        """Assert that nothing is told but to the log."""
        self.assertThat(answer, REFUSED)
        self.assertRegex(self.new_log(), f'invalid_client: .*{reason}')

    def test_odd_names_are_compared_as_they_are(self):
        """D03: no character of a name means anything."""
        for name in (
            'a=b',
            'CN=admin,O=x',
            'a, b+c',
            'a\\,b "c"',
            ' a ',
            '#hash',
            '{0}',
            'J\xfcrgen \u4e16\u754c',
        ):
            _, user, certificate = self.new_user(name=name)
            with self.variant(name):
                answer = self.post_with(certificate, user)
                self.assertThat(answer, matchers.IsAccessToken())

    def test_attributes_given_twice_and_beside_each_other_are_all_seen(self):
        """D03: two OU, several values in one relative name."""
        self.map_differently(
            [
                {
                    'local': [{'user': {'name': '{0}', 'domain': DEFAULT}}],
                    'remote': [
                        {'type': 'SSL_CLIENT_SUBJECT_DN_CN'},
                        {
                            'type': 'SSL_CLIENT_SUBJECT_DN_OU',
                            'any_one_of': ['machines'],
                        },
                    ],
                }
            ]
        )
        name = ('CN', self.user.name)
        for subject, matcher in (
            ([('OU', 'machines'), name], matchers.IsAccessToken()),
            (
                [('OU', 'a'), ('OU', 'machines'), name],
                matchers.IsAccessToken(),
            ),
            (
                [('OU', 'machines'), ('OU', 'a'), name],
                matchers.IsAccessToken(),
            ),
            ([[('OU', 'machines'), name]], matchers.IsAccessToken()),
            ([('OU', 'people'), name], REFUSED),
            ([('OU', 'a;machines'), name], REFUSED),
            ([name], REFUSED),
        ):
            with self.variant(subject):
                answer = self.post_with(AUTHORITY.client(subject))
                self.assertThat(answer, matcher)

    def test_certificate_of_another_user_is_refused(self):
        """D01: it is checked against the client that the request names."""
        _, _, other = self.new_user()
        self.assert_refused('another name', self.post_with(other))
        self.assert_refused(
            'unknown user', self.post_with(self.certificate, 'nobody')
        )

    def test_each_property_that_the_mapping_yields_counts(self):
        """D02: exactly that user."""
        for user, reason in (
            ({'name': '{0}', 'id': 'x'}, 'another id'),
            ({'name': '{0}', 'email': 'x@y'}, 'another email'),
            ({'name': '{0}', 'domain': {'id': 'x'}}, 'another domain_id'),
            ({'name': '{0}', 'domain': {'name': 'x'}}, 'another domain_name'),
            ({'name': 'x{0}'}, 'another name'),
        ):
            with self.variant(user):
                self.map_differently(
                    mutual_tls.one_rule(user, 'SUBJECT_DN_CN')
                )
                self.assert_refused(reason, self.post_with(self.certificate))

    def test_mapping_that_yields_no_user_matches_nobody(self):
        """D02: else every certificate of the CA would be every user."""
        for user in (
            {'domain': {'id': 'default'}},
            {'email': 'x@y'},
            # A name is one user's only within a domain.
            {'name': '{0}'},
        ):
            with self.variant(user):
                self.map_differently(
                    mutual_tls.one_rule(user, 'SUBJECT_DN_CN')
                )
                self.assert_refused(
                    'identifies no user|another email',
                    self.post_with(self.certificate),
                )

    def test_mapping_that_does_not_apply_is_a_refusal(self):
        """D02: no rule, no user."""
        for mapping in (
            mutual_tls.one_rule({'name': '{0}'}, 'SUBJECT_DN_UID'),
            mutual_tls.one_rule({'name': '{7}'}, 'SUBJECT_DN_CN'),
        ):
            with self.variant(mapping):
                self.map_differently(mapping)
                self.assert_refused(
                    'no rule of mapping oauth2_mapping applies',
                    self.post_with(self.certificate),
                )

    def test_issuer_of_another_name_is_refused(self):
        """D10: a CA that is not meant for clients."""
        other = mutual_tls.fixture.CertificateAuthority('Other CA')
        certificate = other.client([('CN', self.user.name)])
        self.assert_refused('no rule', self.post_with(certificate))


class NoMappingTest(mutual_tls.MutualTLSTestCase):
    options = {'oauth2': {'oauth2_cert_dn_mapping_id': 'not there'}}

    def test_certificate_is_refused_where_there_is_no_mapping(self):
        """D02: nobody is expected, so nobody matches."""
        self.assertThat(self.post_with(self.certificate), REFUSED)
        self.assertIn('there is no mapping not there', self.log)


class InTreeMappingTest(mutual_tls.MutualTLSTestCase):
    """What is different without the extension."""

    enable = False

    def test_disabled_user_gets_a_token(self):
        """D11: that is what the in-tree API does."""
        _, user, certificate = self.new_user()
        self.identity.disable(user)
        self.assertEqual(200, self.post_with(certificate, user).status)

    def test_any_certificate_is_any_user_where_the_mapping_yields_none(self):
        """D02: an empty expectation matches everybody."""
        self.map_differently(
            mutual_tls.one_rule({'domain': {'id': 'default'}}, 'SUBJECT_DN_CN')
        )
        anybody = AUTHORITY.client([('CN', 'anybody')])
        self.assertEqual(200, self.post_with(anybody).status)

    def test_equal_sign_in_a_name_is_not_understood(self):
        """D03: nor are two attributes of one name."""
        _, user, certificate = self.new_user(name='a=b')
        self.assertEqual(401, self.post_with(certificate, user).status)
