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

// Calls services with the recipe of the user guide. Each line of standard
// input is a JSON object: the URLs to call at the same time, and how many
// seconds pass before. The response is a line with the results and with the
// token that was sent last.

import { createInterface } from 'node:readline'
import { session } from './recipe_openid_client.mjs'
import { describe } from './task.mjs'

const [issuer, clientId, secretFile] = process.argv.slice(2)
const call = session(issuer, clientId, secretFile)
const { now } = Date
let passed = 0
Date.now = () => now() + passed * 1000

const { fetch } = globalThis
let token
globalThis.fetch = (url, options) => {
  token = new Headers(options.headers).get('X-Auth-Token') ?? token
  return fetch(url, options)
}

for await (const line of createInterface({ input: process.stdin })) {
  const { urls, seconds } = JSON.parse(line)
  passed += seconds
  let report
  try {
    const answers = await Promise.all(urls.map((url) => call(url)))
    report = { statuses: answers.map(({ status }) => status), token }
  } catch (error) {
    report = { error: describe(error) }
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}
