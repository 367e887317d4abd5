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

"""Client authentication methods that succeed or fail as told."""

import base64
import json

from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.protocol.client_auth import method
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.tests.unit.protocol import base as protocol_base

BASIC = protocol_base.basic('header:x')


class Dummy(method.Method):
    """A method whose authenticators have a kind of their own.

    :ivar succeeds: whether it verifies any evidence.
    :ivar does_fit: whether any evidence fits.
    :ivar is_slow: whether verification includes a slow hash.
    :ivar kind: of the authenticators that it accepts.
    :ivar users: ids of the users that it knows.
    :ivar seen: the evidence of each call that got any, by its name.
    """

    def __init__(self, name, kind_of_evidence, **attributes):
        self.name = name
        self.evidence = kind_of_evidence
        self.strength = 0
        self.succeeds = True
        self.does_fit = True
        self.is_slow = False
        self.kind = name
        self.users = ()
        self.seen = []
        vars(self).update(attributes)

    def accepts(self, authenticator):
        return authenticator.kind == self.kind

    def fits(self, evidence, client):
        self.seen.append(('fits', evidence))
        return self.does_fit

    def as_user(self, client_id):
        if client_id not in self.users:
            return None
        return clients.Client(
            id=client_id, user_id=client_id, project_id='p', is_user=True
        )

    def has_registered(self, client):
        return client.id in self.users or super().has_registered(client)

    def pretend(self, evidence):
        self.seen.append(('pretend', evidence))
        return self.is_slow

    def verify(self, evidence, client):
        self.seen.append(('verify', evidence))
        if not self.succeeds:
            raise ports.Refused(f'{self.name}: wrong', was_slow=self.is_slow)
        registered = list(filter(self.accepts, client.authenticators))
        return clients.AuthenticatedClient(
            client=client,
            method=self.name,
            authenticator=registered[0] if registered else None,
        )

    @property
    def calls(self):
        """The names of the calls that got evidence."""
        return [name for name, _ in self.seen]


def assertion(client_id):
    """Return the parameters of an unsigned assertion of a client."""
    parts = (json.dumps(part) for part in ({}, {'sub': client_id}))
    text = '.'.join(
        base64.urlsafe_b64encode(part.encode()).decode().rstrip('=')
        for part in parts
    )
    return protocol_base.form(
        client_assertion_type=evidence.ASSERTION_TYPE,
        client_assertion=f'{text}.',
    )


def methods(**body):
    """Return methods for each kind of evidence but certificates.

    :param body: attributes of the method that reads a secret in the body,
        and always fails.
    """
    return [
        Dummy('header', evidence.Basic, scheme='Header'),
        Dummy('body', evidence.PostedSecret, **{'succeeds': False, **body}),
        Dummy('jwt', evidence.Assertion),
        Dummy('other', evidence.Certificate, scheme='Another'),
    ]


def client_store():
    """Return clients that are registered for the methods of their names."""
    store = protocol_base.ClientStore()
    for client_id in ('header', 'body', 'jwt'):
        store.add(client_id)
        store.register(client_id, client_id=client_id)
    return store


def posted(client_id='body'):
    return {'client_id': client_id, 'client_secret': 'x'}
