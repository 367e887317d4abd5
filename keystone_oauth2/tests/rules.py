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

"""The requirements of the standards for an authorization server like this.

Each row is one rule: id, level, statement and source. The level is that of
the standard, MUST or SHOULD, or OURS for a rule of this project that no
standard requires. A test that proves a rule names its id in its docstring.
"""

MUST = 'MUST'
SHOULD = 'SHOULD'
OURS = 'ours'

SECTIONS = {
    'A': 'Token endpoint',
    'B': 'Client authentication',
    'C': 'JWT client assertions',
    'D': 'Mutual-TLS',
    'E': 'Client certificates through a proxy',
    'F': 'DPoP',
    'G': 'Introspection and revocation',
    'H': 'Metadata, JWT access tokens, audience',
    'I': 'Services',
    'J': 'Clients, token exchange, FAPI 2.0',
    'K': 'Authority over clients',
}

#: Rules without tests, since their features are not built.
NOT_BUILT = frozenset(
    [
        *(f'F{number:02}' for number in range(1, 9)),
        'J01',
        *(f'J{number:02}' for number in range(3, 7)),
    ]
)

RULES = (
    (
        'A01',
        MUST,
        'Only POST is allowed; any other method gets 405 with Allow.',
        'RFC 6749, 3.2; RFC 9110, 15.5.6',
    ),
    (
        'A02',
        MUST,
        'Parameters are read from a form body in UTF-8, and never from the '
        'query string.',
        'RFC 6749, 3.2, 4.4.2 and appendix B',
    ),
    (
        'A03',
        MUST,
        'A parameter without a value is treated as missing.',
        'RFC 6749, 3.2',
    ),
    ('A04', MUST, 'A repeated parameter is refused.', 'RFC 6749, 3.2 and 5.2'),
    ('A05', MUST, 'Unknown parameters are ignored.', 'RFC 6749, 3.2'),
    (
        'A06',
        MUST,
        'Credentials and tokens travel only over TLS.',
        'RFC 6749, 3.2; RFC 9700, 2.6',
    ),
    (
        'A07',
        MUST,
        'The response has access_token, token_type and expires_in, which is '
        'the remaining lifetime of that token.',
        'RFC 6749, 5.1',
    ),
    (
        'A08',
        MUST,
        'Caches must not store responses with tokens or credentials.',
        'RFC 6749, 5.1',
    ),
    (
        'A09',
        MUST,
        'A granted scope that differs from the requested one is returned; a '
        'scope that cannot be granted is refused.',
        'RFC 6749, 3.3, 5.1 and 5.2',
    ),
    (
        'A10',
        MUST,
        'A request without scope gets a documented default.',
        'RFC 6749, 3.3',
    ),
    (
        'A11',
        SHOULD,
        'The client-credentials grant issues no refresh token.',
        'RFC 6749, 4.4.3',
    ),
    (
        'A12',
        MUST,
        'Only authenticated clients get a token, and only if they may use the '
        'grant.',
        'RFC 6749, 4.4 and 5.2',
    ),
    (
        'A13',
        MUST,
        'An error is JSON with one of the registered codes.',
        'RFC 6749, 5.2',
    ),
    (
        'A14',
        MUST,
        'error_description contains only the allowed characters.',
        'RFC 6749, 5.2',
    ),
    (
        'A15',
        MUST,
        'Only the server can create a token; tokens cannot be guessed or '
        'altered.',
        'RFC 6749, 10.3 and 10.10',
    ),
    ('A16', MUST, 'The password grant is refused.', 'RFC 9700, 2.4'),
    (
        'B01',
        MUST,
        'A request uses one client authentication method; two are refused '
        'even if both are valid.',
        'RFC 6749, 2.3',
    ),
    (
        'B02',
        MUST,
        'Id and secret in Basic are split at the first colon, then '
        'form-decoded.',
        'RFC 6749, 2.3.1 and appendix B',
    ),
    (
        'B03',
        MUST,
        'A secret is accepted in Basic, and in the body if that is enabled.',
        'RFC 6749, 2.3.1; draft-ietf-oauth-v2-1-16, 2.4',
    ),
    ('B04', MUST, 'A secret in the URL is refused.', 'RFC 6749, 2.3.1'),
    (
        'B05',
        MUST,
        'A failed authentication is invalid_client, and its 401 names the '
        'scheme that the client tried.',
        'RFC 6749, 5.2',
    ),
    (
        'B06',
        MUST,
        'Every 401 has a challenge with an enabled scheme.',
        'RFC 9110, 15.5.2',
    ),
    (
        'B07',
        OURS,
        'All refusals look alike and take about as long, whatever the reason.',
        'CWE-204, CWE-208',
    ),
    ('B08', MUST, 'Guesses at secrets are limited.', 'RFC 6749, 2.3.1'),
    (
        'B09',
        OURS,
        'Past the limit, the response is 429 with Retry-After, before any '
        'slow hash, and the real client is not locked out.',
        'RFC 6585, 4',
    ),
    (
        'B10',
        SHOULD,
        'Methods without a shared secret come first in the metadata.',
        'RFC 9700, 2.5',
    ),
    (
        'B11',
        MUST,
        'A client that is registered for a strong method cannot use a weaker '
        'one.',
        'RFC 8705, 2; RFC 7591, 2',
    ),
    (
        'B12',
        SHOULD,
        'No client can pass for a user: it does not choose its id, and its '
        'token identifies it as a client.',
        'RFC 9700, 4.15; RFC 9068, 5',
    ),
    (
        'C01',
        MUST,
        'client_assertion_type is the registered URN, and client_assertion is '
        'a single JWT.',
        'RFC 7523, 2.2',
    ),
    (
        'C02',
        MUST,
        'Issuer and subject of the assertion are the client, as is client_id '
        'if it is present.',
        'RFC 7523, 3; RFC 7521, 4.2',
    ),
    (
        'C03',
        MUST,
        'The audience is only the issuer identifier.',
        'draft-ietf-oauth-rfc7523bis-11, 4; FAPI 2.0, 5.3.2.1',
    ),
    (
        'C04',
        MUST,
        'The assertion expires, soon enough, and is already valid.',
        'RFC 7523, 3',
    ),
    (
        'C05',
        MUST,
        'Clocks may differ by ten seconds, but not by more than sixty.',
        'FAPI 2.0, 5.3.2.1',
    ),
    (
        'C06',
        OURS,
        'An assertion can be used only once, across all workers.',
        'RFC 7523, 3',
    ),
    (
        'C07',
        MUST,
        'The signature is verified with a key of the client, and with an '
        'allowed algorithm that fits the key.',
        'RFC 7523, 3; RFC 8725, 3.1 and 3.2',
    ),
    (
        'C08',
        SHOULD,
        'A JWT that was made for another purpose is refused.',
        'draft-ietf-oauth-rfc7523bis-11, 4; RFC 8725, 3.11',
    ),
    (
        'C09',
        MUST,
        'An assertion that is not valid gets invalid_client.',
        'RFC 7521, 4.2.1',
    ),
    (
        'C10',
        MUST,
        'The configuration, and never the JWT, decides which other issuers '
        'are trusted, for which clients and with which keys.',
        'RFC 8725, 3.8 to 3.10',
    ),
    (
        'C11',
        MUST,
        'A SPIFFE JWT-SVID is accepted from the configured trust domain.',
        'draft-ietf-oauth-spiffe-client-auth-02',
    ),
    (
        'C12',
        MUST,
        'Key sets are fetched over https from configured hosts, with limits '
        'on size, time and frequency.',
        'RFC 8725, 3.10',
    ),
    (
        'D01',
        MUST,
        'A certificate authenticates the client that client_id names, if it '
        'belongs to that client.',
        'RFC 8705, 2',
    ),
    (
        'D02',
        MUST,
        'Exactly one subject is expected of a client; without one, no '
        'certificate matches.',
        'RFC 8705, 2.1.2',
    ),
    (
        'D03',
        MUST,
        'Distinguished names are compared as parsed names.',
        'RFC 8705, 2.1.2; RFC 4514; RFC 4518',
    ),
    (
        'D04',
        MUST,
        'A self-signed certificate must be registered for the client.',
        'RFC 8705, 2.2',
    ),
    (
        'D05',
        MUST,
        'The thumbprint is computed from the certificate itself, not from its '
        'encoding as text.',
        'RFC 8705, 3.1; RFC 7515, 2',
    ),
    (
        'D06',
        MUST,
        'Introspection returns the thumbprint as cnf.',
        'RFC 8705, 3.1 and 3.2',
    ),
    (
        'D07',
        MUST,
        'A bound token is accepted only on a connection with its certificate.',
        'RFC 8705, 3',
    ),
    (
        'D08',
        OURS,
        'Keystone itself accepts a bound token only with its certificate.',
        'RFC 8705, 3; RFC 9700, 2.2.1',
    ),
    (
        'D09',
        MUST,
        'The metadata says that tokens are bound, and where Mutual-TLS is '
        'served.',
        'RFC 8705, 3.3 and 5',
    ),
    (
        'D10',
        SHOULD,
        'Only CAs for client certificates are trusted.',
        'RFC 8705, 7.4',
    ),
    (
        'D11',
        OURS,
        'The user of a certificate, its domain and its project are enabled, '
        'and the user has a role.',
        "Keystone's own authentication",
    ),
    (
        'E01',
        MUST,
        'Client-Cert is one byte sequence with a certificate; anything else '
        'is refused.',
        'RFC 9440, 2.1 to 2.3',
    ),
    (
        'E02',
        MUST,
        'A certificate in a header is accepted only from configured proxies.',
        'RFC 9440, 2.4 and 4; RFC 9700, 4.13',
    ),
    ('E03', MUST, 'Two certificates in headers are refused.', 'RFC 9440, 2.2'),
    (
        'E04',
        OURS,
        'A certificate needs a verdict of the proxy, or is verified by '
        'Keystone.',
        'RFC 8705, 6.5',
    ),
    (
        'E05',
        MUST,
        'Other proxy headers, such as X-Forwarded-For, follow the same rule.',
        'RFC 9700, 4.13',
    ),
    (
        'F01',
        MUST,
        'A proof is one JWT in one header, of the right type, signed by the '
        'public key that it carries.',
        'RFC 9449, 4.3',
    ),
    (
        'F02',
        MUST,
        'A proof is for this method and for this URL as clients see it.',
        'RFC 9449, 4.3',
    ),
    (
        'F03',
        MUST,
        'A proof is fresh, and can be used only once, across all workers.',
        'RFC 9449, 4.3 and 11.1',
    ),
    (
        'F04',
        MUST,
        'With a token, a proof names it and is signed with its key.',
        'RFC 9449, 4.3 and 7.1',
    ),
    (
        'F05',
        MUST,
        'The type of a bound token is DPoP, and introspection returns its '
        'key.',
        'RFC 9449, 5, 6.1 and 6.2',
    ),
    (
        'F06',
        MUST,
        'A wrong proof gets invalid_dpop_proof, and a required nonce is '
        'requested.',
        'RFC 9449, 5 and 8',
    ),
    (
        'F07',
        MUST,
        'Services refuse a bound token as a Bearer token, and name the right '
        'scheme.',
        'RFC 9449, 7.1, 7.2 and 9',
    ),
    (
        'F08',
        MUST,
        'Algorithms are in the metadata, and a client that must send a proof '
        'gets no token without one.',
        'RFC 9449, 5.1 and 5.2',
    ),
    (
        'G01',
        MUST,
        'The caller is authenticated, and is allowed to introspect the token.',
        'RFC 7662, 2.1 and 4',
    ),
    (
        'G02',
        MUST,
        'Whatever is wrong with a token, the response only says that it is '
        'inactive.',
        'RFC 7662, 2.2',
    ),
    (
        'G03',
        MUST,
        'A token is active only if it passes every check that Keystone makes.',
        'RFC 7662, 4',
    ),
    (
        'G04',
        SHOULD,
        'An active token is described with all registered members that apply.',
        'RFC 7662, 2.2',
    ),
    (
        'G05',
        MUST,
        'A cached response is not used after the token has expired.',
        'RFC 7662, 4',
    ),
    (
        'G06',
        MUST,
        'The response is a signed JWT if the caller requests it.',
        'RFC 9701, 4, 5 and 8.1',
    ),
    (
        'G07',
        MUST,
        'A client can revoke only its own tokens, and the response does not '
        'reveal whose token it was.',
        'RFC 7009, 2.1 and 2.2',
    ),
    (
        'G08',
        MUST,
        'The token is found in spite of a wrong hint.',
        'RFC 7009, 2.1 and 2.2.1',
    ),
    (
        'G09',
        OURS,
        'After the response, every worker and node refuses the token.',
        'RFC 7009, 2',
    ),
    (
        'H01',
        MUST,
        'The metadata path is between the host and the path of the issuer.',
        'RFC 8414, 3',
    ),
    (
        'H02',
        MUST,
        'The issuer is an https URL from the configuration, never from the '
        'request.',
        'RFC 8414, 2 and 3.3',
    ),
    (
        'H03',
        MUST,
        'The metadata has the members for all enabled features, and no empty '
        'ones.',
        'RFC 8414, 2 and 3.2',
    ),
    (
        'H04',
        MUST,
        'Exactly the enabled features are advertised.',
        'RFC 8414, 2; FAPI 2.0, 5.3.2.1',
    ),
    (
        'H05',
        MUST,
        'A JWT access token has its own type, a signature and all required '
        'claims.',
        'RFC 9068, 2.1 and 2.2',
    ),
    (
        'H06',
        MUST,
        'A JWT access token is for the requested resource, or for a '
        'configured one.',
        'RFC 9068, 3',
    ),
    (
        'H07',
        SHOULD,
        'A JWT access token has the granted scope, and its subject is the '
        'client if the client acts for itself.',
        'RFC 9068, 2.2, 2.2.3 and 5',
    ),
    (
        'H08',
        MUST,
        'Services check the type, issuer, audience, signature and expiry of a '
        'JWT access token.',
        'RFC 9068, 4; RFC 7515, 4.1.11',
    ),
    (
        'H09',
        OURS,
        'A new key is published before it is used, and an old one until its '
        'last token has expired.',
        'RFC 7517, 4.5 and 9.2',
    ),
    (
        'H10',
        MUST,
        'A resource is an absolute URI; an unacceptable one gets '
        'invalid_target.',
        'RFC 8707, 2',
    ),
    (
        'H11',
        SHOULD,
        'A token has as few rights as possible, and only at one service.',
        'RFC 9700, 2.3',
    ),
    (
        'H12',
        MUST,
        'Services publish metadata that names them, and link to it in their '
        '401.',
        'RFC 9728, 2, 3.3 and 5.1',
    ),
    (
        'I01',
        MUST,
        'A token is accepted in the Authorization header, in one place, and '
        'never in the query.',
        'RFC 6750, 2 and 2.1; RFC 9700, 4.3.2',
    ),
    (
        'I02',
        MUST,
        'A 401 names the scheme, and an error only if a token was sent.',
        'RFC 6750, 3 and 3.1',
    ),
    (
        'I03',
        MUST,
        'The name of the scheme is compared without regard to case.',
        'RFC 9110, 11.1',
    ),
    (
        'I04',
        OURS,
        'Identity headers of a client never reach the service.',
        'CWE-290',
    ),
    (
        'I05',
        OURS,
        'If Keystone cannot be reached, the response is 503.',
        'RFC 9110, 15.6.4',
    ),
    (
        'I06',
        OURS,
        'A service sees exactly what the filter of keystonemiddleware tells '
        'it about the same token.',
        'keystonemiddleware, auth_token',
    ),
    (
        'I07',
        MUST,
        'OpenStack-System-Scope of a client never reaches the service, and a '
        'service token does not change that of the user.',
        'CWE-290',
    ),
    (
        'I08',
        MUST,
        'Keys are fetched over https from configured hosts, with limits on '
        'size, time and frequency, and are replaced only by good ones.',
        'RFC 8725, 3.10',
    ),
    (
        'I09',
        OURS,
        'A revocation is seen within the configured time, or Keystone '
        'validates each token.',
        'RFC 7009, 3',
    ),
    (
        'I10',
        MUST,
        'Access rules of a token are enforced, and a token whose rules cannot '
        'be checked is refused.',
        "Keystone's application credentials",
    ),
    (
        'I11',
        MUST,
        'A token that was verified before is not accepted after it has '
        'expired, after its key was removed, or after it was revoked.',
        'RFC 7662, 4',
    ),
    (
        'I12',
        MUST,
        'Only a JWT of the type at+jwt is an access token, and it is nothing '
        'else.',
        'RFC 8725, 3.11; RFC 9068, 4',
    ),
    (
        'J01',
        MUST,
        'The response to a registration has the client and the expiry of its '
        'secret, or the error.',
        'RFC 7591, 3.2',
    ),
    (
        'J02',
        OURS,
        'A secret is shown once; two may be valid while one replaces the '
        'other.',
        'not required by a standard',
    ),
    (
        'J03',
        MUST,
        'An exchanged token has no more rights and no later expiry than the '
        'original.',
        'RFC 8693, 2.1 and 2.2',
    ),
    ('J04', MUST, 'The response says who acts for whom.', 'RFC 8693, 4.1'),
    (
        'J05',
        MUST,
        'In FAPI mode, tokens are bound, and only strong methods, algorithms '
        'and keys are allowed.',
        'FAPI 2.0, 5.3.2.1 and 5.4.1',
    ),
    ('J06', MUST, 'Ciphers and TLS versions follow BCP 195.', 'FAPI 2.0, 5.2'),
    (
        'K01',
        OURS,
        'A change to the authenticators of a client needs a token for its '
        'project that carries all of its roles, whatever its method; '
        'administrators may remove authenticators, but never register them.',
        'as Keystone creates application credentials',
    ),
    (
        'K02',
        OURS,
        'The access rules and the expiry of an application credential limit '
        'what it may register for another one.',
        'CWE-266',
    ),
    (
        'K03',
        OURS,
        'Permanent changes never rely on a cache: owner, domains, project and '
        'credential are read in the same transaction.',
        'CWE-367',
    ),
    (
        'K04',
        OURS,
        'A token expires no later than the authenticator that it was issued '
        'for.',
        'CWE-613',
    ),
    (
        'K05',
        OURS,
        'An id is compared and shown as it is stored, never as it was sent.',
        'CWE-178',
    ),
    (
        'K06',
        OURS,
        'A missing row, verdict or header field is never treated as good.',
        'CWE-636',
    ),
    (
        'K07',
        MUST,
        'A key that allows anyone to forge signatures is refused: a point of '
        'small order, an even or degenerate modulus, an exponent of 1 or 3.',
        'RFC 8725, 3.4',
    ),
)
