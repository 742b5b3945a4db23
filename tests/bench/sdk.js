// The work of a fleet from empty, as a script on the official SDKs does it: with the same windows as trunkd, and nothing but the work:
// no ledger, no look at what is there, no second try. Prints {"seconds":...}.
'use strict'

const world = JSON.parse(process.argv[2])
const twilio = require('twilio')(world.accountSid, world.authToken)
for (const domain of ['trunking', 'api', 'voice']) twilio[domain].baseUrl = world.twilioUrl
const { SipClient } = require('livekit-server-sdk')
const { RoomAgentDispatch, RoomConfiguration } = require('@livekit/protocol')
const livekit = new SipClient(world.livekitUrl, world.apiKey, world.apiSecret)
const inbound = world.directions !== 'outbound'
const outbound = world.directions !== 'inbound'

// At most `room` at a time; the others wait in line.
function window(room) {
  const line = []
  return async (work) => {
    if (room > 0) room--
    else await new Promise((go) => line.push(go))
    try {
      return await work()
    } finally {
      if (line.length > 0) line.shift()()
      else room++
    }
  }
}
const atTwilio = window(world.windows.twilio)
const atLivekit = window(world.windows.livekit)

async function makeTrunk(ordinal) {
  const made = { user: `user${ordinal}`, password: `Password${ordinal}Password${ordinal}` }
  const name = `bench-${ordinal}`
  const trunk = await atTwilio(() => twilio.trunking.v1.trunks.create({ friendlyName: name, domainName: `${name}.pstn.twilio.com` }))
  made.sid = trunk.sid
  made.domain = trunk.domainName
  if (inbound)
    await atTwilio(() => twilio.trunking.v1.trunks(trunk.sid).originationUrls.create({ friendlyName: name, sipUrl: `sip:${world.sipHost}`,
      priority: 10, weight: 10, enabled: true }))
  if (outbound) {
    const list = await atTwilio(() => twilio.sip.credentialLists.create({ friendlyName: name }))
    await atTwilio(() => twilio.sip.credentialLists(list.sid).credentials.create({ username: made.user, password: made.password }))
    await atTwilio(() => twilio.trunking.v1.trunks(trunk.sid).credentialsLists.create({ credentialListSid: list.sid }))
  }
  return made
}

async function setUp(record, trunk) {
  const number = record.phoneNumber
  const ways = []
  if (inbound)
    ways.push((async () => {
      const made = await atLivekit(() => livekit.createSipInboundTrunk(number, [number]))
      const roomConfig = new RoomConfiguration({ agents: [new RoomAgentDispatch({ agentName: 'support-agent', metadata: '{"queue":"support"}' })] })
      await atLivekit(() => livekit.createSipDispatchRule({ type: 'individual', roomPrefix: 'support' },
        { name: number, trunkIds: [made.sipTrunkId], roomConfig }))
      await atTwilio(() => twilio.incomingPhoneNumbers(record.sid).update({ trunkSid: trunk.sid }))
    })())
  if (outbound)
    ways.push(atLivekit(() => livekit.createSipOutboundTrunk(number, trunk.domain, [number], { authUsername: trunk.user, authPassword: trunk.password })))
  await Promise.all(ways)
}

async function main() {
  const began = process.hrtime.bigint()
  const records = await atTwilio(() => twilio.incomingPhoneNumbers.list({ pageSize: 1000, limit: world.count }))
  const ordinals = [...Array(Math.ceil(world.count / world.numbersPerTrunk)).keys()]
  const trunks = await Promise.all(ordinals.map(makeTrunk))
  await Promise.all(records.map((record, i) => setUp(record, trunks[Math.floor(i / world.numbersPerTrunk)])))
  console.log(JSON.stringify({ seconds: Number(process.hrtime.bigint() - began) / 1e9 }))
}

main().catch((e) => {
  console.error(e)
  process.exit(1)
})
