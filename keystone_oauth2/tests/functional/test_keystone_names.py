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

"""Names inside Keystone that the extension uses.

The test reads them from the source of ``keystone_oauth2.identity``: imports
and calls. This way none is forgotten. ``test_keystone_seam`` covers what the
extension does with the results.
"""

import ast
import importlib
import importlib.metadata
import inspect
import pathlib
import typing

from keystone.common import provider_api
from oslo_config import cfg

from keystone_oauth2 import identity
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import base as functional_base

PROVIDERS = 'PROVIDERS'
#: In a path, after a class: an instance of it.
INSTANCE = '()'


class Use(typing.NamedTuple):
    """A place in the source that uses a name of Keystone."""

    #: Names of modules and attributes, from ``keystone`` or PROVIDERS on.
    path: tuple[str, ...]
    file: str
    #: The first line of the enclosing docstring.
    purpose: str
    #: The call with its arguments, or None.
    call: ast.Call | None


class Uses(ast.NodeVisitor):
    """Collects the names of Keystone that a module uses."""

    def __init__(self, path):
        self.found = []
        self._file = path.name
        self._roots = {PROVIDERS: (PROVIDERS,)}
        self._around = []
        self.visit(ast.parse(path.read_text()))

    def visit_Import(self, node):
        for alias in node.names:
            if alias.name.split('.')[0] == 'keystone':
                self._roots['keystone'] = ('keystone',)
                self._add(tuple(alias.name.split('.')))

    def visit_ImportFrom(self, node):
        if node.module.split('.')[0] == 'keystone':
            for alias in node.names:
                path = (*node.module.split('.'), alias.name)
                self._roots[alias.asname or alias.name] = path
                self._add(path)

    def visit_Call(self, node):
        path = self._path(node.func)
        if path is None:
            return self.generic_visit(node)
        self._add(path, node)
        for argument in (*node.args, *node.keywords):
            self.visit(argument)

    def visit_Attribute(self, node):
        path = self._path(node)
        if path:
            # Its constructor may set attributes that its class does not have.
            if INSTANCE not in path:
                self._add(path)
        else:
            self.generic_visit(node)

    def visit_Module(self, node):
        self._around.append(node)
        self.generic_visit(node)
        self._around.pop()

    visit_ClassDef = visit_FunctionDef = visit_Module

    def _add(self, path, call=None):
        purposes = [ast.get_docstring(node) for node in self._around]
        purpose = [text for text in purposes if text][-1].splitlines()[0]
        self.found.append(Use(path, self._file, purpose, call))

    def _path(self, node):
        if isinstance(node, ast.Attribute):
            path = self._path(node.value)
            return path and (*path, node.attr)
        if isinstance(node, ast.Name):
            if self._is_local(node.id):
                return self._path_of_local(node.id)
            return self._roots.get(node.id)
        return None

    def _is_local(self, name):
        return any(
            (isinstance(node, ast.arg) and node.arg == name)
            or is_set(node, name)
            for node in self._nodes()
        )

    def _path_of_local(self, name):
        """Return the path for the only assignment to a local name."""
        values = [
            node.value
            for node in self._nodes()
            if isinstance(node, ast.Assign) and is_set(node.targets[0], name)
        ]
        if len(values) != 1 or len(list(self._settings(name))) != 1:
            return None
        if isinstance(values[0], ast.Call):
            path = self._path(values[0].func)
            is_class = path and path[-1][:1].isupper()
            return (*path, INSTANCE) if is_class else None
        return self._path(values[0])

    def _settings(self, name):
        return (node for node in self._nodes() if is_set(node, name))

    def _nodes(self):
        for function in self._around:
            if isinstance(function, ast.FunctionDef):
                yield from ast.walk(function)


def is_set(node, name):
    """Whether a node is a name that is assigned."""
    return (
        isinstance(node, ast.Name)
        and node.id == name
        and isinstance(node.ctx, ast.Store)
    )


def uses():
    """Return the names that the identity package uses."""
    folder = pathlib.Path(identity.__file__).parent
    return [
        use for path in sorted(folder.glob('*.py')) for use in Uses(path).found
    ]


def complaint(use):
    """Return the problem with a name in this Keystone, or None."""
    name = '.'.join(use.path)
    try:
        thing = found(use.path)
        if use.call:
            signature = inspect.signature(thing)
            name += str(signature)
            signature.bind(
                *instance(use.path),
                *positional(use.call),
                **keywords(use.call),
            )
    except (AttributeError, ImportError, TypeError) as error:
        version = importlib.metadata.version('keystone')
        return (
            f'identity/{use.file} ("{use.purpose}") uses {name}, '
            f'but with Keystone {version}: {error}'
        )
    return None


def found(path):
    """Return the object that a name refers to."""
    if path[0] == PROVIDERS:
        thing = provider_api.ProviderAPIs
    else:
        thing = importlib.import_module(path[0])
    for position, name in enumerate(path[1:], start=2):
        if isinstance(thing, cfg.ConfigOpts):
            # Options only exist in a running Keystone.
            return thing
        if name == INSTANCE:
            continue
        if hasattr(thing, '__path__') and not hasattr(thing, name):
            importlib.import_module('.'.join(path[:position]))
        thing = getattr(thing, name)
    return thing


def instance(path):
    """Return a value for the first argument of a method, if any."""
    if len(path) < 2 or path[-2] != INSTANCE:
        return []
    owner = found(path[:-2])
    is_method = inspect.isfunction(inspect.getattr_static(owner, path[-1]))
    return [None] if is_method else []


def positional(call):
    """Return a value for each positional argument of a call."""
    return [None for _ in call.args]


def keywords(call):
    """Return a value for each keyword argument of a call."""
    return {keyword.arg: None for keyword in call.keywords if keyword.arg}


def is_import(use):
    """Whether a name of Keystone is an imported module."""
    if use.path[0] == PROVIDERS or use.call is not None:
        return False
    return inspect.ismodule(found(use.path))


def is_below(path, other):
    """Whether another path continues this one."""
    return len(other) > len(path) and other[: len(path)] == path


class NamesTest(base.TestCase):
    """Imported names; this needs no running Keystone."""

    def test_names_behind_local_names_are_checked_too(self):
        paths = {'.'.join(use.path) for use in uses() if use.call}
        for path in (
            'keystone.federation.utils.RuleProcessor.().process',
            f'{PROVIDERS}.application_credential_api.get_application_credential',
        ):
            with self.variant(path):
                self.assertIn(path, paths)

    def test_all_imported_and_used_names_exist(self):
        check(self, [use for use in uses() if use.path[0] != PROVIDERS], 130)

    def test_each_import_is_followed_by_a_use(self):
        """Except for the module that is put into Keystone's list of APIs."""
        paths = {use.path for use in uses()}
        modules = {use.path for use in uses() if is_import(use)}
        for module in modules - {('keystone', 'api', 'os_oauth2')}:
            with self.variant(module):
                self.assertTrue(any(is_below(module, path) for path in paths))


class ProvidersTest(functional_base.KeystoneTestCase):
    @classmethod
    def create(cls):
        """Create nothing."""

    def test_all_providers_and_their_methods_exist(self):
        check(self, [use for use in uses() if use.path[0] == PROVIDERS], 14)


def check(test, names, least):
    """Assert that all names exist and fit their use."""
    complaints = [text for use in names if (text := complaint(use))]
    if complaints:
        test.fail('\n'.join(complaints))
    test.assertGreater(len(names), least)
