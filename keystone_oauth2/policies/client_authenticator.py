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

"""Rules for the authenticators of clients: the same for each kind."""

from oslo_policy import policy

from keystone_oauth2.policies import base

_ANY_SCOPE = ['system', 'domain', 'project']
_Rules = list[policy.DocumentedRuleDefault]


class Rules:
    """The rules for a kind of authenticator.

    :param kind: its name, which is part of those of the rules.
    :param plural: the name of several, and the last part of their URL.
    :ivar create: the name of a rule, as are ``list``, ``get`` and ``delete``.
    """

    def __init__(self, kind: str, plural: str) -> None:
        self.create = f'identity:create_oauth2_client_{kind}'
        self.list = f'identity:list_oauth2_client_{plural}'
        self.get = f'identity:get_oauth2_client_{kind}'
        self.delete = f'identity:delete_oauth2_client_{kind}'
        self.plural = plural
        self._noun = kind.replace('_', ' ')
        self._nouns = plural.replace('_', ' ')
        self._url = f'/v3/OS-OAUTH2/clients/{{client_id}}/{plural}'
        self._member = f'{self._url}/{{{kind}_id}}'

    def list_rules(self) -> _Rules:
        """Return the rules."""
        return [
            _rule(
                self.create,
                base.OWNER,
                f'Register a {self._noun} for a client. {base.ONLY_OWNER}',
                self._url,
                'POST',
                scope_types=['project'],
            ),
            _rule(
                self.list,
                base.READER,
                f'List the {self._nouns} of a client, without secret values.',
                self._url,
                'GET',
                'HEAD',
            ),
            _rule(
                self.get,
                base.READER,
                f'Show a {self._noun} of a client, without secret values.',
                self._member,
                'GET',
                'HEAD',
            ),
            _rule(
                self.delete,
                base.REMOVER,
                f'Remove a {self._noun} of a client. {base.OWNER_TOKEN}',
                self._member,
                'DELETE',
            ),
        ]


def _rule(
    name: str,
    check: str,
    description: str,
    url: str,
    *methods: str,
    scope_types: list[str] = _ANY_SCOPE,
) -> policy.DocumentedRuleDefault:
    return policy.DocumentedRuleDefault(
        name=name,
        check_str=check,
        scope_types=scope_types,
        description=f'{description}\n{base.TARGET}',
        operations=[{'path': url, 'method': method} for method in methods],
    )


#: By kind.
OF_KIND = {
    kind: Rules(kind, plural)
    for kind, plural in (
        ('secret', 'secrets'),
        ('key', 'keys'),
        ('certificate', 'certificates'),
        ('federated_identity', 'federated_identities'),
    )
}


def list_rules() -> _Rules:
    """Return the rules of all kinds."""
    return [rule for rules in OF_KIND.values() for rule in rules.list_rules()]
