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

"""Names inside Keystone that the extension uses."""

import ast
import importlib
import pathlib

from keystone.common import provider_api

from keystone_oauth2 import identity
from keystone_oauth2.tests.functional import base

PROVIDERS = provider_api.ProviderAPIs


def modules():
    """Answer the syntax tree of each module of the identity package."""
    folder = pathlib.Path(identity.__file__).parent
    return {
        path.name: ast.parse(path.read_text())
        for path in sorted(folder.glob('*.py'))
    }


def imported(tree):
    """Answer what a module imports from Keystone, by its name there."""
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module.split('.')[0] == 'keystone'
        for alias in node.names
    }


def attributes(tree, name):
    """Answer the attributes of a name that a module uses.

    Functions where the name is a local one do not count.
    """
    if isinstance(tree, ast.FunctionDef) and is_local(tree, name):
        return set()
    found = set()
    for node in ast.iter_child_nodes(tree):
        found |= attributes(node, name)
    if (
        isinstance(tree, ast.Attribute)
        and isinstance(tree.value, ast.Name)
        and tree.value.id == name
    ):
        found.add(tree.attr)
    return found


def is_local(function, name):
    """Whether a name is an argument or a variable of a function."""
    return any(
        (isinstance(node, ast.arg) and node.arg == name)
        or (
            isinstance(node, ast.Name)
            and node.id == name
            and isinstance(node.ctx, ast.Store)
        )
        for node in ast.walk(function)
    )


def provider_methods(tree):
    """Answer pairs of a provider and its method that a module calls."""
    return {
        (node.value.attr, node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and isinstance(node.value.value, ast.Name)
        and node.value.value.id == 'PROVIDERS'
    }


def found(module, name):
    """Answer what ``from module import name`` does."""
    try:
        return importlib.import_module(f'{module}.{name}')
    except ImportError:
        return getattr(importlib.import_module(module), name)


class NamesTest(base.KeystoneTestCase):
    @classmethod
    def create(cls):
        """Nothing is needed."""

    def test_all_that_is_imported_and_used_exists(self):
        used = 0
        for file, tree in modules().items():
            for name, origin in imported(tree).items():
                thing = found(*origin)
                for attribute in attributes(tree, name):
                    with self.variant((file, origin, attribute)):
                        self.assertTrue(hasattr(thing, attribute))
                        used += 1
        self.assertGreater(used, 30)

    def test_all_providers_and_their_methods_exist(self):
        used = 0
        for file, tree in modules().items():
            for provider, method in provider_methods(tree):
                with self.variant((file, provider, method)):
                    thing = getattr(PROVIDERS, provider)
                    self.assertTrue(callable(getattr(thing, method)))
                    used += 1
        self.assertGreater(used, 5)
