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

"""All answers match the OpenAPI description."""

import itertools
import re

from hypothesis import strategies as st
from schemathesis import GenerationMode

from keystone_oauth2.tests.functional import fuzz
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import openapi
from keystone_oauth2.tests.support import tokens

POST = (base.TOKEN, tokens.INTROSPECT, tokens.REVOKE)
METADATA = '/.well-known/'
NAMES_OF_CLIENTS = (
    'client_id',
    'client_secret',
    'client_assertion',
    'client_assertion_type',
)
NAMES = (
    'grant_type',
    'scope',
    *NAMES_OF_CLIENTS,
    'token',
    'token_type_hint',
    'foo',
    '',
)


def without_names(path):
    """Return a path without the names of its variables."""
    return re.sub('[{<][^}>]+[}>]', '{}', path)


class RoutesTest(tokens.TokensTestCase):
    options = fuzz.OPTIONS

    def test_each_route_is_described_with_its_methods(self):
        routes = {
            without_names(rule.rule): rule.methods - {'OPTIONS'}
            for rule in self.keystone.application.url_map.iter_rules()
            if 'OS-OAUTH2' in rule.rule or '.well-known' in rule.rule
        }
        described = {
            without_names(path): methods
            for path, methods in openapi.operations().items()
        }
        self.assertEqual(routes, described)

    def test_each_described_method_is_allowed(self):
        """A01: requests confirm it."""
        described = openapi.operations()
        for path in described:
            # One path may also be that of an id.
            methods = set().union(
                *(
                    described[other]
                    for other in described
                    if re.fullmatch(re.sub('{[^}]+}', '[^/]+', other), path)
                )
            )
            with self.variant(path):
                answer = self.keystone.request('OPTIONS', path)
                self.assertEqual(
                    methods | {'OPTIONS'},
                    set(answer.headers['Allow'].split(', ')),
                )


class DescribedRequestsTest(fuzz.FuzzTestCase):
    """Requests that match the description, and requests that do not."""

    def callers(self):
        """Return headers and WSGI variables by kind of caller."""
        wrong = base.basic(self.client.id, 'wrong')
        return {
            'nobody': ({}, {}),
            'client': ({'Authorization': base.basic(*self.client)}, {}),
            'service': ({'Authorization': base.basic(*self.service)}, {}),
            'wrong': ({'Authorization': wrong}, {}),
            'token': ({'X-Auth-Token': self.real_tokens[1]}, {}),
            'wrong token': ({'X-Auth-Token': 'wrong'}, {}),
            'certificate': ({}, mutual_tls.verified(self.certificate)),
            'key': ({}, {}),
        }

    def ask(self, callers, case, caller, token, is_alone):
        """Send a request of schemathesis as the given caller."""
        headers, self.environ = callers[caller]
        if isinstance(case.body, dict):
            body = dict(case.body)
            if is_alone:
                for name in NAMES_OF_CLIENTS:
                    body.pop(name, None)
            if caller == 'certificate':
                body['client_id'] = self.user.id
            if caller == 'key':
                body['client_assertion_type'] = assertions.TYPE
                body['client_assertion'] = self.signer.assertion()
            if token is not None and 'token' in body:
                body['token'] = token
            case.body = body
        response = case.call(headers=headers)
        openapi.verify(case, response)
        self.seen.add(response.status_code)

    def ask_all(self, path, mode, examples):
        """Send requests of all callers to an endpoint."""
        callers = self.callers()
        self.hold(
            examples,
            lambda **arguments: self.ask(callers, **arguments),
            case=self.schema[path]['POST'].as_strategy(generation_mode=mode),
            caller=st.sampled_from(sorted(callers)),
            token=st.sampled_from([None, *self.real_tokens]),
            is_alone=st.booleans(),
        )

    def test_valid_requests_get_answers_as_described(self):
        """A13: A14, G02, and no defect, no page, no internal text."""
        for path in POST:
            self.seen.clear()
            with self.variant(path):
                self.ask_all(path, GenerationMode.POSITIVE, 60)
                self.assertLessEqual({200, 400, 401}, self.seen)

    def test_invalid_requests_get_answers_as_described(self):
        """A13: A14, and no defect, no page, no internal text."""
        for path in POST:
            self.seen.clear()
            with self.variant(path):
                self.ask_all(path, GenerationMode.NEGATIVE, 40)
                self.assertIn(400, self.seen)

    def test_metadata_is_as_described(self):
        """H03: at both URLs, for each caller."""
        callers = self.callers()
        # Keystone itself refuses that, whatever the path.
        del callers['wrong token']
        paths = [path for path in openapi.operations() if METADATA in path]
        for path, method, caller in itertools.product(
            sorted(paths), ('GET', 'HEAD'), callers
        ):
            headers, self.environ = callers[caller]
            case = self.schema[path][method].Case()
            with self.variant((path, method, caller)):
                response = case.call(headers=headers)
                self.assertEqual(200, response.status_code)
                openapi.verify(case, response)


class RawRequestsTest(fuzz.FuzzTestCase):
    """Bytes that no library sends."""

    #: Parts of a body.
    pieces = st.one_of(
        st.sampled_from(NAMES).map(str.encode),
        st.sampled_from((b'=', b'&', b'%', b'+', b';', b'%00', b'\xff')),
        st.just(b'client_credentials'),
        st.binary(max_size=20),
    )
    #: Half of them start with valid parameters, to reach further checks.
    bodies = st.builds(
        lambda start, further: start + b''.join(further),
        st.sampled_from((b'', f'{base.GRANT}&token=x&'.encode())),
        st.lists(pieces, max_size=12),
    )
    authorizations = st.one_of(
        st.none(),
        st.binary(max_size=60),
        st.binary(max_size=60).map(lambda value: b'Basic ' + value),
        st.tuples(st.text(max_size=20), st.text(max_size=20)).map(
            lambda pair: base.basic(*pair).encode()
        ),
    )
    content_types = st.one_of(
        st.just(base.FORM),
        st.just(base.FORM),
        st.text(st.characters(min_codepoint=32, max_codepoint=255)),
    )

    def ask(self, path, body, authorization, content_type):
        """Send a request unchanged."""
        headers = {'Content-Type': content_type}
        if authorization is not None:
            # Without line breaks: a server would start the next header there.
            headers['Authorization'] = authorization.translate(None, b'\r\n')
        answer = self.keystone.request(
            'POST', path, body=body, headers=headers
        )
        openapi.verify_answer(self.schema[path]['POST'], answer)
        self.seen.add(answer.status)

    def test_arbitrary_bytes_get_an_answer_as_described(self):
        """A13: A14, B05, and no defect, no page, no internal text."""
        for path in POST:
            with self.variant(path):
                self.hold(
                    120,
                    lambda **arguments: self.ask(**arguments),
                    path=st.just(path),
                    body=self.bodies,
                    authorization=self.authorizations,
                    content_type=self.content_types,
                )
        self.assertLessEqual({400, 401}, self.seen)
