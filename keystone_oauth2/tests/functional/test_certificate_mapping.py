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

"""The mapping of client certificates to users."""

from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import mutual_tls

REFUSED = mutual_tls.REFUSED
AUTHORITY = mutual_tls.AUTHORITY
DEFAULT = {'id': 'default'}


class CertificateMappingTest(mutual_tls.MutualTLSTestCase):
    def assert_refused(self, reason, answer):
        """Assert that only the log has the reason."""
        self.assertThat(answer, REFUSED)
        self.assertRegex(self.new_log(), f'invalid_client: .*{reason}')

    def test_special_characters_in_names_are_compared_literally(self):
        """D03: no character of a name has a meaning."""
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

    def test_repeated_and_multi_valued_attributes_are_all_seen(self):
        """D03: two OU, and several values in one RDN."""
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
        """D01: the certificate must be that of the requested client."""
        _, _, other = self.new_user()
        self.assert_refused('another name', self.post_with(other))
        self.assert_refused(
            'unknown user', self.post_with(self.certificate, 'nobody')
        )

    def test_each_property_that_the_mapping_returns_is_compared(self):
        """D02: all must be those of the user."""
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

    def test_mapping_that_returns_no_user_matches_no_client(self):
        """D02: or every certificate of the CA would match every user."""
        for user in (
            {'domain': {'id': 'default'}},
            {'email': 'x@y'},
            # A user name is unique only within a domain.
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

    def test_mapping_that_does_not_apply_is_refused(self):
        """D02: without a matching rule there is no user."""
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

    def test_issuer_with_another_name_is_refused(self):
        """D10: a CA that is not meant for clients."""
        other = mutual_tls.fixture.CertificateAuthority('Other CA')
        certificate = other.client([('CN', self.user.name)])
        self.assert_refused('no rule', self.post_with(certificate))


class NoMappingTest(mutual_tls.MutualTLSTestCase):
    options = {'oauth2': {'oauth2_cert_dn_mapping_id': 'not there'}}

    def test_certificate_is_refused_without_a_mapping(self):
        """D02: no user is expected, so none matches."""
        self.assertThat(self.post_with(self.certificate), REFUSED)
        self.assertIn('there is no mapping not there', self.log)


class InTreeMappingTest(mutual_tls.MutualTLSTestCase):
    """What the in-tree API does instead."""

    enable = False

    def test_disabled_user_gets_a_token(self):
        """D11: as the in-tree API has it."""
        _, user, certificate = self.new_user()
        self.identity.disable(user)
        self.assertEqual(200, self.post_with(certificate, user).status)

    def test_any_certificate_is_any_user_if_the_mapping_returns_none(self):
        """D02: an empty expectation matches every user."""
        self.map_differently(
            mutual_tls.one_rule({'domain': {'id': 'default'}}, 'SUBJECT_DN_CN')
        )
        anybody = AUTHORITY.client([('CN', 'anybody')])
        self.assertEqual(200, self.post_with(anybody).status)

    def test_equal_sign_in_a_name_is_not_supported(self):
        """D03: nor are two attributes of the same name."""
        _, user, certificate = self.new_user(name='a=b')
        self.assertEqual(401, self.post_with(certificate, user).status)
