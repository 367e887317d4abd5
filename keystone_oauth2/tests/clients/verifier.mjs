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

// Verifies access tokens as a sample of the user guide does. Each line of
// standard input has a token, and each line of standard output has its claims,
// or the error of the library.

import { createInterface } from 'node:readline'
import { describe } from './task.mjs'

const [sample, issuer, audience] = process.argv.slice(2)
const { verifier } = await import(`./${sample}.mjs`)
const verify = await verifier(issuer, audience)

// Returns what the function of the sample takes.
function argument(token) {
  if (sample === 'verify_jose') {
    return token
  }
  return new Request('https://service.example.com/', {
    headers: { Authorization: `Bearer ${token}` },
  })
}

for await (const token of createInterface({ input: process.stdin })) {
  let report
  try {
    report = { claims: await verify(argument(token)) }
  } catch (error) {
    report = { error: describe(error) }
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}
