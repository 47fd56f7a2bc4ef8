import { createHmac } from 'node:crypto'
import { expect, isAccessible, signsIn, status, test } from './desk'

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
