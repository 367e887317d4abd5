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

"""SPIFFE IDs (SPIFFE-ID, 2; draft-ietf-oauth-spiffe-client-auth-02, 3)."""

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol.federation import spiffe
from keystone_oauth2.tests import base

DOMAIN = 'spiffe://example.org'

_SEGMENT = 'ABCabc019._-'
segments = st.text(_SEGMENT, min_size=1, max_size=5).filter(
    lambda text: text not in ('.', '..')
)
paths = st.lists(segments, max_size=4)
domains = st.text('abc019._-', min_size=1, max_size=10)


def spiffe_id(domain, path):
    return '/'.join([f'spiffe://{domain}', *path])


class TrustDomainTest(base.TestCase):
    def test_trust_domain_of_a_spiffe_id_is_returned(self):
        for text in (
            DOMAIN,
            f'{DOMAIN}/a',
            f'{DOMAIN}/ns/shop/sa/Check-out_1.2',
            f'{DOMAIN}/...',
            f'{DOMAIN}/.a/..b/c.',
        ):
            with self.variant(text):
                self.assertEqual(DOMAIN, spiffe.trust_domain(text))
        for domain in ('a', '10.0.0.1', 'a_b-c.d', 'x' * 255):
            with self.variant(domain):
                self.assertEqual(
                    f'spiffe://{domain}',
                    spiffe.trust_domain(f'spiffe://{domain}/a'),
                )

    def test_other_texts_are_no_spiffe_ids(self):
        """C11: neither parts of other URIs nor empty or relative segments."""
        for text in (
            '',
            'spiffe://',
            'spiffe:///a',
            'spiffe:/example.org/a',
            'Spiffe://example.org/a',
            'https://example.org/a',
            'spiffe://Example.org/a',
            'spiffe://user@example.org/a',
            'spiffe://example.org:443/a',
            'spiffe://[::1]/a',
            'spiffe://ex%61mple.org/a',
            f'spiffe://{"x" * 256}/a',
            f'{DOMAIN}/',
            f'{DOMAIN}/a/',
            f'{DOMAIN}//a',
            f'{DOMAIN}/a//b',
            f'{DOMAIN}/.',
            f'{DOMAIN}/a/./b',
            f'{DOMAIN}/a/..',
            f'{DOMAIN}/../a',
            f'{DOMAIN}/a?b',
            f'{DOMAIN}/a#b',
            f'{DOMAIN}/%61',
            f'{DOMAIN}/a*',
            f'{DOMAIN}/a/*',
            f'{DOMAIN}/a b',
            f'{DOMAIN}/\xe9',
            f'{DOMAIN}/a\n',
            f'{DOMAIN}/..\n',
            f' {DOMAIN}/a',
            f'{DOMAIN}/{"x" * 2048}',
        ):
            with self.variant(text):
                self.assertIsNone(spiffe.trust_domain(text))

    @hypothesis.given(domains, paths)
    def test_trust_domain_ends_at_the_first_slash(self, domain, path):
        self.assertEqual(
            f'spiffe://{domain}',
            spiffe.trust_domain(spiffe_id(domain, path)),
        )


class MatchesTest(base.TestCase):
    def test_whole_id_is_compared_exactly(self):
        """C11: case counts, as do more and fewer segments."""
        subject = f'{DOMAIN}/a/b'
        self.assertTrue(spiffe.matches(subject, subject))
        for text in (
            DOMAIN,
            f'{DOMAIN}/a',
            f'{DOMAIN}/a/b/c',
            f'{DOMAIN}/a/B',
            f'{DOMAIN}/a/b/',
            f'{DOMAIN}/a/bc',
            'spiffe://example.com/a/b',
        ):
            with self.variant(text):
                self.assertFalse(spiffe.matches(subject, text))

    def test_star_at_the_end_stands_for_whole_segments(self):
        """C11: one or more of them."""
        for path in ('a/b/c', 'a/b/c/d', 'a/b/b'):
            with self.variant(path):
                self.assertTrue(
                    spiffe.matches(f'{DOMAIN}/a/b/*', f'{DOMAIN}/{path}')
                )

    def test_prefix_that_ends_inside_a_segment_is_refused(self):
        """C11: a prefix ends at a slash."""
        for path in ('a/bc', 'a/b', 'a/b/', 'a', 'a/b/*', 'a/b//c', 'b/a/b/c'):
            with self.variant(path):
                self.assertFalse(
                    spiffe.matches(f'{DOMAIN}/a/b/*', f'{DOMAIN}/{path}')
                )

    def test_path_that_leads_out_of_the_prefix_is_refused(self):
        """C11: relative segments are not part of a SPIFFE ID."""
        for path in ('a/b/..', 'a/b/../c', 'a/b/./c', 'a/b/%2e%2e/c'):
            with self.variant(path):
                self.assertFalse(
                    spiffe.matches(f'{DOMAIN}/a/b/*', f'{DOMAIN}/{path}')
                )

    def test_other_trust_domain_is_refused(self):
        """C11: also one that has the name of the other in front."""
        for domain in ('example.com', 'example.org.example.com', 'example'):
            for subject in (f'{DOMAIN}/a/b', f'{DOMAIN}/a/*'):
                with self.variant((domain, subject)):
                    self.assertFalse(
                        spiffe.matches(subject, f'spiffe://{domain}/a/b')
                    )

    @hypothesis.given(domains, paths, domains, paths)
    def test_prefix_is_compared_segment_by_segment(
        self, domain, path, other_domain, other_path
    ):
        """C11: whatever the segments are."""
        subject = spiffe_id(domain, [*path, '*'])
        other = spiffe_id(other_domain, other_path)
        self.assertEqual(
            domain == other_domain
            and len(other_path) > len(path)
            and other_path[: len(path)] == path,
            spiffe.matches(subject, other),
        )

    @hypothesis.given(
        domains, paths, st.lists(segments, min_size=1, max_size=3)
    )
    def test_each_id_below_a_prefix_matches(self, domain, path, rest):
        subject = spiffe_id(domain, [*path, '*'])
        self.assertTrue(
            spiffe.matches(subject, spiffe_id(domain, [*path, *rest]))
        )

    @hypothesis.given(domains, paths, st.text(max_size=20))
    def test_text_that_is_no_spiffe_id_never_matches(self, domain, path, text):
        subject = spiffe_id(domain, [*path, '*'])
        other = subject.removesuffix('*') + text
        is_one = spiffe.trust_domain(other) is not None
        self.assertEqual(is_one, spiffe.matches(subject, other))


class CheckSubjectTest(base.TestCase):
    def test_subject_is_an_id_in_the_trust_domain_or_a_prefix(self):
        for subject in (f'{DOMAIN}/a', f'{DOMAIN}/a/b', f'{DOMAIN}/a/*'):
            with self.variant(subject):
                spiffe.check_subject(subject, DOMAIN)

    def test_subject_in_another_trust_domain_is_refused(self):
        """C11: nor is another use of the star accepted."""
        for subject in (
            '',
            '*',
            '/*',
            'spiffe://*',
            'spiffe://*/a',
            'spiffe://example.com/a',
            'spiffe://example.org.example.com/a',
            f'{DOMAIN}/a*',
            f'{DOMAIN}/*/a',
            f'{DOMAIN}/a/*/*',
            f'{DOMAIN}/a/**',
            f'{DOMAIN}/a/',
            f'{DOMAIN}//*',
            f'{DOMAIN}/a/../*',
        ):
            with self.variant(subject):
                error = self.assert_raises(
                    ValueError, spiffe.check_subject, subject, DOMAIN
                )
                self.assertEqual(
                    f'The subject must be a SPIFFE ID in {DOMAIN}, which may '
                    f'end in /*.',
                    str(error),
                )

    def test_whole_trust_domain_is_refused(self):
        """C11: any of its workloads could use the client."""
        for subject in (DOMAIN, f'{DOMAIN}/*'):
            with self.variant(subject):
                error = self.assert_raises(
                    ValueError, spiffe.check_subject, subject, DOMAIN
                )
                self.assertIn('must name a path', str(error))
