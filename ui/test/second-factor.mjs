// Signing in with a second factor in Chromium: set up at the first time, asked for afterwards, each code once. Started by the
// end-to-end tests.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const address = process.env.DOORSTEP_CONSOLE
const password = process.env.DOORSTEP_PASSWORD
const pictures = process.env.DOORSTEP_PICTURES
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** A code as an authenticator makes it, RFC 6238. */
function code(secret, step) {
  const bits = [...secret]
    .map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const hash = createHmac('sha1', key).update(counter).digest()
  const at = hash[19] & 15
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

const now = () => Math.floor(Date.now() / 30_000)
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync']
})
const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()

async function isAccessible(name) {
  await page.screenshot({ path: `${pictures}/${name}.png` })
  await page.evaluate(axe)
  const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag22aa'] }))
  assert.deepEqual(
    found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`),
    [],
    name
  )
}

async function enters(user) {
  await page.goto(address)
  await page.fill('#user', user)
  await page.fill('#password', password)
  await page.click('#sign-in')
}

await enters('super-1')
await page.waitForSelector('#secret')
const secret = await page.textContent('#secret')
await page.waitForFunction(() => document.querySelector('img').naturalWidth > 0)
await isAccessible('second-factor-set-up')
assert.equal(await page.evaluate(async () => (await fetch('/api/visits')).status), 401, 'a password alone signs in')
await page.fill('#code', '000000')
await page.click('#sign-in')
await page.waitForSelector('text=That code is not right')
const first = code(secret, now())
await page.fill('#code', first)
await page.click('#sign-in')
await page.waitForSelector('#sign-out')
await page.click('#sign-out')

await enters('super-1')
await page.waitForSelector('text=They change every half minute')
assert.equal(await page.locator('#secret').count(), 0, 'the secret is shown again')
await isAccessible('second-factor-asked')
await page.fill('#code', first)
await page.click('#sign-in')
await page.waitForSelector('text=was used already')
await page.fill('#code', code(secret, now() + 1))
await page.click('#sign-in')
await page.waitForSelector('#sign-out')
await browser.close()
