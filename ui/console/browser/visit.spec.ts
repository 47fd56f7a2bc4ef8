import { expect, isAccessible, test } from './desk'

test('a visit is told from beginning to end, and a photo opens for who asks for it', async ({ as }) => {
  const page = await as('super-1')
  await page.goto(`/visits?q=${encodeURIComponent('Иван')}`)
  await page.click('tr[data-visit] a')
  await page.waitForSelector('.timeline')
  const story = page.locator('main')
  for (const line of ['ID shown', 'Went in. The tenant said yes', 'Left: completed', 'clause 3.1']) {
    await expect(story).toContainText(line)
  }
  await expect(story).not.toContainText(/safeguard|concern|shed/i)
  await expect(page.locator('#photos-held')).toContainText('All 2 photos held')
  await expect(page.locator('.photos img'), 'no photo opens by itself').toHaveCount(0)
  await page.click('[data-photo=before] button')
  const image = page.locator('[data-photo=before] img')
  await expect.poll(() => image.evaluate((shown) => (shown as HTMLImageElement).naturalWidth)).toBe(600)
  await isAccessible(page, 'visit')
})

test('a visit that is not there is told', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/visits/00000000-0000-0000-0000-000000000000')
  await page.waitForSelector('.problem')
})
