// Signing in with the council's own accounts, in Chromium, with a provider that is certified for OpenID Connect. Started by the
// end-to-end tests: it says where the provider is, waits for a line, and then goes through what somebody would do.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline/promises'
import Provider from 'oidc-provider'
import { chromium } from 'playwright-core'

const address = process.env.DOORSTEP_CONSOLE
const pictures = process.env.DOORSTEP_PICTURES
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Who there is at the provider, by their name there. Claims can change; the name does not. */
const accounts = {
  ruth: { email: 'Lead-1@council.example', email_verified: true },
  joan: { email: 'super-1@council.example', email_verified: false },
  harriet: { email: 'melton-1@council.example', email_verified: true },
  stranger: { email: 'stranger@example.com', email_verified: true }
}

const server = createServer()
await new Promise((listens) => server.listen(0, '127.0.0.1', listens))
const issuer = `http://127.0.0.1:${server.address().port}`
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'doorstep',
      client_secret: 'a secret of the provider',
      redirect_uris: [`${address}/api/sign-in/openid/back`],
      response_types: ['code']
    }
  ],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  pkce: { required: () => true },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts[id] }) }),
  cookies: { keys: ['only for tests'] }
})
server.on('request', provider.callback())
process.stdout.write(`${JSON.stringify({ issuer })}\n`)
await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next()

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync']
})

/** Somebody in a browser of their own signs in at the provider, and is sent back. */
async function comesBack(account) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  await page.goto(address)
  await page.click('text=Sign in with a Melton account')
  await page.fill('input[name=login]', account)
  await page.fill('input[name=password]', 'any')
  await page.click('button[type=submit]')
  await page.click('button[type=submit]')
  await page.waitForURL(`${address}/**`)
  return page
}

async function isAccessible(page, name) {
  await page.screenshot({ path: `${pictures}/${name}.png` })
  await page.evaluate(axe)
  const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag22aa'] }))
  assert.deepEqual(
    found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`),
    [],
    name
  )
}

// Whom the provider vouches for, with an address that it verified, and whom the council knows by it.
const ruth = await comesBack('ruth')
await ruth.waitForSelector('text=Ruth Adeyemi')
const cookies = await ruth.context().cookies()
const session = cookies.find((cookie) => cookie.name === 'doorstep_session')
assert.ok(session.httpOnly && session.sameSite === 'Strict')
assert.ok(!cookies.some((cookie) => cookie.name === 'doorstep_openid'), 'what the browser kept meanwhile is gone')

// From then on by what never changes: another address at the provider makes nobody else of them.
accounts.ruth.email = 'super-1@council.example'
await (await comesBack('ruth')).waitForSelector('text=Ruth Adeyemi')
accounts.ruth.email = 'lead-1@council.example'

// Her own sessions, and ending the other.
await ruth.click('.head-who')
await ruth.waitForSelector('h1:has-text("Where you are signed in")')
await ruth.waitForSelector('tbody tr >> nth=1')
await isAccessible(ruth, 'sign-ins')
await ruth.click('text=End the session in Chrome on Linux')
await ruth.waitForSelector('#done')
assert.equal(await ruth.locator('tbody tr').count(), 1)

// An address that the provider did not verify, one who has no desk, and one whom the council does not know.
for (const account of ['joan', 'harriet', 'stranger']) {
  const page = await comesBack(account)
  await page.waitForSelector('text=Doorstep does not know it')
  assert.equal(await page.evaluate(async () => (await fetch('/api/visits')).status), 401, account)
  if (account === 'stranger') await isAccessible(page, 'openid-not-known')
}

// What another browser was given is worth nothing in this one.
const victim = await (await browser.newContext()).newPage()
await victim.goto(`${address}/api/sign-in/openid/back?code=stolen&state=stolen`)
await victim.waitForSelector('text=Signing in was broken off')

await isAccessible(victim, 'openid-sign-in')
await browser.close()
server.close()
