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

"""Any text is an expected subject or is refused."""

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol.clients import subject
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import strategies
from keystone_oauth2.tests.unit.protocol.clients import subjects

AUTHORITY = subjects.AUTHORITY
DN = subject.NAMES[0]
matches = subjects.matches


class NothingElseTest(base.TestCase):
    """D02: any registered text is a valid name or a ValueError."""

    CERTIFICATE = AUTHORITY.client(
        [('CN', 'client')], names=[*subjects.FOUND.values()]
    ).der

    def try_out(self, name, value):
        try:
            registered = subject.read(name, value)
        except ValueError as error:
            self.assertNotIsInstance(error, UnicodeError)
            return
        self.assertEqual(registered, subject.read(name, registered))
        subject.matches(name, registered, self.CERTIFICATE)

    @hypothesis.given(st.sampled_from(subject.NAMES), st.text(st.characters()))
    def test_any_text_is_read_or_refused(self, name, value):
        self.try_out(name, value)

    @hypothesis.given(
        st.lists(
            st.sampled_from(['CN', 'ou', 'C', '2.5.4.45', '1.2.3.4', 'E'])
            | st.sampled_from(['=', ',', '+', '\\', '#', '#0a', ' ', '\\2C'])
            | st.text(st.characters(), max_size=3),
            max_size=12,
        )
    )
    def test_text_like_a_distinguished_name_is_read_or_refused(self, parts):
        self.try_out(DN, ''.join(parts))

    @hypothesis.given(strategies.subjects(min_size=1))
    def test_subject_of_a_certificate_matches_that_certificate(self, names):
        """D03: as the library formats it."""
        certificate = AUTHORITY.client(names)
        text = certificate.certificate.subject.rfc4514_string()
        self.assertTrue(matches(DN, text, certificate.der))
        self.assertFalse(matches(DN, text, self.CERTIFICATE))

    @hypothesis.given(st.sampled_from(subject.NAMES), st.binary(max_size=200))
    def test_any_bytes_match_nothing(self, name, der):
        value = {DN: 'CN=client', **subjects.VALUES}[name]
        self.assertFalse(matches(name, value, der))
