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

// What both clients share: the task on standard input, the report on standard
// output, and a fetch that presents a client certificate.

import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { Agent, fetch } from 'undici'

// Runs a client with the task that the test has written, and reports what it
// answers, or the error that the library made of a refusal.
export async function run(client) {
  const task = JSON.parse(await text(process.stdin))
  let report
  try {
    report = await client(task)
  } catch (error) {
    report = { error: describe(error) }
  }
  process.stdout.write(JSON.stringify(report))
}

// Answers a fetch for the connection that the task wants. The server is always
// verified, against what NODE_EXTRA_CA_CERTS names.
export function fetchFor(task) {
  const connect = {}
  if (task.certificate) {
    connect.cert = readFileSync(task.certificate)
    connect.key = readFileSync(task.key)
  }
  const dispatcher = new Agent({ connect })
  return (url, options) => fetch(url, { ...options, dispatcher })
}

// Returns the private key that the client signs assertions with.
export function keyOf(task) {
  const { crv } = task.private_key
  const algorithm =
    crv === 'Ed25519' ? { name: crv } : { name: 'ECDSA', namedCurve: crv }
  return crypto.subtle.importKey('jwk', task.private_key, algorithm, false, [
    'sign',
  ])
}

// Returns what the test may want to know about an error.
export function describe(error) {
  const { name, code, message } = error
  return {
    name,
    code,
    message,
    error: error.error,
    description: error.error_description,
    status: error.status,
    cause: error.cause?.code ?? error.cause?.cause?.code,
    challenges: Array.isArray(error.cause) ? error.cause : undefined,
  }
}
