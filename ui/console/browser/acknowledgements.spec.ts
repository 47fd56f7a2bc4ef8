import { expect, isAccessible, test } from './desk'

test('who has signed is listed', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/acknowledgements')
  await page.waitForSelector('#signed')
  await isAccessible(page, 'acknowledgements')
})

test('who has not signed is a list of its own, and the address holds it', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/acknowledgements')
  await page.click('#register a')
  await expect(page.locator('#not-signed')).toContainText('Gareth Pugh')
  expect(page.url()).toContain('state=not_signed')
  await isAccessible(page, 'acknowledgements-not-signed')
})
