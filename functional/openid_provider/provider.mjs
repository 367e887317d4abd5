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

// An OpenID provider on the loopback address, over TLS. Its users are clients
// that are registered dynamically, each with the groups that it is in.
//
// Usage: node provider.mjs PORT CERTIFICATE KEY

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

import Provider from 'oidc-provider';

const [port, certificate, key] = process.argv.slice(2);
const signing = generateKeyPairSync('rsa', { modulusLength: 2048 });

const provider = new Provider(`https://localhost:${port}`, {
  cookies: { keys: [randomBytes(32).toString('hex')] },
  extraClientMetadata: { properties: ['groups'] },
  extraTokenClaims: (_, token) => ({ groups: token.client.groups }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    registration: { enabled: true },
    registrationManagement: {
      enabled: true,
      rotateRegistrationAccessToken: false,
    },
    // Access tokens that Apache can verify with the key set.
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'https://keystone.example.com',
      getResourceServerInfo: () => ({
        accessTokenFormat: 'jwt',
        scope: 'keystone',
      }),
    },
  },
  jwks: { keys: [signing.privateKey.export({ format: 'jwk' })] },
});

createServer(
  { cert: readFileSync(certificate), key: readFileSync(key) },
  provider.callback(),
).listen(Number(port), '127.0.0.1');
