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

"""CADF notifications (``keystone.notifications``)."""

from keystone import notifications
from oslo_config import cfg
from pycadf import cadftaxonomy as taxonomy
from pycadf import cadftype
from pycadf import eventfactory
from pycadf import reason
from pycadf import resource

from keystone_oauth2.protocol import messages

_TYPE = 'service/security/oauth2_access_token'
_ACTIONS = {
    'issued': taxonomy.ACTION_CREATE,
    'introspected': taxonomy.ACTION_READ,
    'revoked': 'revoke',
    'refused': taxonomy.ACTION_AUTHENTICATE,
    'limited': 'deny',
}
_FAILURES = ('refused', 'limited')
_AUDITS = {
    'created': notifications.Audit.created,
    'updated': notifications.Audit.updated,
    'deleted': notifications.Audit.deleted,
}


def notify(event: messages.Event, source: messages.Source) -> None:
    """Emit a notification if a notifier is configured.

    Calls ``_send_audit_notification``, which also respects
    ``[DEFAULT] notification_opt_out``.

    :param event: becomes ``identity.oauth2_access_token.issued`` and so on.
    :param source: the real one, unlike that of Keystone's initiator, which
        trusts ``X-Forwarded-For``.
    """
    if not _has_notifier():
        return
    failed = event.name in _FAILURES
    notifications._send_audit_notification(
        action=_ACTIONS[event.name],
        initiator=_initiator(event, source),
        outcome=taxonomy.OUTCOME_FAILURE
        if failed
        else taxonomy.OUTCOME_SUCCESS,
        target=resource.Resource(
            id=event.audit_id or taxonomy.UNKNOWN, typeURI=_TYPE
        ),
        event_type=f'identity.oauth2_access_token.{event.name}',
        reason=reason.Reason(reasonType=event.reason, reasonCode=event.name)
        if event.reason
        else None,
    )


def notify_registration(operation: str, kind: str, identifier: str) -> None:
    """Emit a notification of a change to a client's registration.

    Calls ``notifications.Audit``, as Keystone does for its own resources.

    :param operation: ``created``, ``updated`` or ``deleted``.
    :param kind: ``client``, ``client_secret`` and so on; it becomes
        ``identity.oauth2_client_secret.created``.
    :param identifier: of the changed client or authenticator.
    """
    _AUDITS[operation](
        f'oauth2_{kind}',
        identifier,
        initiator=notifications.build_audit_initiator(),
    )


def notify_expiring(kind: str, identifier: str, client_id: str) -> None:
    """Emit a notification that an authenticator of a client expires soon."""
    _notify_from_command(
        f'client_{kind}',
        'expiring',
        identifier,
        initiator=resource.Resource(
            id=client_id, typeURI=taxonomy.ACCOUNT_USER
        ),
        action='notify',
        outcome=taxonomy.OUTCOME_PENDING,
    )


def notify_trusted_issuer(operation: str, identifier: str) -> None:
    """Emit a notification that an operator has changed a trusted issuer.

    :param operation: ``created``, ``updated`` or ``deleted``.
    """
    _notify_from_command(
        'trusted_issuer',
        operation,
        identifier,
        initiator=resource.Resource(
            id='keystone-oauth2-manage', typeURI=taxonomy.SERVICE_SECURITY
        ),
        action=f'{operation}.oauth2_trusted_issuer',
        outcome=taxonomy.OUTCOME_SUCCESS,
    )


def _notify_from_command(
    kind: str,
    operation: str,
    identifier: str,
    *,
    initiator: resource.Resource,
    action: str,
    outcome: str,
) -> None:
    """Emit a notification in a command.

    ``_send_audit_notification`` needs a catalog that is not loaded there.
    """
    event_type = f'identity.oauth2_{kind}.{operation}'
    if not _has_notifier() or event_type in cfg.CONF.notification_opt_out:
        return
    event = eventfactory.EventFactory().new_event(
        eventType=cadftype.EVENTTYPE_ACTIVITY,
        outcome=outcome,
        action=action,
        initiator=initiator,
        target=resource.Resource(
            id=identifier, typeURI=f'service/security/oauth2_{kind}'
        ),
        observer=resource.Resource(typeURI=taxonomy.SERVICE_SECURITY),
    )
    notifications._get_notifier().info({}, event_type, event.as_dict())


def _has_notifier() -> bool:
    # Keystone reads its catalog and the user for each notification, even if
    # no driver sends it.
    if not notifications._get_notifier():
        return False
    drivers = cfg.CONF.oslo_messaging_notifications.driver
    return any(driver != 'noop' for driver in drivers)


def _initiator(
    event: messages.Event, source: messages.Source
) -> resource.Resource:
    initiator = notifications.build_audit_initiator()
    initiator.host.address = source.address or taxonomy.UNKNOWN
    if event.client_id:
        initiator.id = event.client_id
    if event.user_id:
        initiator.user_id = event.user_id
    if event.project_id:
        initiator.project_id = event.project_id
    return initiator
