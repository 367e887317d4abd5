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

"""The operator's policy (``keystone.common.rbac_enforcer``)."""

import collections.abc as abc
import dataclasses
import time
import typing as ty
import weakref

from keystone import exception
from keystone.common import utils
from keystone.common.rbac_enforcer import enforcer
from oslo_policy import policy

from keystone_oauth2 import policies
from keystone_oauth2.identity import users
from keystone_oauth2.identity import web
from keystone_oauth2.policies import access_token
from keystone_oauth2.policies import token as token_rules
from keystone_oauth2.protocol import claims
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import client as clients

# When each enforcer has looked for changed files. Ends a second later.
_looked_at: abc.MutableMapping[policy.Enforcer, float] = (
    weakref.WeakKeyDictionary()
)
_ONE_SECOND = 1.0


def permits(
    rule: str,
    target: abc.Mapping[str, ty.Any],
    credentials: abc.Mapping[str, ty.Any],
) -> bool:
    """Whether a policy rule, possibly overridden by the operator, allows it.

    :param rule: its name.
    :param target: nested; rules refer to it as ``%(target.client.id)s``.
    :param credentials: rules refer to them as ``project_id:...``.
    """
    return _enforce(
        rule,
        utils.flatten_dict({'target': _without_none(target)}),
        _without_none(credentials),
    )


def enforce(rule: str, build_target: abc.Callable[[], ty.Any]) -> None:
    """Enforce a policy rule on the current request.

    Unlike ``RBACEnforcer.enforce_call``, it ignores the body, whose members
    override those of the target before Keystone 29.1.

    :param rule: its name.
    :param build_target: is called only if there is a token.
    :raises keystone.exception.Error: there is no token, or the rule denies it.
    """
    web.set_unenforced_ok()
    context = web.request_context()
    if context is None or not context.authenticated:
        raise exception.Unauthorized()
    if context.is_admin:
        # [DEFAULT] admin_token belongs to no user, so no rule can apply.
        raise exception.ForbiddenAction(action=rule)
    target = utils.flatten_dict({'target': build_target()})
    if not _enforce(rule, target, context):
        raise exception.ForbiddenAction(action=rule)


def permit_issue(
    client: clients.AuthenticatedClient,
    grant_type: str,
    token: ports.IssuedToken,
) -> bool:
    """Whether the client may get a token by a grant.

    Target and credentials are both the client's, so that a rule can compare
    either with a constant.

    :raises ports.Refused: the user or the project is deleted meanwhile.
    """
    if _allows_all(access_token.CREATE):
        return True
    delegation = ports.Delegation.to(client)
    try:
        user = users.show_user(delegation.user_id)
        domain_name = users.domain_name(user.domain_id)
        project_domain_id = users.domain_of_project(delegation.project_id)
    except exception.NotFound as error:
        raise ports.Refused(f'client {client.id}: {error}') from error
    credential_id = delegation.application_credential_id
    target = {
        'client': {
            'id': client.id,
            'authentication_method': client.method,
            'application_credential_id': credential_id,
        },
        'user': {
            'id': user.id,
            'name': user.name,
            'domain': {
                'id': user.domain_id,
                'name': domain_name,
            },
        },
        'project': {
            'id': delegation.project_id,
            'domain': {'id': project_domain_id},
        },
        'grant_type': grant_type,
    }
    credentials = {
        'client_id': client.id,
        'client_authentication_method': client.method,
        'application_credential_id': credential_id,
        'user_id': user.id,
        'user_domain_id': user.domain_id,
        'project_id': delegation.project_id,
        'project_domain_id': project_domain_id,
        'roles': list(token.roles),
        'grant_type': grant_type,
    }
    return permits(access_token.CREATE, target, credentials)


def permit_introspection(
    caller: messages.Caller, token: claims.Claims
) -> bool:
    """Whether the caller may introspect the token."""
    return permits(
        token_rules.INTROSPECT, _token_target(token), _credentials(caller)
    )


def permit_revocation(caller: messages.Caller, token: claims.Claims) -> bool:
    """Whether the caller may revoke the token."""
    return permits(
        token_rules.REVOKE, _token_target(token), _credentials(caller)
    )


def _allows_all(rule: str) -> bool:
    # A shortcut for the default of a rule that is checked for each token.
    return str(_enforcer().rules.get(rule)) == '@'


def _enforce(rule: str, target: ty.Any, credentials: ty.Any) -> bool:
    enforcer = _enforcer()
    # Otherwise, it looks at the files each time.
    enforcer.use_conf = False
    try:
        return bool(enforcer.enforce(rule, target, credentials))
    finally:
        enforcer.use_conf = True


def _enforcer() -> policy.Enforcer:
    """Return Keystone's enforcer, with rules that are at most a second old."""
    keystones = enforcer.RBACEnforcer()._enforcer
    now = time.monotonic()
    if now - _looked_at.get(keystones, -_ONE_SECOND) >= _ONE_SECOND:
        for rule in policies.list_rules():
            if rule.name not in keystones.registered_rules:
                keystones.register_default(rule)
        keystones.load_rules()
        _looked_at[keystones] = now
    return keystones


def _token_target(token: claims.Claims) -> dict[str, ty.Any]:
    project = token.project
    return {
        'token': {
            'client_id': token.client_id,
            'user_id': token.user_id,
            'user_domain_id': token.user_domain.id,
            'project_id': project.id if project else None,
            'project_domain_id': project.domain.id if project else None,
            'domain_id': token.domain.id if token.domain else None,
        }
    }


def _credentials(caller: messages.Caller) -> dict[str, ty.Any]:
    credentials = dataclasses.asdict(caller)
    credentials['roles'] = list(caller.roles)
    credentials['client_authentication_method'] = credentials.pop(
        'authentication_method'
    )
    return credentials


def _without_none(values: abc.Mapping[str, ty.Any]) -> dict[str, ty.Any]:
    # A rule would treat None on both sides as a match.
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in values.items()
        if value is not None
    }
