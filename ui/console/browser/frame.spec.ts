import { expect, isAccessible, status, test } from './desk'

test('an address that is none, or is not theirs, is no page', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/nowhere')
  await page.waitForSelector('text=Page not found')
  await isAccessible(page, 'not-found')
  await page.goto('/safeguarding')
  await page.waitForSelector('text=Page not found')
  expect(await status(page, '/api/safeguarding')).toBe(404)
})

test('an address with a slash too many is that page, and one that can’t be read is none', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/cases/?state=closed')
  await page.waitForURL('**/cases?state=closed')
  const answer = await page.goto('/%E0%A4%A')
  expect(answer?.status()).toBe(404)
  await page.click('text=go to Today')
  await page.waitForSelector('.counts')
})

test('without a mouse, nobody loses their place', async ({ as }) => {
  const page = await as('super-1')
  const focused = () => page.evaluate(() => document.activeElement?.id)
  await page.goto('/visits')
  await page.fill('#q', 'Sandra')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/visits?*q=Sandra*')
  await expect.poll(focused).toBe('main')
  await page.locator('nav a[href="/cases"]').press('Enter')
  await page.waitForSelector('#cases')
  await expect.poll(focused).toBe('main')
})

test('Back goes back: to the list as it was filtered, where it was read, with what was half written', async ({
  as
}) => {
  const page = await as('super-1')
  await page.goto('/visits')
  await page.selectOption('#outcome', 'entry_refused')
  await page.click('#filter')
  await expect(page.locator('tr[data-visit]')).toHaveCount(1)
  await page.click('tr[data-visit] a')
  await page.waitForSelector('.timeline')
  await page.goBack()
  await expect(page.locator('tr[data-visit]')).toHaveCount(1)
  expect(await page.inputValue('#outcome')).toBe('entry_refused')

  await page.setViewportSize({ width: 1280, height: 400 })
  await page.goto('/audit')
  expect(await status(page, '/api/audit')).toBe(404)
  await page.goto('/appointments')
  await page.waitForSelector('#appointments')
  await page.evaluate(() => window.scrollTo(0, 700))
  // By keyboard: for a click, Playwright would scroll to the link first.
  await page.locator('nav a[href="/cases"]').evaluate((link: HTMLElement) => link.click())
  await page.waitForSelector('#cases')
  await page.goBack()
  await page.waitForSelector('#appointments')
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBe(700)

  await page.goto('/cases')
  await page.click('tr[data-kind=complaint] a')
  await page.fill('#words', 'Half a sentence, then the telephone rang')
  await page.click('nav >> text=Today')
  await page.waitForSelector('.counts')
  await page.goBack()
  await expect(page.locator('#words')).toHaveValue('Half a sentence, then the telephone rang')

  await page.goto('/appointments')
  await page.click('#appointments button[aria-expanded]')
  await page.fill('#because', 'The part has not')
  await page.click('nav >> text=Today')
  await page.waitForSelector('.counts')
  await page.goBack()
  await expect(page.locator('#because')).toHaveValue('The part has not')
})

test('no script runs in a page that is not its own', async ({ browser, baseURL }) => {
  const page = await (await browser.newContext()).newPage()
  const answer = await page.goto(baseURL ?? '')
  const policy = answer?.headers()['content-security-policy'] ?? ''
  expect(policy).toMatch(/script-src 'self' 'sha256-[A-Za-z0-9+/]+=*';/)
  expect(policy).not.toContain('unsafe')
  await page.waitForSelector('#user')
  const ran = await page.evaluate(() => {
    const script = document.createElement('script')
    try {
      script.textContent = 'window.strange = true'
    } catch {
      // The page's policy may already refuse to set a script's text.
    }
    document.body.append(script)
    return 'strange' in window
  })
  expect(ran).toBe(false)
})

test.describe('an answer that makes no sense', () => {
  test.use({ mayComplain: true })

  test('breaks its page alone, and is told', async ({ as }) => {
    const page = await as('super-1')
    await page.route('**/api/cases*', (route) => route.fulfill({ json: {} }))
    await page.goto('/cases')
    await page.waitForSelector('text=This page can’t be shown')
    await page.click('nav >> text=Visits')
    await page.waitForSelector('tr[data-visit]')
    await page.route('**/api/visits*', (route) => route.fulfill({ body: '<html>Sign in to the Wi-Fi</html>' }))
    await page.reload()
    await expect(page.locator('.problem')).toContainText('is not the council’s service')
  })
})

/** For somebody with a phone, nothing is cut off, and only tables scroll sideways. */
test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } })

  for (const [path, there] of [
    ['', '.counts'],
    ['visits', 'tr[data-visit]'],
    ['cases', '#cases'],
    ['no-access', '[data-uprn]'],
    ['appointments', '#appointments'],
    ['acknowledgements', '#signed'],
    ['exports', '#dictionary'],
    ['numbers', '[data-number]'],
    ['code', '[data-code], h1']
  ] as const) {
    test(`/${path} fits`, async ({ as }) => {
      const page = await as('super-1')
      await page.goto(`/${path}`)
      await page.waitForSelector(there)
      await isAccessible(page, `phone-${path || 'today'}`)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    })
  }
})
