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

"""Rules for the registration of clients."""

import collections.abc as abc

from oslo_policy import policy

COLLECTIONS = {
    'secret': 'secrets',
    'key': 'keys',
    'certificate': 'certificates',
}

GET = 'identity:get_oauth2_client'
UPDATE = 'identity:update_oauth2_client'

_PATH = '/v3/OS-OAUTH2/clients/{client_id}'
_OWNER = 'user_id:%(target.client.user_id)s'
# As for Keystone's application credentials, whose API refuses domain-scoped
# tokens.
_READER = (
    'domain_id:None and (rule:admin_required or '
    f'(role:reader and system_scope:all) or {_OWNER})'
)
_REMOVER = f'domain_id:None and (rule:admin_required or {_OWNER})'
# An operator's rule may let users of a domain read and remove.
_ANY_SCOPE = ('system', 'domain', 'project')
_TARGET = """\
The target is the client, an application credential:
%(target.client.id)s, %(target.client.user_id)s,
%(target.client.user_domain_id)s, %(target.client.project_id)s and
%(target.client.project_domain_id)s."""
_ONLY_OWNER = """\
Regardless of this rule, only the owner of the client may do this, with a token
that is scoped to the project of the client and has all of its roles, since an
authenticator gives access to all that the client can do."""
_OWNER_TOKEN = """\
Regardless of this rule, the owner of the client needs a token that is scoped
to the project of the client and has all of its roles."""


def rule(operation: str, kind: str) -> str:
    """Return the name of a rule.

    :param operation: ``create``, ``list``, ``get`` or ``delete``.
    :param kind: of an authenticator.
    """
    noun = COLLECTIONS[kind] if operation == 'list' else kind
    return f'identity:{operation}_oauth2_client_{noun}'


def _rule(
    name: str,
    check: str,
    description: str,
    *operations: tuple[str, str],
    scopes: abc.Iterable[str] = _ANY_SCOPE,
) -> policy.DocumentedRuleDefault:
    return policy.DocumentedRuleDefault(
        name=name,
        check_str=check,
        scope_types=list(scopes),
        description=f'{description}\n{_TARGET}\n',
        operations=[
            {'path': _PATH + path, 'method': method}
            for path, method in operations
        ],
    )


def _rules_of_kind(kind: str) -> list[policy.DocumentedRuleDefault]:
    collection = f'/{COLLECTIONS[kind]}'
    member = f'{collection}/{{{kind}_id}}'
    return [
        _rule(
            rule('create', kind),
            _OWNER,
            f'Register a {kind} for a client. {_ONLY_OWNER}',
            (collection, 'POST'),
            scopes=('project',),
        ),
        _rule(
            rule('list', kind),
            _READER,
            f'List the {COLLECTIONS[kind]} of a client, without secret '
            f'values.',
            (collection, 'GET'),
            (collection, 'HEAD'),
        ),
        _rule(
            rule('get', kind),
            _READER,
            f'Show a {kind} of a client, without secret values.',
            (member, 'GET'),
            (member, 'HEAD'),
        ),
        _rule(
            rule('delete', kind),
            _REMOVER,
            f'Remove a {kind} of a client. {_OWNER_TOKEN}',
            (member, 'DELETE'),
        ),
    ]


client_policies = [
    _rule(
        GET,
        _READER,
        'Show a client with its authentication methods and authenticators.',
        ('', 'GET'),
        ('', 'HEAD'),
    ),
    _rule(
        UPDATE,
        _OWNER,
        f'Choose the client authentication methods that a client may use. '
        f'{_ONLY_OWNER}',
        ('', 'PATCH'),
        scopes=('project',),
    ),
    *(rule_ for kind in COLLECTIONS for rule_ in _rules_of_kind(kind)),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    """Return the rules of this module."""
    return client_policies
