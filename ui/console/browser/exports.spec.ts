import { SCHEMES, download, expect, isAccessible, status, test } from './desk'

for (const colorScheme of SCHEMES) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme })

    test('a table is taken away as it was chosen, in each form', async ({ as }) => {
      const page = await as('super-1')
      await page.goto('/exports')
      await page.waitForSelector('#dictionary')
      await expect(page.locator('#table option[value=audit]')).toHaveCount(0)
      await page.selectOption('#table', 'no-access')
      await expect(page.locator('#dictionary')).toContainText('counts_in_court')
      await page.selectOption('#outcome', 'entry_refused')
      await page.click('text=JSON Lines')
      await expect.poll(() => page.url()).toContain('table=no-access&outcome=entry_refused')
      const lines = (await download(page, '#take')).trim().split('\n')
      expect(lines).toHaveLength(1)
      expect((JSON.parse(lines[0] ?? '') as { outcome: string }).outcome).toBe('entry_refused')
      await page.click('text=Excel workbook')
      expect((await download(page, '#take')).startsWith('PK')).toBe(true)
      await isAccessible(page, `exports-${colorScheme}`)
      expect(await status(page, '/api/exports/audit.csv')).toBe(404)
      expect(await status(page, '/api/audit')).toBe(404)
    })
  })
}

test.describe('dark', () => {
  test.use({ colorScheme: 'dark' })

  test('what is taken away is what a list showed', async ({ as }) => {
    const page = await as('audit-1')
    await page.goto('/cases?owner=nobody')
    await page.waitForSelector('#case-counts')
    await page.click('text=Export these cases')
    await page.waitForSelector('#dictionary')
    await expect(page.locator('#state')).toHaveValue('open')
    await expect(page.locator('#owner')).toHaveValue('nobody')
    await isAccessible(page, 'exports-cases-dark')
  })
})
