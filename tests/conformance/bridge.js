// Calls the official Node SDKs for the tests: one JSON request a line on stdin, one JSON answer a line on stdout.
//
//   {"client":"twilio","calls":[["trunking"],["v1"],["trunks",["TK..."]],["update",[{"secure":true}]]]}
//   {"client":"livekit","calls":[["createSipInboundTrunk",["name",["+1555"],{}]]]}
//   {"parse":"SIPInboundTrunkInfo","json":{...}}      read with unknown fields forbidden
//
// Arguments {"$":"SIPMediaConfig","json":{...}} become messages of @livekit/protocol. An error of the SDK is {"error":{...}}.
'use strict'

const readline = require('node:readline')
const world = JSON.parse(process.argv[2])
const sdk = {
  get twilio() {
    const client = require('twilio')(world.accountSid, world.authToken)
    for (const domain of ['trunking', 'api', 'voice']) client[domain].baseUrl = world.twilioUrl
    Object.defineProperty(this, 'twilio', { value: client })
    return client
  },
  get livekit() {
    const { SipClient } = require('livekit-server-sdk')
    const client = new SipClient(world.livekitUrl, world.apiKey, world.apiSecret)
    Object.defineProperty(this, 'livekit', { value: client })
    return client
  },
}

function message(name) {
  const type = require('@livekit/protocol')[name]
  if (!type) throw new Error(`@livekit/protocol has no ${name}`)
  return type
}

function revive(value) {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(revive)
  if (value.$) return message(value.$).fromJson(value.json)
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, revive(v)]))
}

const shown = (value) =>
  Array.isArray(value) ? value.map(shown) : value && value.toJson ? value.toJson({ emitDefaultValues: true }) : value

async function answer(request) {
  if (request.parse) return message(request.parse).fromJson(request.json, { ignoreUnknownFields: false }).toJson()
  let value = sdk[request.client]
  for (const [name, args] of request.calls) {
    if (value[name] === undefined) throw new Error(`the SDK has no ${name}`)
    value = args ? await value[name](...revive(args)) : value[name]
  }
  return shown(value)
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let reply
    try {
      reply = { value: (await answer(JSON.parse(line))) ?? null }
    } catch (e) {
      reply = { error: { name: e.constructor.name, message: e.message, status: e.status, code: e.code, moreInfo: e.moreInfo } }
    }
    process.stdout.write(JSON.stringify(reply) + '\n')
  }
}

main()
