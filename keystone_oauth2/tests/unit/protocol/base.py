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

"""Requests for the protocol layer, and an in-memory Keystone."""

import base64
import collections
import itertools

from keystone_oauth2.protocol import client_auth
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import registration

FORM = 'application/x-www-form-urlencoded'
ISSUER = 'https://keystone.example.com/v3'


def request(
    body=b'',
    authorization=None,
    content_type=FORM,
    fields=None,
    **attributes,
):
    """Return a request with a form body, given as text or as bytes."""
    if isinstance(body, str):
        body = body.encode('utf-8')
    known = {'content-type': content_type, **(fields or {})}
    if authorization is not None:
        known['authorization'] = authorization
    return messages.Request(
        **{
            'method': 'POST',
            'url': f'{ISSUER}/OS-OAUTH2/token',
            'query': '',
            'fields': known,
            'body': body,
            **attributes,
        }
    )


def basic(credentials):
    """Return an Authorization field, from credentials as text or as bytes."""
    if isinstance(credentials, str):
        credentials = credentials.encode('utf-8')
    return 'Basic ' + base64.b64encode(credentials).decode('ascii')


def form(**values):
    """Return parameters in the form that the reader returns."""
    return parameters.Parameters(values)


def read(the_request, the_form):
    """Return the only evidence of a request."""
    (kind,) = evidence.kinds(the_request, the_form)
    return kind.read(the_request, the_form)


class NoLimit:
    """A guard that allows every attempt."""

    def check(self, client_id, source):
        pass

    def failed(self, client_id, source, *, was_slow):
        pass


class ClientStore:
    """A :class:`.ports.ClientStore` in memory.

    :ivar refusals: why a client must not be used, by its id.
    :ivar uses: the client id and authenticator id of each recorded use.
    :ivar finds: how often a client was looked up.
    :ivar stored: how often a digest was stored.
    """

    def __init__(self):
        self.refusals = {}
        self.uses = []
        self.finds = 0
        self.stored = 0
        self._clients = {}
        self._registered = collections.defaultdict(list)
        self._numbers = itertools.count()

    def add(self, client_id='client', **attributes):
        """Add an application credential of the user ``user``."""
        self._clients[client_id] = {
            'user_id': 'user',
            'project_id': 'project',
            'is_retired': False,
            **attributes,
        }

    def change(self, client_id='client', **attributes):
        """Change attributes of a client; ``is_retired`` is its secret's."""
        self._clients[client_id].update(attributes)

    def register(
        self,
        kind,
        value=None,
        client_id='client',
        fingerprint='x',
        expires_at=None,
    ):
        """Register an authenticator for a client, and return it."""
        authenticator = registration.Authenticator(
            kind=kind,
            fingerprint=fingerprint,
            value=value,
            expires_at=expires_at,
            id=f'{kind} {next(self._numbers)} of {client_id}',
            client_id=client_id,
        )
        self._registered[client_id].append(authenticator)
        return authenticator

    def register_secret(self, secret, client_id='client', **attributes):
        """Register a secret for a client, and return it."""
        fingerprint = registration.secret_fingerprint(client_id, secret)
        return self.register(
            registration.SECRET,
            client_id=client_id,
            **{'fingerprint': fingerprint, **attributes},
        )

    def unregister_all(self):
        """Remove all authenticators."""
        self._registered.clear()

    def digest(self, client_id='client'):
        """Return the stored digest of a client's own secret, or None."""
        return self._clients[client_id].get('secret_digest')

    def find(self, client_id):
        self.finds += 1
        if client_id not in self._clients:
            raise ports.UnknownClient('unknown client')
        attributes = {**self._clients[client_id]}
        own = registration.Registration(client_id).own_secret()
        is_retired = attributes.pop('is_retired')
        client = clients.Client(
            id=client_id,
            authenticators=(
                *(() if is_retired else (own,)),
                *self._registered[client_id],
            ),
            **attributes,
        )
        if client_id in self.refusals:
            raise ports.UnusableClient(self.refusals[client_id], client)
        return client

    def is_registered(self, client_id):
        try:
            client = self.find(client_id)
        except ports.UnusableClient as unusable:
            client = unusable.client
        own = registration.Registration(client_id).own_secret()
        return client.authenticators != (own,) or client.methods is not None

    def store_digest(self, client_id, digest):
        self.stored += 1
        self._clients[client_id]['secret_digest'] = digest

    def note_use(self, client, authenticator):
        self.uses.append((client.id, authenticator.id))


class ReplayCache:
    """A :class:`.ports.ReplayCache` in memory.

    :ivar consumed: the expiry of what was used, by namespace, client and
        identifier.
    """

    def __init__(self):
        self.consumed = {}

    def consume(self, namespace, client_id, identifier, expires_at):
        key = (namespace, client_id, identifier)
        if key in self.consumed:
            return False
        self.consumed[key] = expires_at
        return True


class UserDirectory:
    """A :class:`.ports.UserDirectory` in memory.

    :ivar projects: ids of projects as stored, by the id that finds them.
    :ivar mapped: attributes of a certificate by the property that they yield.
    """

    def __init__(self):
        self.users = {}
        self.projects = {'project': 'project'}
        self.mapped = {}

    def add(self, user_id='user', **attributes):
        """Add an enabled user."""
        self.users[user_id] = clients.User(
            **{
                'id': user_id,
                'name': f'name of {user_id}',
                'domain_id': 'domain',
                'default_project_id': 'project',
                **attributes,
            }
        )
        return self.users[user_id]

    def find_user(self, user_id):
        if user_id not in self.users:
            raise ports.Refused('unknown user')
        return self.users[user_id]

    def find_project(self, project_id):
        if project_id not in self.projects:
            raise ports.Refused('unknown project')
        return self.projects[project_id]

    def domain_name(self, domain_id):
        return {'domain': 'CA'}[domain_id]

    def map_certificate(self, names):
        return {name: names[remote] for name, remote in self.mapped.items()}


class TokenService:
    """The issuing part of a :class:`.ports.TokenService`.

    :ivar refuses: whether it refuses every client.
    :ivar binds: whether it can bind tokens.
    """

    knows_resources = False

    def __init__(self):
        self.roles = ('member', 'reader')
        self.refuses = False
        self.binds = True

    def describe(self, client):
        if self.refuses:
            raise ports.Refused('no role')
        return messages.Caller('user', 'domain', self.roles, client.id)

    def issue(self, delegation):
        if self.refuses:
            raise ports.Refused('no role')
        if delegation.confirmation and not self.binds:
            raise ports.CannotBind('no place for both')
        return ports.IssuedToken(
            value=f'token of {delegation.client_id}',
            audit_id='audit',
            expires_in=3599,
            roles=self.roles,
        )


class CertificateStore:
    """A :class:`.ports.CertificateStore` in memory.

    :ivar remembered: what tokens are bound to.
    """

    def __init__(self):
        self.remembered = []

    def remember(self, confirmation):
        self.remembered.append(confirmation)

    def find(self, keystone_thumbprint):
        for confirmation in self.remembered:
            if confirmation.keystone_thumbprint == keystone_thumbprint:
                return confirmation.x5t_s256
        return None


class Policy:
    """The issuing part of a :class:`.ports.Policy`.

    :ivar denied: the grants that it denies to every client.
    """

    def __init__(self):
        self.denied = ()

    def permit_issue(self, client, grant_type, token):
        return grant_type not in self.denied


def authentication(
    installed, enabled=None, client_store=None, guard=None, tokens=None
):
    """Return a :class:`.ClientAuthentication` with these methods.

    :param enabled: their names; None for all.
    """
    if enabled is None:
        enabled = [method.name for method in installed]
    return client_auth.ClientAuthentication(
        installed=installed,
        enabled=enabled,
        client_store=client_store or ClientStore(),
        tokens=tokens,
        guard=guard or NoLimit(),
    )
