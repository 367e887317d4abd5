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

"""Client authentication (RFC 6749, 2.3): read once, look up once, decide once.

The steps are:

1. read the evidence that the request carries, of one kind only;
2. find the client;
3. choose the method by what is registered for the client;
4. verify the evidence.

A request that fails with one method never falls through to another.
"""

import collections.abc as abc
import contextlib
import dataclasses
import hmac
import typing as ty

from keystone_oauth2.protocol import bearer
from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import evidence as evidences
from keystone_oauth2.protocol.client_auth import method as methods
from keystone_oauth2.protocol.clients import client as clients

Method = methods.Method[ty.Any]


class ClientAuthentication:
    """Authenticates the client that makes a request.

    :param installed: all methods, so that a request that combines a disabled
        with an enabled method is noticed.
    :param enabled: names of the methods that may be used.
    :param client_store: finds clients.
    :param tokens: finds the roles of a client.
    :param guard: limits failures.
    """

    def __init__(
        self,
        *,
        installed: abc.Iterable[Method],
        enabled: abc.Container[str],
        client_store: ports.ClientStore,
        tokens: ports.TokenService,
        guard: ports.Guard,
    ) -> None:
        self._installed = sorted(
            installed, key=lambda method: method.strength, reverse=True
        )
        self._enabled = [
            method for method in self._installed if method.name in enabled
        ]
        self._clients = client_store
        self._tokens = tokens
        self._guard = guard

    def authenticate(
        self, request: messages.Request, form: parameters.Parameters
    ) -> clients.AuthenticatedClient:
        """Return the client that makes a request.

        :raises TwoAuthenticationMethods: the request has evidence of more than
            one kind.
        :raises InvalidClient: no enabled method is used, or the evidence is
            not valid.
        :raises TooManyRequests: too many attempts have failed. Above the hard
            limit the evidence is not checked; below it, only wrong one gets
            this error.
        """
        kind = self._kind(request, form)
        readers = self._readers(kind)
        evidence = kind.read(request, form)
        with self._attempt(evidence.client_id, request.source):
            authenticated = self._verify(evidence, readers)
        if authenticated.authenticator is not None:
            self._clients.note_use(
                authenticated.client, authenticated.authenticator
            )
        return authenticated

    def authenticate_caller(
        self, request: messages.Request, form: parameters.Parameters
    ) -> messages.Caller:
        """Return the caller that asks about a token (RFC 7662, 2.1).

        :raises TwoAuthenticationMethods: a Keystone token, valid or not, and
            a client authentication method are both used.
        :raises InvalidClient: the Keystone token is not valid.
        :raises errors.OAuthError: as for :meth:`authenticate`.
        """
        if request.has_keystone_token:
            return _token_holder(request, form)
        client = self.authenticate(request, form)
        try:
            return self._tokens.describe(client)
        except ports.Refused as refused:
            raise errors.InvalidClient(detail=str(refused)) from refused

    def challenge(self, request: messages.Request) -> str | None:
        """Return the scheme for the challenge of a 401 (RFC 6749, 5.2).

        It is the scheme that the client tried, even if it is disabled, or
        else an enabled one; None if no enabled method has an HTTP scheme.
        """
        tried = evidences.scheme(request)
        for method in self._installed:
            if method.scheme and method.scheme.lower() == tried:
                return method.scheme
        for method in self._enabled:
            if method.scheme:
                return method.scheme
        return None

    def _kind(
        self, request: messages.Request, form: parameters.Parameters
    ) -> type[evidences.Evidence]:
        kinds = evidences.kinds(request, form)
        if len(kinds) > 1:
            names = ' and '.join(kind.label for kind in kinds)
            raise errors.TwoAuthenticationMethods(detail=names)
        if not kinds:
            raise errors.NoClientAuthentication(
                detail='no client authentication'
            )
        return kinds[0]

    def _readers(self, kind: type[evidences.Evidence]) -> list[Method]:
        """Return the enabled methods that read a kind of evidence."""
        readers = [
            method for method in self._enabled if method.evidence is kind
        ]
        if not readers:
            names = _names(
                method for method in self._installed if method.evidence is kind
            )
            raise errors.InvalidClient(detail=f'{names} is not enabled')
        return readers

    @contextlib.contextmanager
    def _attempt(
        self, client_id: str, source: messages.Source
    ) -> abc.Iterator[None]:
        try:
            self._guard.check(client_id, source)
        except ports.TooManyFailures as error:
            raise _too_many(client_id, error) from error
        try:
            yield
        except ports.Refused as refused:
            try:
                self._guard.failed(
                    client_id, source, was_slow=refused.was_slow
                )
            except ports.TooManyFailures as error:
                raise _too_many(client_id, error, f'; {refused}') from error
            raise errors.InvalidClient(detail=str(refused)) from refused

    def _verify(
        self, evidence: evidences.Evidence, readers: abc.Sequence[Method]
    ) -> clients.AuthenticatedClient:
        """Return the client; its absence takes as long as wrong evidence.

        :raises ports.Refused: it is unknown, or the evidence is not valid.
        """
        verified = None
        try:
            client = self._find(evidence, readers)
            verified = _choose(readers, client, evidence)
            return verified.verify(evidence, client)
        except ports.Refused as refused:
            # A client that is known has registered one of the methods.
            for method in readers:
                if method is not verified and method.pretend(evidence):
                    refused.was_slow = True
            raise

    def _find(
        self, evidence: evidences.Evidence, readers: abc.Iterable[Method]
    ) -> clients.Client:
        try:
            return self._clients.find(evidence.client_id)
        except ports.UnknownClient:
            for method in readers:
                user = method.as_user(evidence.client_id)
                if user is not None:
                    return user
            raise


def _choose(
    readers: abc.Sequence[Method],
    client: clients.Client,
    evidence: evidences.Evidence,
) -> Method:
    """Return the method that what is registered for a client selects.

    :param readers: the strongest first.
    :raises ports.Refused: there is none.
    """
    allowed = [method for method in readers if client.may_use(method.name)]
    if not allowed:
        names = _names(readers)
        raise methods.refused(client, f'not registered for {names}')
    registered = [
        method for method in allowed if method.has_registered(client)
    ]
    if not registered:
        names = _names(allowed)
        raise methods.refused(client, f'nothing is registered for {names}')
    if len(registered) == 1:
        # Verification looks at the same, and more.
        return registered[0]
    fitting = [
        method for method in registered if method.fits(evidence, client)
    ]
    # If none fits, the reason that the first one gives goes to the log.
    return (fitting or registered)[0]


def _names(of: abc.Iterable[Method]) -> str:
    return ' or '.join(method.name for method in of)


def _token_holder(
    request: messages.Request, form: parameters.Parameters
) -> messages.Caller:
    if evidences.kinds(_without_repetition(request), form):
        raise errors.TwoAuthenticationMethods(detail='X-Auth-Token')
    if request.token_holder is None:
        raise errors.InvalidClient(detail='X-Auth-Token is not valid')
    return request.token_holder


def _without_repetition(request: messages.Request) -> messages.Request:
    """Return a request without ``Authorization`` if it is X-Auth-Token again.

    Clients of services send one token in both fields.
    """
    try:
        token = bearer.token(request.authorization or '')
    except bearer.MalformedCredentials:
        return request
    known = request.fields.get('x-auth-token', '')
    if token is None or not hmac.compare_digest(
        token.encode(), known.encode()
    ):
        return request
    fields = dict(request.fields)
    del fields['authorization']
    return dataclasses.replace(request, fields=fields)


def _too_many(
    client_id: str, error: ports.TooManyFailures, reason: str = ''
) -> errors.TooManyRequests:
    return errors.TooManyRequests(
        error.seconds,
        f'too many failures of client {ports.redact(client_id)}{reason}',
    )
