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

"""Client authentication (RFC 6749, 2.3).

The steps are:

1. find out which evidence the request carries;
2. find the enabled methods for this evidence;
3. verify it.

A request that fails with one kind of evidence never falls through to another.
"""

import collections.abc as abc
import typing as ty

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports


class Method(ty.Protocol):
    """A client authentication method, named by its entry point.

    :cvar scheme: its HTTP authentication scheme, or None.
    :cvar evidence: the part of a request that it reads. Methods that read the
        same part differ in what is registered for the client.
    """

    scheme: ty.ClassVar[str | None]
    evidence: ty.ClassVar[str]

    def is_used(
        self, request: messages.Request, form: parameters.Parameters
    ) -> bool:
        """Whether the request carries credentials of this method."""

    def client_id(
        self, request: messages.Request, form: parameters.Parameters
    ) -> str:
        """Return the client id that the request claims.

        :raises errors.OAuthError: the credentials cannot be read.
        """

    def authenticate(
        self, request: messages.Request, form: parameters.Parameters
    ) -> messages.Client:
        """Return the authenticated client.

        :raises errors.OAuthError: the credentials cannot be read.
        :raises ports.Refused: they are not valid.
        """


class ClientAuthentication:
    """Chooses the method that authenticates the client.

    :param installed: all methods by name, so that a request that combines a
        disabled with an enabled method is noticed.
    :param enabled: names of the methods that may be used.
    :param describe_client: finds the roles of a client.
    :param guard: limits failures.
    """

    def __init__(
        self,
        installed: abc.Mapping[str, Method],
        enabled: abc.Iterable[str],
        describe_client: ports.DescribeClient,
        guard: ports.Guard,
    ) -> None:
        self._installed = dict(installed)
        self._describe_client = describe_client
        self._guard = guard
        self._enabled = frozenset(enabled)

    def authenticate(
        self, request: messages.Request, form: parameters.Parameters
    ) -> messages.Client:
        """Return the client that makes a request.

        :raises TwoAuthenticationMethods: more than one method is used.
        :raises InvalidClient: no enabled method is used, or the credentials
            are not valid.
        :raises TooManyRequests: too many attempts have failed. Above the hard
            limit the credentials are not checked; below it, only wrong ones
            get this error.
        """
        methods = self._choose(request, form)
        claimed = methods[0].client_id(request, form)
        try:
            self._guard.check(claimed, request.source)
        except ports.TooManyFailures as error:
            raise _too_many(claimed, error) from error
        try:
            return _first_valid(methods, request, form)
        except ports.Refused as refused:
            self._count(claimed, request.source, refused)
            raise errors.InvalidClient(detail=str(refused)) from refused

    def authenticate_caller(
        self, request: messages.Request, form: parameters.Parameters
    ) -> messages.Caller:
        """Return the caller that asks about a token (RFC 7662, 2.1).

        :raises TwoAuthenticationMethods: a Keystone token, valid or not, and
            a client authentication method are both used.
        :raises InvalidClient: the Keystone token is not valid.
        :raises errors.OAuthError: as for :meth:`authenticate`.
        """
        if not request.has_keystone_token:
            return self._describe(self.authenticate(request, form))
        if self._used(request, form):
            raise errors.TwoAuthenticationMethods(detail='X-Auth-Token')
        if request.token_holder is None:
            raise errors.InvalidClient(detail='X-Auth-Token is not valid')
        return request.token_holder

    def challenge(self, request: messages.Request) -> str | None:
        """Return the scheme for the challenge of a 401 (RFC 6749, 5.2).

        It is the scheme that the client tried, even if it is disabled, or
        else an enabled one; None if no enabled method has an HTTP scheme.
        """
        tried = scheme(request)
        for method in self._installed.values():
            if method.scheme and method.scheme.lower() == tried:
                return method.scheme
        for name in sorted(self._enabled):
            if self._installed[name].scheme:
                return self._installed[name].scheme
        return None

    def _count(
        self, claimed: str, source: messages.Source, refused: ports.Refused
    ) -> None:
        try:
            self._guard.failed(claimed, source, was_slow=refused.was_slow)
        except ports.TooManyFailures as error:
            raise _too_many(claimed, error, f'; {refused}') from error

    def _describe(self, client: messages.Client) -> messages.Caller:
        try:
            return self._describe_client(client)
        except ports.Refused as refused:
            raise errors.InvalidClient(detail=str(refused)) from refused

    def _choose(
        self, request: messages.Request, form: parameters.Parameters
    ) -> list[Method]:
        used = self._used(request, form)
        if len({self._installed[name].evidence for name in used}) > 1:
            raise errors.TwoAuthenticationMethods(detail=' and '.join(used))
        if not used:
            raise errors.InvalidClient(detail='no client authentication')
        methods = [
            self._installed[name] for name in used if name in self._enabled
        ]
        if not methods:
            raise errors.InvalidClient(
                detail=f'{" or ".join(used)} is not enabled'
            )
        return methods

    def _used(
        self, request: messages.Request, form: parameters.Parameters
    ) -> list[str]:
        return [
            name
            for name, method in self._installed.items()
            if method.is_used(request, form)
        ]


def scheme(request: messages.Request) -> str:
    """Return the scheme of the Authorization field in lower case, or ''."""
    words = (request.authorization or '').split(maxsplit=1)
    return words[0].lower() if words else ''


def _first_valid(
    methods: abc.Sequence[Method],
    request: messages.Request,
    form: parameters.Parameters,
) -> messages.Client:
    refusals = []
    for method in methods:
        try:
            return method.authenticate(request, form)
        except ports.Refused as refused:
            refusals.append(refused)
    raise ports.Refused(
        '; '.join(dict.fromkeys(map(str, refusals))),
        was_slow=any(refused.was_slow for refused in refusals),
    )


def _too_many(
    claimed: str, error: ports.TooManyFailures, reason: str = ''
) -> errors.TooManyRequests:
    return errors.TooManyRequests(
        error.seconds,
        f'too many failures of client {ports.redact(claimed)}{reason}',
    )
