// Licensed under the Apache License, Version 2.0 (the "License"); you may
// not use this file except in compliance with the License. You may obtain
// a copy of the License at
//
//      http://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
// WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
// License for the specific language governing permissions and limitations
// under the License.

// An OpenID provider on the loopback address, over TLS, for one workload: the
// client "workload" gets JWTs for an audience. With the scope "plain" they are
// ordinary JWTs, and otherwise access tokens (RFC 9068).
//
// Usage: node issuer.mjs PORT CERTIFICATE KEY JWKS AUDIENCE SECRET
// The first key of JWKS, a file with private keys, signs.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

import Provider from 'oidc-provider';

const [port, certificate, key, jwks, audience, secret] = process.argv.slice(2);

const provider = new Provider(`https://localhost:${port}`, {
  clients: [
    {
      client_id: 'workload',
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
  ],
  cookies: { keys: [secret] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      getResourceServerInfo: () => ({
        accessTokenFormat: 'jwt',
        scope: 'plain api',
      }),
    },
  },
  formats: {
    customizers: {
      jwt: (_, token, parts) => {
        if (token.scope === 'plain') parts.header = { typ: 'JWT' };
      },
    },
  },
  jwks: JSON.parse(readFileSync(jwks)),
});

createServer(
  { cert: readFileSync(certificate), key: readFileSync(key) },
  provider.callback(),
).listen(Number(port), '127.0.0.1');
