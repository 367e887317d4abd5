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

"""The OpenAPI description is valid."""

import openapi_spec_validator

from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import openapi


class OpenAPITest(base.TestCase):
    def test_description_is_valid(self):
        openapi_spec_validator.validate(openapi.document())

    def test_each_operation_has_a_unique_id_and_a_summary(self):
        found = [
            operation
            for item in openapi.document()['paths'].values()
            for method, operation in item.items()
            if method != 'description'
        ]
        names = [operation['operationId'] for operation in found]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(
            [], [each for each in found if not each.get('summary')]
        )

    def test_each_component_is_used(self):
        text = openapi.PATH.read_text()
        for kind, components in openapi.document()['components'].items():
            for name in components:
                used = f'#/components/{kind}/{name}'
                if kind == 'securitySchemes':
                    used = f'- {name}: []'
                with self.variant(used):
                    self.assertIn(used, text)
