import { createHmac } from 'node:crypto'
import { expect, isAccessible, password, signsIn, status, test } from './desk'

/** A six-digit code as an authenticator makes it (RFC 6238). */
function code(secret: string, step: number): string {
  const bits = [...secret]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const hash = createHmac('sha1', key).update(counter).digest()
  const at = (hash[19] ?? 0) & 15
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

const step = () => Math.floor(Date.now() / 30_000)

test('an authenticator is set up at the first time, asked for afterwards, and each code is taken once', async ({
  page
}) => {
  await signsIn(page, 'super-1')
  const offered = (await page.textContent('#secret')) ?? ''
  await page.reload()
  await signsIn(page, 'super-1')
  const secret = (await page.textContent('#secret')) ?? ''
  expect(secret, 'whoever saw an earlier offer can do nothing with it').not.toBe(offered)
  const image = page.locator('img')
  await expect.poll(() => image.evaluate((shown) => (shown as HTMLImageElement).naturalWidth)).toBeGreaterThan(0)
  await isAccessible(page, 'second-factor-set-up')
  expect(await status(page, '/api/visits'), 'a password alone signs nobody in').toBe(401)
  await page.fill('#code', '000000')
  await page.click('#sign-in')
  await page.waitForSelector('text=That code is not right')
  const first = code(secret, step())
  await page.fill('#code', first)
  await page.click('#sign-in')
  await page.waitForSelector('#sign-out')
  await page.click('#sign-out')
  await page.waitForSelector('#user')

  await signsIn(page, 'super-1')
  await page.waitForSelector('text=They change every half minute')
  await expect(page.locator('#secret'), 'the secret is shown once').toHaveCount(0)
  await isAccessible(page, 'second-factor-asked')
  await page.fill('#code', first)
  await page.click('#sign-in')
  await page.waitForSelector('text=was used already')
  await page.fill('#code', code(secret, step() + 1))
  await page.click('#sign-in')
  await page.waitForSelector('#sign-out')
})

test('a passkey is made, signs its owner in once for each question, and is removed', async ({ page }) => {
  const at = process.env.DOORSTEP_PUBLIC ?? ''
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasUserVerification: true, isUserVerified: true }
  })
  await signsIn(page, 'lead-1', undefined, at)
  const secret = (await page.textContent('#secret')) ?? ''
  await page.fill('#code', code(secret, step()))
  await page.click('#sign-in')
  await page.waitForSelector('#sign-out')
  await page.goto(`${at}/sign-ins`)
  await isAccessible(page, 'passkeys')
  await page.fill('#passkey-name', 'My laptop')
  await page.click('#make-passkey')
  await expect(page.locator('#own-passkeys')).toContainText('My laptop')
  await page.goto(`${at}/safeguarding/log`)
  await expect(page.locator('#leads-log li').first(), 'the other leads read of it').toContainText(
    'lead-1 changed the second factor of lead-1'
  )
  await page.click('#sign-out')
  await page.waitForSelector('#user')

  // What a browser has answered once signs nobody in again.
  const sent = page.waitForRequest((request) => request.postData()?.includes('ceremony') ?? false)
  await signsIn(page, 'lead-1', undefined, at)
  await page.waitForSelector('#passkey')
  await isAccessible(page, 'passkey-asked')
  await page.click('#passkey')
  await page.waitForSelector('#sign-out')
  const answer = (await sent).postData() ?? ''
  await page.click('#sign-out')
  await page.waitForSelector('#user')
  const again = (data: string) =>
    page.request.post(`${at}/api/session`, { data, headers: { 'x-doorstep': '1', 'content-type': 'application/json' } })
  expect((await again(answer)).status(), 'the same answer').toBe(403)
  const asked = (await (await again(JSON.stringify({ user: 'lead-1', password }))).json()) as {
    passkey_needed: { asked: { ceremony: string } }
  }
  const { ceremony } = asked.passkey_needed.asked
  const old = JSON.parse(answer) as { passkey: { ceremony: string } }
  old.passkey.ceremony = ceremony
  expect((await again(JSON.stringify(old))).status(), 'an answer to another question').toBe(403)
  expect((await again(JSON.stringify({ ...old, user: 'audit-1' }))).status(), 'somebody else with it').toBe(403)

  // The authenticator does as well, and a passkey that is removed is asked for no more.
  await signsIn(page, 'lead-1', undefined, at)
  await page.waitForSelector('#passkey')
  await page.fill('#code', code(secret, step() + 1))
  await page.click('#sign-in')
  await page.waitForSelector('#sign-out')
  await page.goto(`${at}/sign-ins`)
  await page.click('#own-passkeys button')
  await expect(page.locator('#passkey-done')).toContainText('My laptop')
  await expect(page.locator('#own-passkeys')).toHaveCount(0)
  await page.click('#sign-out')
  await page.waitForSelector('#user')
  await signsIn(page, 'lead-1', undefined, at)
  await page.waitForSelector('text=They change every half minute')
  await expect(page.locator('#passkey')).toHaveCount(0)
})
