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

// The whole life of a token with openid-client, a certified client.

import * as client from 'openid-client'
import { fetchFor, keyOf, run } from './task.mjs'

const METHODS = {
  client_secret_basic: (task) => client.ClientSecretBasic(task.secret),
  client_secret_post: (task) => client.ClientSecretPost(task.secret),
  private_key_jwt: async (task) => client.PrivateKeyJwt(await keyOf(task)),
  tls_client_auth: () => client.TlsClientAuth(),
}

await run(async (task) => {
  const configuration = await client.discovery(
    new URL(task.issuer),
    task.client_id,
    { use_mtls_endpoint_aliases: task.method === 'tls_client_auth' },
    await METHODS[task.method](task),
    { algorithm: 'oauth2', [client.customFetch]: fetchFor(task) },
  )
  const token = await client.clientCredentialsGrant(
    configuration,
    task.parameters,
  )
  const before = await client.tokenIntrospection(
    configuration,
    token.access_token,
  )
  await client.tokenRevocation(configuration, token.access_token)
  const after = await client.tokenIntrospection(
    configuration,
    token.access_token,
  )
  return { server: configuration.serverMetadata(), token, before, after }
})
