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

"""The names of all metrics that the product sends, read from its code."""

import ast
import pathlib

import keystone_oauth2
from keystone_oauth2.protocol.clients import registration

_ROOT = pathlib.Path(keystone_oauth2.__path__[0])
_METHODS = {'decr', 'gauge', 'incr', 'set', 'timer', 'timing'}
#: The calls of the StatsD client that ``names`` knows.
CALLS = {
    ('api/observer.py', "timing(f'{_PREFIX}.{endpoint}')"),
    ('api/observer.py', "incr(f'{_PREFIX}.{endpoint}.{event.name}')"),
    ('cmd/gauges.py', "gauge(f'{_PREFIX}.expiring.{kind}')"),
    ('cmd/gauges.py', "gauge(f'{_PREFIX}.signing_key.age')"),
    ('middleware/counts.py', "incr(f'{_PREFIX}.{name}')"),
    ('middleware/counts.py', "gauge(f'{_PREFIX}.{name}')"),
}
_ENDPOINTS = ('token', 'introspect', 'revoke')
_SUCCESSES = {
    'token': 'issued',
    'introspect': 'introspected',
    'revoke': 'revoked',
}


def calls():
    """Return the calls of a StatsD client: the module and the code."""
    return {
        (module, f'{method}({ast.unparse(call.args[0])})')
        for module, method, call in _calls(_METHODS)
        if 'statsd' in ast.unparse(call.func)
    }


def names():
    """Return the type of each metric by its name."""
    found = {}
    for endpoint in _ENDPOINTS:
        found[f'keystone_oauth2.{endpoint}'] = 'observer'
        for event in (_SUCCESSES[endpoint], 'refused', 'limited'):
            found[f'keystone_oauth2.{endpoint}.{event}'] = 'counter'
    for kind in (
        registration.SECRET,
        registration.KEY,
        registration.CERTIFICATE,
        registration.FEDERATED_IDENTITY,
    ):
        found[f'keystone_oauth2.expiring.{kind}'] = 'gauge'
    found['keystone_oauth2.signing_key.age'] = 'gauge'
    for name in _filter_counts():
        found[f'keystone_oauth2.filter.{name}'] = 'counter'
    for _, _, call in _calls({'send'}, 'middleware'):
        for age in call.keywords:
            found[f'keystone_oauth2.filter.{age.arg}'] = 'gauge'
    return found


def events():
    """Return the names of the events."""
    return {
        text
        for _, _, call in _calls({'Event'})
        if ast.unparse(call.func) == 'messages.Event'
        for text in _texts(call.args[0])
    }


def endpoints():
    """Return the names of the endpoints that report events."""
    return {
        text
        for _, _, call in _calls({'_endpoint'}, 'compose')
        for text in _texts(call.args[0])
    }


def _filter_counts():
    for _, _, call in _calls({'add'}, 'middleware'):
        if 'counts' in ast.unparse(call.func):
            if isinstance(call.args[0], ast.Constant):
                yield call.args[0].value
    for prefix, callables, index in (
        ('asked', {'Unknown'}, 0),
        ('asked', {'_ask_keystone'}, 1),
        ('refused', {'Refused'}, 0),
    ):
        for _, _, call in _calls(callables, 'middleware'):
            for text in _texts(call.args[index]):
                yield f'{prefix}.{text}'
    # Asked about, in place of refused, for a service with a service token.
    yield from ('asked.expired', 'asked.unknown_key')


def _texts(node):
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def _calls(called, folder='.'):
    for path in sorted((_ROOT / folder).rglob('*.py')):
        module = str(path.relative_to(_ROOT))
        if module.startswith(('tests/', 'fixture/')):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                function = node.func
                name = getattr(function, 'attr', getattr(function, 'id', ''))
                if name in called:
                    yield module, name, node
