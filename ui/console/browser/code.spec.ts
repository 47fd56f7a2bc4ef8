import { expect, isAccessible, test } from './desk'

test('a supervisor reads versions and publishes none', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/code')
  await expect(page.locator('h1')).toHaveText('Code versions')
  await expect(page.locator('#publish')).toHaveCount(0)
  await isAccessible(page, 'code')
  const refused = await page.request.post('/api/codes', {
    data: { label: 'x', from: '2025-01-01', text: '1. One\nTwo' },
    headers: { 'x-doorstep': '1' }
  })
  expect(refused.status()).toBe(404)
})

test('a version without numbered clauses is refused, and one with them binds', async ({ as }) => {
  const page = await as('admin')
  await page.goto('/acknowledgements')
  await expect(page.locator('#register')).toContainText('no Code of its own yet')
  await page.click('nav >> text=Code versions')
  await page.fill('#label', 'Version 2')
  await page.fill('#from', '2025-06-02')
  await page.fill('#text', 'Be kind.')
  await page.click('#publish')
  await page.waitForSelector('text=no numbered clause')
  await expect(page.locator('#text'), 'nothing that was typed is lost').toHaveValue('Be kind.')
  await page.fill('#text', '3. Entry\n3.1 Prior notice\n- Ask first.')
  await page.click('#publish')
  await page.waitForSelector('#published')
  await expect(page.locator('[data-code]')).toContainText('In force')
  await isAccessible(page, 'code-published')
})
