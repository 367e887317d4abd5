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

"""All URLs of the API."""

import functools

import flask

from keystone_oauth2.api import authenticators
from keystone_oauth2.api import base
from keystone_oauth2.api import clients
from keystone_oauth2.api import introspection
from keystone_oauth2.api import metadata
from keystone_oauth2.api import revocation
from keystone_oauth2.api import token
from keystone_oauth2.compose import server
from keystone_oauth2.compose import tables
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import metadata as metadata_document

_METADATA = 'oauth-authorization-server'


class OAuth2API(web.APIBase):
    """The OS-OAUTH2 API, which Keystone instantiates for its application."""

    _name = 'OS-OAUTH2'
    _import_name = __name__
    _api_url_prefix = '/OS-OAUTH2'

    def __init__(self) -> None:
        self._server = server.build()
        check = tables.Check()
        super().__init__()
        self.api.handle_error = base.handle_error
        self.api.catch_all_404s = True
        self.blueprint.before_request(check)
        self.blueprint.after_request(base.drop_media_type_of_nothing)
        self.blueprint.after_request(web.escape_challenges)

    @classmethod
    def instantiate_and_register_to_app(
        cls, flask_app: flask.Flask
    ) -> 'OAuth2API':
        """Add the API, its hooks, and the metadata at the root of the host."""
        api = super().instantiate_and_register_to_app(flask_app)
        server = api._server
        if server.binding_check is not None:
            flask_app.before_request(server.binding_check)
        if server.secret_observer is not None:
            flask_app.after_request(server.secret_observer)
        flask_app.after_request(server.retirement_check)
        flask_app.teardown_request(web.end_context)
        first = flask_app.before_request_funcs.setdefault(None, [])
        first.insert(0, base.refuse_doubled_slash)
        if server.metadata is not None:
            path = metadata_document.path(server.metadata['issuer'])
            # A second URL for the metadata resource below, so that it also
            # rejects methods that are not allowed there.
            flask_app.add_url_rule(path, endpoint=f'{cls._name}.{_METADATA}')
            # It must come first, since Keystone requires bodies to be JSON.
            first.insert(0, functools.partial(metadata.ignore_body, path))
        return api

    @property
    def resource_mapping(self) -> list[web.ResourceMap]:
        """URL, resource and JSON-home relation."""
        server = self._server
        return [
            self._protocol(token.TokenResource, server.token),
            self._protocol(
                introspection.IntrospectionResource, server.introspection
            ),
            self._protocol(revocation.RevocationResource, server.revocation),
            web.construct_resource_map(
                resource=metadata.MetadataResource,
                url=metadata_document.WELL_KNOWN,
                resource_kwargs={
                    'endpoint': _METADATA,
                    'resource_class_kwargs': {'document': server.metadata},
                },
            ),
            self._managed(clients.ClientResource, 'client', ''),
            *(
                resource_map
                for kind in authenticators.KINDS
                for resource_map in self._of_kind(kind)
            ),
        ]

    def _of_kind(
        self, kind: authenticators.Kind
    ) -> tuple[web.ResourceMap, ...]:
        collection = f'/{kind.collection}'
        return (
            self._managed(
                clients.AuthenticatorsResource,
                f'client_{kind.collection}',
                collection,
                kind,
            ),
            self._managed(
                clients.AuthenticatorResource,
                f'client_{kind.name}',
                f'{collection}/<string:authenticator_id>',
                kind,
                authenticator_id=web.parameter_relation(
                    parameter_name=f'{kind.name}_id'
                ),
            ),
        )

    def _managed(
        self,
        resource: type[web.ResourceBase],
        name: str,
        path: str,
        kind: authenticators.Kind | None = None,
        **path_vars: str,
    ) -> web.ResourceMap:
        client_id = web.parameter_relation(parameter_name='client_id')
        return web.construct_resource_map(
            resource=resource,
            url=f'/clients/<string:client_id>{path}',
            rel=name,
            resource_relation_func=web.relation,
            path_vars={'client_id': client_id, **path_vars},
            resource_kwargs={
                'endpoint': name,
                'resource_class_kwargs': {
                    'server': self._server.clients,
                    'kind': kind,
                },
            },
        )

    def _protocol(
        self, resource: type[base.ProtocolResource], endpoint: base.Endpoint
    ) -> web.ResourceMap:
        name = resource.name
        return web.construct_resource_map(
            resource=resource,
            url=f'/{name}',
            rel=name,
            resource_relation_func=web.relation,
            resource_kwargs={
                'resource_class_kwargs': {
                    'endpoint': endpoint,
                    'reader': self._server.request_reader,
                },
            },
        )


APIs = (OAuth2API,)
