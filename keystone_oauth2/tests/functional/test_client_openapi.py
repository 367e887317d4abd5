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

"""Compare the client resources with the OpenAPI description."""

import json

from hypothesis import strategies as st
from schemathesis import GenerationMode

from keystone_oauth2.tests.functional import fuzz
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import openapi

CLIENTS = '/v3/OS-OAUTH2/clients/'
ISSUERS = '/v3/OS-OAUTH2/trusted_issuers'


def operations():
    """Return path and method of each operation of an owner."""
    # HEAD equals GET without the body.
    return [
        (path, method)
        for path, methods in openapi.operations().items()
        if path.startswith((CLIENTS, ISSUERS))
        for method in sorted(methods - {'HEAD'})
    ]


class ManagedRequestsTest(fuzz.FuzzTestCase):
    """Requests that match the description, and requests that do not."""

    def setUp(self):
        super().setUp()
        self.own = self.identity.create_application_credential(self.user)
        owner = self.identity.token_for(self.user)
        self.callers = {
            'owner': owner,
            'owner again': owner,
            'admin': self.identity.admin_token(),
            'stranger': self.identity.token_for(self.service_user),
            'wrong token': 'wrong',
            'nobody': None,
        }

    def registered(self, collection):
        """Return the id of an authenticator of the client, or an unused id."""
        answer = self.keystone.request(
            'GET',
            f'{CLIENTS}{self.own.id}/{collection}',
            token=self.callers['owner'],
        )
        return ([one['id'] for one in answer.json[collection]] or ['none'])[-1]

    def ask(self, case, caller, is_real):
        """Send a request of schemathesis as the given caller.

        :param is_real: whether it concerns existing resources.
        """
        if is_real:
            self.make_real(case)
        token = self.callers[caller]
        headers = {} if token is None else {'X-Auth-Token': token}
        response = case.call(headers=headers)
        openapi.verify(
            case, response, json.dumps([str(case.body), case.query])
        )
        self.seen.add(response.status_code)

    def make_real(self, case):
        """Change a request to an existing client and a valid key."""
        if 'client_id' not in case.path_parameters:
            return
        parameters = {'client_id': self.own.id}
        for name in case.path_parameters.keys() - {'client_id'}:
            kind = name.removesuffix('_id')
            parameters[name] = self.registered(clients.COLLECTIONS[kind])
        case.path_parameters = parameters
        try:
            wanted = dict(case.body['key'])
        except (KeyError, TypeError, ValueError):
            return
        if 'jwk' in wanted:
            wanted['jwk'] = assertions.Signer('', '').jwk
            case.body = {'key': wanted}

    def ask_all(self, mode, examples):
        """Send requests of all callers to each operation."""
        for path, method in operations():
            with self.variant((path, method)):
                operation = self.schema[path][method]
                self.hold(
                    examples,
                    lambda **arguments: self.ask(**arguments),
                    case=operation.as_strategy(generation_mode=mode),
                    caller=st.sampled_from(sorted(self.callers)),
                    is_real=st.booleans(),
                )

    def test_valid_requests_get_answers_as_described(self):
        self.ask_all(GenerationMode.POSITIVE, 14)
        # Which others exist depends on the release of hypothesis.
        self.assertLessEqual({200, 400, 401, 403, 404}, self.seen)

    def test_invalid_requests_get_answers_as_described(self):
        self.ask_all(GenerationMode.NEGATIVE, 8)
        self.assertLessEqual({400, 401, 403}, self.seen)
