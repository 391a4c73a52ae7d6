// Decides the requests of a folder by @cloud-copilot/iam-simulate. Copied beside its node_modules and run from there.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const folder = process.argv[2]
const read = (path) => JSON.parse(readFileSync(join(folder, path), 'utf8'))
const { defaults, cases } = read('requests.kpl-test.json')
const named = (path) => ({ name: path, policy: read(path) })
const identityPolicies = defaults.policies.identity.map(named)
const resourcePolicy = read(defaults.policies.resource)
const level = (policies, index) => ({ orgIdentifier: `level-${index}`, policies: policies.map(named) })
const serviceControlPolicies = defaults.policies.scps.map(level)

const simulations = cases.map(({ request }) => ({
  request: {
    principal: request.principal,
    action: request.action,
    resource: { resource: request.resource, accountId: '111122223333' },
    // kpl fills in what follows from the caller.
    contextVariables: { 'aws:PrincipalArn': request.principal, ...request.context },
  },
  identityPolicies,
  serviceControlPolicies,
  resourceControlPolicies: [],
  // The key's policy hangs on the key alone.
  ...(request.resource.includes(':kms:') ? { resourcePolicy } : {}),
}))

const words = { Allowed: 'allowed', ExplicitlyDenied: 'explicitly-denied', ImplicitlyDenied: 'implicitly-denied' }
const results = []
for (const simulation of simulations) results.push(await runSimulation(simulation, {}))

const turns = 5
let best = Infinity
for (let turn = 0; turn < turns; turn++) {
  const before = process.cpuUsage()
  for (const simulation of simulations) await runSimulation(simulation, {})
  const used = process.cpuUsage(before)
  best = Math.min(best, (used.user + used.system) / 1e6)
}
let different = 0
let failed = 0
results.forEach((result, index) => {
  const got = result.overallResult
  if (got === undefined) failed++
  else if (words[got] !== cases[index].expect) {
    different++
    if (different <= 5) console.log(`${cases[index].name}: kpl ${cases[index].expect}, iam-simulate ${got}`)
  }
})
console.log(`iam-simulate: ${Math.round(simulations.length / best)} requests a second of processor time, best of ${turns} turns`)
console.log(`${simulations.length} requests: ${different} decided otherwise than by kpl, ${failed} refused`)
