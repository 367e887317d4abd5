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

"""How methods and grants get the objects that they need."""

from keystone_oauth2.compose import extensions
from keystone_oauth2.tests import base

OBJECTS = {'clock': 'the clock', 'store': 'the store', 'limit': 3}


class NeedsNothing:
    pass


class NeedsTwo:
    def __init__(self, *, store, clock):
        self.store = store
        self.clock = clock


class NeedsUnknown:
    def __init__(self, *, store, oracle):
        self.oracle = oracle


class HasDefault:
    def __init__(self, *, limit=1, oracle='a default'):
        self.limit = limit
        self.oracle = oracle


class ConstructTest(base.TestCase):
    def test_objects_are_passed_by_the_names_of_the_parameters(self):
        found = extensions.construct(NeedsTwo, OBJECTS)
        self.assertIsInstance(found, NeedsTwo)
        self.assertEqual(
            ('the store', 'the clock'), (found.store, found.clock)
        )

    def test_class_without_parameters_gets_nothing(self):
        self.assertIsInstance(
            extensions.construct(NeedsNothing, OBJECTS), NeedsNothing
        )

    def test_missing_object_is_an_error_that_names_it(self):
        error = self.assertRaises(
            TypeError, extensions.construct, NeedsUnknown, OBJECTS
        )
        self.assertIn("'oracle'", str(error))

    def test_missing_object_may_have_a_default(self):
        found = extensions.construct(HasDefault, OBJECTS)
        self.assertEqual((3, 'a default'), (found.limit, found.oracle))


class LoadTest(base.TestCase):
    def test_classes_are_loaded_by_their_names(self):
        """The name of each entry point is that of its method."""
        loaded = extensions.load('keystone_oauth2.client_auth')
        self.assertEqual(
            {name: name for name in loaded},
            {name: method.name for name, method in loaded.items()},
        )
        self.assertEqual(sorted(loaded), list(loaded))
        self.assertIn('private_key_jwt', loaded)

    def test_unknown_namespace_is_empty(self):
        self.assertEqual({}, extensions.load('keystone_oauth2.unknown'))
