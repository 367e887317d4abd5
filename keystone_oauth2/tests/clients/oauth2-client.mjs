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

// The whole life of a token with @badgateway/oauth2-client, which parses each
// answer that says it is JSON.

import { OAuth2Client } from '@badgateway/oauth2-client'
import { fetchFor, run } from './task.mjs'

await run(async (task) => {
  const issuer = new URL(task.issuer)
  const client = new OAuth2Client({
    clientId: task.client_id,
    clientSecret: task.secret,
    authenticationMethod: task.method,
    discoveryEndpoint: `${issuer.origin}/.well-known/oauth-authorization-server${issuer.pathname}`,
    fetch: fetchFor(task),
  })
  const token = await client.clientCredentials(task.parameters)
  const before = await client.introspect(token)
  const revocation = (await client.revoke(token)) ?? null
  const after = await client.introspect(token)
  return { server: client.serverMetadata, token, before, revocation, after }
})
