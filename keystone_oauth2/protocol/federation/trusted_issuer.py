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

"""Issuers whose JWTs clients may authenticate with (RFC 7523, 3; RFC 8725)."""

import collections.abc as abc
import dataclasses
import datetime
import ipaddress
import re
import typing as ty
import urllib.parse

from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.protocol.federation import claim_names
from keystone_oauth2.protocol.federation import spiffe

#: Kinds of issuers. All but the first have rules of their own.
OIDC = 'oidc'
KUBERNETES = 'kubernetes'
GITHUB = 'github'
GITLAB = 'gitlab'
SPIFFE = 'spiffe'

#: Where the keys of an issuer come from: its OpenID discovery document, a URL
#: of a JWK set, a JWK set that the operator has given, or a SPIFFE bundle
#: endpoint.
DISCOVERY = 'discovery'
JWKS_URI = 'jwks_uri'
JWKS = 'jwks'
BUNDLE = 'spiffe_bundle'
_WITH_URL = (JWKS_URI, BUNDLE)

#: By how much the clocks of two nodes may differ. A time that is farther in
#: the future is one of a wrong clock, and means nothing.
MAX_SKEW = datetime.timedelta(minutes=5)
#: For which time keys are used while no others can be fetched.
MAX_AGE = datetime.timedelta(days=1)

_ID = re.compile('[A-Za-z0-9][A-Za-z0-9._-]{0,63}')
_URL_TEXT = re.compile('[\x21-\x7e]{1,255}')
_MAX_LIFETIME = 86400
_MAX_CLAIMS = 10
_MAX_NETWORKS = 20


@dataclasses.dataclass(frozen=True)
class Preset:
    """What is usual for the issuers of a kind.

    :ivar issuer: of all of them, or None if each has its own.
    :ivar max_lifetime: in seconds.
    :ivar is_once: see :class:`TrustedIssuer`, as is ``required_claims``.
    """

    issuer: str | None = None
    key_source: str = DISCOVERY
    algorithms: tuple[str, ...] = ('ES256', 'RS256')
    max_lifetime: int = 600
    is_once: bool = False
    required_claims: tuple[str, ...] = ()


PRESETS: dict[str, Preset] = {
    OIDC: Preset(),
    # A projected token is valid for an hour by default, and used again and
    # again.
    KUBERNETES: Preset(max_lifetime=3600),
    # Names of repositories and owners can be given to others, ids cannot.
    GITHUB: Preset(
        issuer='https://token.actions.githubusercontent.com',
        algorithms=('RS256',),
        max_lifetime=900,
        is_once=True,
        required_claims=('repository_id', 'repository_owner_id'),
    ),
    # A token lives as long as the job may take, by default an hour.
    GITLAB: Preset(
        issuer='https://gitlab.com',
        algorithms=('RS256',),
        max_lifetime=3600,
        is_once=True,
        required_claims=('project_id', 'namespace_id'),
    ),
    SPIFFE: Preset(
        key_source=BUNDLE,
        algorithms=('ES256', 'ES384', 'PS256', 'RS256'),
        max_lifetime=3600,
    ),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrustedIssuer:
    """An issuer that the operator trusts.

    Two of them may have the same ``issuer``, such as two Kubernetes clusters
    with the default one: a federated identity names the id.

    :ivar id: chosen by the operator.
    :ivar issuer: the exact ``iss`` of its JWTs, an https URL; or for SPIFFE
        ``spiffe://`` and the trust domain.
    :ivar kind: of the kinds in this module.
    :ivar key_source: where its keys come from.
    :ivar jwks_uri: URL of its keys, if the source has one.
    :ivar ca_certificates: PEM of the only CAs for its TLS, or None for those
        of the library requests.
    :ivar allowed_networks: in which its servers may be although they are not
        public, such as ``10.0.0.0/8``.
    :ivar algorithms: of its signatures.
    :ivar audience: of its JWTs; None for our own issuer identifier.
    :ivar max_lifetime: of its JWTs, in seconds.
    :ivar is_once: whether one JWT can be used only once.
    :ivar required_claims: names of claims of which a federated identity must
        bind at least one; empty if the subject is enough.
    :ivar revision: is incremented by each change of the above.
    :ivar jwks: its usable keys, the text of a JWK set; None if they have not
        been fetched yet.
    :ivar keys_fetched_at: UTC without a zone, as is ``attempted_at``.
    :ivar attempted_at: when a request for its keys was last begun.
    :ivar failure: why the last request failed, or None.
    """

    id: str
    issuer: str
    kind: str = OIDC
    key_source: str = DISCOVERY
    jwks_uri: str | None = None
    ca_certificates: str | None = None
    allowed_networks: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ()
    audience: str | None = None
    max_lifetime: int = 600
    is_once: bool = False
    required_claims: tuple[str, ...] = ()
    is_enabled: bool = True
    revision: int = 0
    jwks: str | None = None
    keys_fetched_at: datetime.datetime | None = None
    attempted_at: datetime.datetime | None = None
    failure: str | None = None

    def has_keys(self, now: datetime.datetime) -> bool:
        """Whether there are keys that are not too old.

        :param now: UTC without a zone.
        """
        if self.jwks is None:
            return False
        if self.key_source == JWKS:
            return True
        fetched_at = self.keys_fetched_at
        return (
            fetched_at is not None
            and now - MAX_AGE < fetched_at <= now + MAX_SKEW
        )


def make(
    issuer_id: str, kind: str, own_issuer: str | None, **given: ty.Any
) -> TrustedIssuer:
    """Return a new trusted issuer, with the preset of its kind.

    :param own_issuer: our own issuer identifier, which cannot be one.
    :param given: members of :class:`TrustedIssuer`, which override the preset.
    :raises ValueError: it cannot be trusted; one sentence with the reason.
    """
    preset = dataclasses.asdict(PRESETS[kind])
    if preset['issuer'] is None:
        del preset['issuer']
    made = TrustedIssuer(
        **{'issuer': '', **preset, **given, 'id': issuer_id, 'kind': kind}
    )
    check(made, own_issuer)
    return made


def check(issuer: TrustedIssuer, own_issuer: str | None) -> None:
    """Check that an issuer can be trusted.

    :param own_issuer: our own issuer identifier.
    :raises ValueError: it cannot; one sentence with the reason.
    """
    if not is_id(issuer.id):
        raise ValueError(
            'The id must have 1 to 64 letters, digits, dots, hyphens and '
            'underscores, and begin with a letter or digit.'
        )
    _check_issuer(issuer, own_issuer)
    _check_source(issuer)
    unknown = sorted(set(issuer.algorithms) - set(jwk.ALGORITHMS))
    if unknown or not issuer.algorithms:
        raise ValueError(
            f'Algorithms must be some of {", ".join(jwk.ALGORITHMS)}.'
        )
    if not 10 <= issuer.max_lifetime <= _MAX_LIFETIME:
        raise ValueError(
            f'The longest lifetime must be from 10 to {_MAX_LIFETIME} seconds.'
        )
    _check_audience(issuer)
    if len(issuer.required_claims) > _MAX_CLAIMS:
        raise ValueError(f'At most {_MAX_CLAIMS} claims can be required.')
    for name in issuer.required_claims:
        claim_names.check(name)
    _check_networks(issuer.allowed_networks)


def _check_issuer(issuer: TrustedIssuer, own_issuer: str | None) -> None:
    if issuer.kind == SPIFFE:
        if spiffe.trust_domain(issuer.issuer) != issuer.issuer:
            raise ValueError(
                'The issuer must be spiffe:// and a trust domain, such as '
                'spiffe://example.org.'
            )
        return
    if not is_https_url(issuer.issuer):
        raise ValueError(
            'The issuer must be an https URL without query and fragment, '
            'exactly as in the claim iss.'
        )
    host = urllib.parse.urlsplit(issuer.issuer).hostname
    for kind, preset in PRESETS.items():
        known = urllib.parse.urlsplit(preset.issuer or '').hostname
        if known == host and issuer.kind != kind:
            raise ValueError(
                f'{host} has issuers of kind {kind} only, whose rules protect '
                f'its tenants from each other.'
            )
    if issuer.issuer == own_issuer:
        raise ValueError(
            'This server cannot be a trusted issuer: its own access tokens '
            'would authenticate clients.'
        )


def _check_audience(issuer: TrustedIssuer) -> None:
    if issuer.audience is None:
        return
    if not _URL_TEXT.fullmatch(issuer.audience):
        raise ValueError(
            'The audience must have 1 to 255 visible ASCII characters.'
        )
    if issuer.audience == issuer.issuer:
        raise ValueError(
            'The audience must not be the issuer: its JWTs for itself, such '
            'as those for the API of Kubernetes, would authenticate clients.'
        )


def _check_source(issuer: TrustedIssuer) -> None:
    is_spiffe = issuer.kind == SPIFFE
    if (issuer.key_source == BUNDLE) > is_spiffe or (
        issuer.key_source == DISCOVERY and is_spiffe
    ):
        raise ValueError(
            'A bundle endpoint is for SPIFFE only, and discovery for all '
            'others.'
        )
    if (issuer.key_source in _WITH_URL) != (issuer.jwks_uri is not None):
        raise ValueError(
            'The URL of the keys must be given if they come from a URL, and '
            'only then.'
        )
    if issuer.jwks_uri is not None and not is_https_url(
        issuer.jwks_uri, query=True
    ):
        raise ValueError('The URL of the keys must begin with https://.')
    if (issuer.key_source == JWKS) > (issuer.jwks is not None):
        raise ValueError('The keys must be given in a file.')


def _check_networks(networks: abc.Collection[str]) -> None:
    if len(networks) > _MAX_NETWORKS:
        raise ValueError(f'At most {_MAX_NETWORKS} networks can be allowed.')
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ValueError(
                f'{network} is not a network such as 10.0.0.0/8: {error}.'
            ) from error


def is_id(text: str) -> bool:
    """Whether a trusted issuer can have an id."""
    return _ID.fullmatch(text) is not None


def is_https_url(text: str, *, query: bool = False) -> bool:
    """Whether a text is an https URL with a host and no fragment.

    :param query: whether it may have a query.
    """
    if not _URL_TEXT.fullmatch(text):
        return False
    try:
        parts = urllib.parse.urlsplit(text)
        is_port_valid = parts.port != 0
    except ValueError:
        return False
    return bool(
        text.startswith('https://')
        and parts.hostname
        and is_port_valid
        and '@' not in parts.netloc
        and '#' not in text
        and (query or '?' not in text)
    )
