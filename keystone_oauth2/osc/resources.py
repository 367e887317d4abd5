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

"""Clients and their authenticators, as resources of openstacksdk."""

import typing as ty

from keystoneauth1 import adapter
from openstack import exceptions as sdk_exceptions
from openstack import resource

_CLIENTS = '/OS-OAUTH2/clients'


class Client(resource.Resource):
    """A client."""

    base_path = _CLIENTS
    resource_key = 'client'
    allow_fetch = True
    allow_commit = True
    commit_method = 'PATCH'

    authentication_methods = resource.Body('authentication_methods')
    certificates = resource.Body('certificates')
    description = resource.Body('description')
    expires_at = resource.Body('expires_at')
    federated_identities = resource.Body('federated_identities')
    project = resource.Body('project')
    # Named so because each resource is a mapping with a method ``keys``.
    public_keys = resource.Body('keys')
    roles = resource.Body('roles')
    secrets = resource.Body('secrets')
    user = resource.Body('user')


class Authenticator(resource.Resource):
    """What all kinds of authenticators have."""

    allow_create = True
    allow_fetch = True
    allow_delete = True
    allow_list = True

    client_id = resource.URI('client_id')
    created_at = resource.Body('created_at')
    description = resource.Body('description')
    expires_at = resource.Body('expires_at')
    expires_soon = resource.Body('expires_soon')
    last_used_at = resource.Body('last_used_at')


class Secret(Authenticator):
    """A secret."""

    base_path = f'{_CLIENTS}/%(client_id)s/secrets'
    resource_key = 'secret'
    resources_key = 'secrets'

    #: Only from :meth:`create`.
    secret = resource.Body('secret')

    def create(
        self, session: adapter.Adapter, *args: ty.Any, **kwargs: ty.Any
    ) -> 'Secret':
        """Create a secret, without a log of the response that shows it."""
        request = self._prepare_request(requires_id=False, prepend_key=True)
        response = session.post(request.url, json=request.body, log=False)
        self._translate_response(response)
        return self


class Key(Authenticator):
    """A public key."""

    base_path = f'{_CLIENTS}/%(client_id)s/keys'
    resource_key = 'key'
    resources_key = 'keys'

    jwk = resource.Body('jwk')
    thumbprint = resource.Body('thumbprint')


class Certificate(Authenticator):
    """A certificate, or the subject that certificates must have."""

    base_path = f'{_CLIENTS}/%(client_id)s/certificates'
    resource_key = 'certificate'
    resources_key = 'certificates'

    certificate = resource.Body('certificate')
    thumbprint = resource.Body('x5t#S256')
    tls_client_auth_san_dns = resource.Body('tls_client_auth_san_dns')
    tls_client_auth_san_email = resource.Body('tls_client_auth_san_email')
    tls_client_auth_san_ip = resource.Body('tls_client_auth_san_ip')
    tls_client_auth_san_uri = resource.Body('tls_client_auth_san_uri')
    tls_client_auth_subject_dn = resource.Body('tls_client_auth_subject_dn')


class FederatedIdentity(Authenticator):
    """Conditions for the JWTs of a trusted issuer."""

    base_path = f'{_CLIENTS}/%(client_id)s/federated_identities'
    resource_key = 'federated_identity'
    resources_key = 'federated_identities'

    claims = resource.Body('claims')
    issuer = resource.Body('issuer')
    issuer_id = resource.Body('issuer_id')
    subject = resource.Body('subject')
    warnings = resource.Body('warnings')

    @classmethod
    def test(
        cls, session: adapter.Adapter, client_id: str, assertion: str
    ) -> dict[str, ty.Any]:
        """Return what the server thinks of a JWT, without a log of it."""
        path = cls.base_path % {'client_id': client_id}
        response = session.post(
            f'{path}/test', json={'assertion': assertion}, log=False
        )
        sdk_exceptions.raise_from_response(response)
        result: dict[str, ty.Any] = response.json()['test']
        return result


class TrustedIssuer(resource.Resource):
    """An issuer of JWTs that the operator trusts."""

    base_path = '/OS-OAUTH2/trusted_issuers'
    resources_key = 'trusted_issuers'
    allow_list = True

    algorithms = resource.Body('algorithms')
    audience = resource.Body('audience')
    enabled = resource.Body('enabled')
    is_once = resource.Body('is_once')
    issuer = resource.Body('issuer')
    kind = resource.Body('kind')
    max_lifetime = resource.Body('max_lifetime')
    required_claims = resource.Body('required_claims')
