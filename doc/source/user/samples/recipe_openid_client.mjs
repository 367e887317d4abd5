// One token for many calls, with openid-client.

import { readFile } from 'node:fs/promises'
import * as client from 'openid-client'

const NONE = Promise.resolve({ renewAt: 0 })

// Returns a function that is called like fetch(). The secret is read for each
// token.
export function session(issuer, clientId, secretFile) {
  let current = NONE

  async function issue() {
    const secret = (await readFile(secretFile, 'utf8')).trim()
    const configuration = await client.discovery(
      new URL(issuer),
      clientId,
      undefined,
      client.ClientSecretBasic(secret),
      { algorithm: 'oauth2' },
    )
    const found = await client.clientCredentialsGrant(configuration)
    return {
      token: found.access_token,
      renewAt: Date.now() + (found.expires_in - 60) * 1000,
    }
  }

  // Simultaneous calls wait for the same token.
  function renew(old) {
    if (current === old) {
      current = issue().catch((error) => {
        current = NONE
        throw error
      })
    }
    return current
  }

  function send({ token }, url, options) {
    const headers = new Headers(options.headers)
    headers.set('X-Auth-Token', token)
    headers.set('Authorization', `Bearer ${token}`)
    // X-Auth-Token would follow a redirect to another host.
    return fetch(url, { ...options, headers, redirect: 'manual' })
  }

  return async function call(url, options = {}) {
    let used = current
    if (Date.now() > (await used).renewAt) {
      used = renew(used)
    }
    const answer = await send(await used, url, options)
    if (answer.status !== 401) {
      return answer
    }
    return send(await renew(used), url, options)
  }
}
