import { expect, isAccessible, password, test } from './desk'

test('people see where they are signed in, and end a session elsewhere', async ({ as, browser, baseURL }) => {
  const page = await as('audit-1')
  const elsewhere = await browser.newContext({ baseURL: baseURL ?? '' })
  const signedIn = await elsewhere.request.post('/api/session', {
    data: { user: 'audit-1', password, code: null },
    headers: { 'x-doorstep': '1' }
  })
  expect(signedIn.ok()).toBe(true)

  await page.goto('/sign-ins')
  const others = page.locator('tr[data-session] button')
  await expect(others).not.toHaveCount(0)
  await isAccessible(page, 'sign-ins')
  for (let left = await others.count(); left > 0; left--) {
    await others.first().click()
    await expect(others).toHaveCount(left - 1)
  }
  await expect(page.locator('#done')).toBeVisible()
  await expect(page.locator('tr[data-session]')).toContainText(['This one'])
  const status = (await elsewhere.request.get('/api/audit', { headers: { 'x-doorstep': '1' } })).status()
  expect(status).toBe(401)
  await elsewhere.close()
})
