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

"""All URLs of the API, and the hooks in Keystone's application."""

import typing as ty

import flask
from werkzeug import exceptions

from keystone_oauth2.api import authenticators
from keystone_oauth2.api import clients
from keystone_oauth2.api import endpoints
from keystone_oauth2.api import errors as rendering
from keystone_oauth2.api import federated_identities
from keystone_oauth2.api import federated_identity_test
from keystone_oauth2.api import jwks
from keystone_oauth2.api import kinds
from keystone_oauth2.api import metadata
from keystone_oauth2.api import revocation_events
from keystone_oauth2.api.hooks import every_request
from keystone_oauth2.compose import server
from keystone_oauth2.compose import tables
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import metadata as metadata_document

_METADATA = 'oauth-authorization-server'


class ProtocolAPI(rendering.API):
    """The protocol endpoints, with the errors of OAuth 2.0.

    :param built: the objects behind the URLs.
    """

    _name = 'OS-OAUTH2'
    _import_name = __name__
    _api_url_prefix = '/OS-OAUTH2'
    render = staticmethod(rendering.render)

    def __init__(self, built: server.Server) -> None:
        self._server = built
        self._metadata_path: str | None = None
        if built.metadata is not None:
            self._metadata_path = metadata_document.path(
                built.metadata['issuer']
            )
        super().__init__()
        self.blueprint.url_value_preprocessor(self._ignore_body_at_metadata)

    @staticmethod
    def is_keystones(error: Exception) -> bool:
        """Whether it is Keystone's refusal of a token."""
        return isinstance(error, web.TokenRefused)

    @property
    def resource_mapping(self) -> list[web.ResourceMap]:
        """URL, resource and JSON-home relation."""
        return [
            self._endpoint('token', self._server.token),
            self._endpoint('introspect', self._server.introspection),
            self._endpoint('revoke', self._server.revocation),
            web.construct_resource_map(
                resource=jwks.JWKSResource,
                url='/jwks',
                rel='jwks',
                resource_relation_func=web.relation,
                resource_kwargs={
                    'endpoint': 'jwks',
                    'resource_class_kwargs': {
                        'keys': self._server.signing_keys
                    },
                },
            ),
            web.construct_resource_map(
                resource=metadata.MetadataResource,
                url=metadata_document.WELL_KNOWN,
                resource_kwargs={
                    'endpoint': _METADATA,
                    'resource_class_kwargs': {
                        'document': self._server.metadata,
                        'keys': self._server.signing_keys,
                    },
                },
            ),
        ]

    def _endpoint(
        self, name: str, endpoint: endpoints.Endpoint
    ) -> web.ResourceMap:
        return web.construct_resource_map(
            resource=endpoints.ProtocolResource,
            url=f'/{name}',
            rel=name,
            resource_relation_func=web.relation,
            resource_kwargs={
                'endpoint': name,
                'resource_class_kwargs': {
                    'endpoint_name': name,
                    'endpoint': endpoint,
                    'reader': self._server.request_reader,
                },
            },
        )

    def add_to(self, flask_app: flask.Flask) -> None:
        """Add the API, and the metadata at the root of the host."""
        super().add_to(flask_app)
        if self._metadata_path is not None:
            # A second URL for the same resource, so that it also rejects
            # methods that are not allowed there.
            flask_app.add_url_rule(
                self._metadata_path,
                endpoint=f'{self.blueprint.name}.{_METADATA}',
            )

    def may_own(self, path: str) -> bool:
        """Whether a request for a path may be one to this API."""
        return path == self._metadata_path or super().may_own(path)

    def refuse_unrouted(self) -> flask.Response | None:
        """Return the refusal of an unknown URL.

        For the metadata, an unknown method is refused elsewhere.
        """
        self._ignore_body_at_metadata()
        return super().refuse_unrouted()

    def _ignore_body_at_metadata(self, *_: ty.Any) -> None:
        metadata.ignore_body(self._metadata_path)


class _KeystoneStyleAPI(rendering.API):
    """An API with the errors of Keystone."""

    _import_name = __name__
    render = staticmethod(rendering.render_as_keystone)

    @staticmethod
    def is_keystones(error: Exception) -> bool:
        """Whether it is any error that Keystone has a response for."""
        return isinstance(
            error, (web.Error, exceptions.HTTPException)
        ) and not isinstance(error, exceptions.MethodNotAllowed)


class ListAPI(_KeystoneStyleAPI):
    """A list at an URL of its own.

    :param name: the last part of the URL.
    :param resource: shows the list.
    :param parameters: of the resource.
    """

    _api_url_prefix = '/OS-OAUTH2'

    def __init__(
        self, name: str, resource: type[web.ResourceBase], **parameters: ty.Any
    ) -> None:
        self._list_name = name
        self._resource = resource
        self._parameters = parameters
        super().__init__()
        # With a prefix of its own, Flask would redirect to a final slash.
        self._root += f'{name}/'

    @property
    def _name(self) -> str:
        # Names of blueprints are unique in Keystone, where this is abstract.
        return f'OS-OAUTH2-{self._list_name}'

    @property
    def resource_mapping(self) -> list[web.ResourceMap]:
        """URL, resource and JSON-home relation."""
        return [
            web.construct_resource_map(
                resource=self._resource,
                url=f'/{self._list_name}',
                rel=self._list_name,
                resource_relation_func=web.relation,
                resource_kwargs={
                    'endpoint': self._list_name,
                    'resource_class_kwargs': self._parameters,
                },
            )
        ]


class ClientsAPI(_KeystoneStyleAPI):
    """The client resources.

    :param shown: shows clients and their authenticators.
    """

    _name = 'OS-OAUTH2-clients'
    _api_url_prefix = '/OS-OAUTH2/clients'

    def __init__(self, shown: authenticators.Clients) -> None:
        self._clients = shown
        super().__init__()

    @property
    def resource_mapping(self) -> list[web.ResourceMap]:
        """URL, resource and JSON-home relation."""
        maps = [self._resource(clients.ClientResource, 'client', '')]
        for kind in authenticators.KINDS:
            maps += self._of_kind(kind)
        maps.append(
            self._resource(
                federated_identity_test.FederatedIdentityTestResource,
                'client_federated_identity_test',
                '/federated_identities/test',
            )
        )
        return maps

    def _of_kind(self, kind: kinds.Kind) -> list[web.ResourceMap]:
        collection = f'/{kind.collection}'
        return [
            self._resource(
                clients.AuthenticatorsResource,
                f'client_{kind.collection}',
                collection,
                kind,
            ),
            self._resource(
                clients.AuthenticatorResource,
                f'client_{kind.name}',
                f'{collection}/<string:authenticator_id>',
                kind,
                authenticator_id=web.parameter_relation(
                    parameter_name=f'{kind.name}_id'
                ),
            ),
        ]

    def _resource(
        self,
        resource: type[web.ResourceBase],
        name: str,
        path: str,
        kind: kinds.Kind | None = None,
        **path_vars: str,
    ) -> web.ResourceMap:
        client_id = web.parameter_relation(parameter_name='client_id')
        return web.construct_resource_map(
            resource=resource,
            url=f'/<string:client_id>{path}',
            rel=name,
            resource_relation_func=web.relation,
            path_vars={'client_id': client_id, **path_vars},
            resource_kwargs={
                'endpoint': name,
                'resource_class_kwargs': {
                    'server': self._clients,
                    'kind': kind,
                },
            },
        )


class OAuth2:
    """The APIs and the hooks, with the same objects behind them."""

    @staticmethod
    def instantiate_and_register_to_app(flask_app: flask.Flask) -> None:
        """Add them to Keystone's application; Keystone calls this."""
        built = server.build()
        check = tables.Check()
        # An unknown URL belongs to the first API that it is below.
        apis = (
            ClientsAPI(built.clients),
            ListAPI(
                'revocation_events',
                revocation_events.RevocationEventsResource,
                events=built.revocation_events,
            ),
            ListAPI(
                'trusted_issuers', federated_identities.TrustedIssuersResource
            ),
            ProtocolAPI(built),
        )
        for api in apis:
            api.blueprint.before_request(check)
            api.add_to(flask_app)
        every_request.Hooks(
            apis=apis,
            checks=_given(built.jwt_check, built.binding_check),
            observers=_given(built.retirement_check, built.secret_observer),
        ).add_to(flask_app)


def _given(*hooks: ty.Any) -> list[ty.Any]:
    return [hook for hook in hooks if hook is not None]


APIs = (OAuth2,)
