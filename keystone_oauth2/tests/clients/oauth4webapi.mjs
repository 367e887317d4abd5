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

// The whole life of a token with oauth4webapi, which checks each answer
// against the RFCs.

import * as oauth from 'oauth4webapi'
import { fetchFor, keyOf, run } from './task.mjs'

const METHODS = {
  client_secret_basic: (task) => oauth.ClientSecretBasic(task.secret),
  client_secret_post: (task) => oauth.ClientSecretPost(task.secret),
  private_key_jwt: async (task) => oauth.PrivateKeyJwt(await keyOf(task)),
  tls_client_auth: () => oauth.TlsClientAuth(),
}

await run(async (task) => {
  const issuer = new URL(task.issuer)
  const options = { [oauth.customFetch]: fetchFor(task) }
  const server = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options }),
  )
  const authentication = await METHODS[task.method](task)
  const client = {
    client_id: task.client_id,
    use_mtls_endpoint_aliases: task.method === 'tls_client_auth',
  }
  const introspect = async (token) =>
    oauth.processIntrospectionResponse(
      server,
      client,
      await oauth.introspectionRequest(
        server,
        client,
        authentication,
        token,
        options,
      ),
    )

  const token = await oauth.processClientCredentialsResponse(
    server,
    client,
    await oauth.clientCredentialsGrantRequest(
      server,
      client,
      authentication,
      new URLSearchParams(task.parameters),
      options,
    ),
  )
  const before = await introspect(token.access_token)
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(
      server,
      client,
      authentication,
      token.access_token,
      options,
    ),
  )
  const after = await introspect(token.access_token)
  return { server, token, before, after }
})
