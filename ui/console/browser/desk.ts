// What the console's tests in Chromium share. Each user signs in once, a page fails its test if a
// script reports an error, and pages are checked for accessibility.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Page, test as base, expect } from '@playwright/test'

export { expect }

const { DOORSTEP_PASSWORD: password = '', DOORSTEP_PICTURES: pictures = '' } = process.env
export { password }
mkdirSync(pictures, { recursive: true })
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

type Cookies = Awaited<ReturnType<ReturnType<Page['context']>['cookies']>>

export const test = base.extend<
  { mayComplain: boolean; page: Page; as: (user: string) => Promise<Page> },
  { sessions: Map<string, Cookies> }
>({
  /** Whether scripts may report errors: for tests that fake an answer that makes no sense. */
  mayComplain: [false, { option: true }],

  /** A page that fails its test if a script reports an error. */
  page: async ({ page, mayComplain }, use) => {
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      // The browser logs every refused request as an error, but a refusal is a normal answer.
      if (message.type() === 'error' && !/status of 4(0[0134]|22)/.test(message.text())) {
        complaints.push(message.text())
      }
    })
    await use(page)
    if (!mayComplain) expect(complaints, 'no script complains').toEqual([])
  },

  sessions: [async ({}, use) => use(new Map()), { scope: 'worker' }],

  /** The page of somebody who has signed in. */
  as: async ({ page, sessions }, use) => {
    await use(async (user) => {
      const known = sessions.get(user)
      if (known) {
        await page.context().addCookies(known)
      } else {
        const signedIn = await page.request.post('/api/session', {
          data: { user, password, code: null },
          headers: { 'x-doorstep': '1' }
        })
        expect(signedIn.ok(), `${user} signs in`).toBe(true)
        sessions.set(user, await page.context().cookies())
      }
      return page
    })
  }
})

/** Signs in by the form. */
export async function signsIn(page: Page, user: string, word = password, at = '') {
  await page.goto(`${at}/`)
  await page.fill('#user', user)
  await page.fill('#password', word)
  await page.click('#sign-in')
}

/** What a page must hold to in each scheme: WCAG 2.2 AA, and in the second what colours can break. */
const RULES = {
  light: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
  dark: ['color-contrast', 'link-in-text-block']
} as const

/** Takes a picture of the page in light and in dark, and checks both against WCAG 2.2 AA. */
export async function isAccessible(page: Page, name: string) {
  // The page's content security policy forbids foreign scripts, so load axe through the debugger.
  await page.evaluate(axe)
  for (const scheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: scheme })
    await page.screenshot({ path: `${pictures}/${name}-${scheme}.png` })
    const violations = await page.evaluate(
      async (runOnly) => {
        const found = await (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run(document, { runOnly })
        return found.violations.map(
          (one) => `${one.id}: ${one.nodes.map((node) => `${node.html} ${node.failureSummary}`).join(' | ')}`
        )
      },
      [...RULES[scheme]]
    )
    expect(violations, `${name} in ${scheme}`).toEqual([])
  }
}

/** Takes a picture of the page, without checking it. */
export const picture = (page: Page, name: string, fullPage = false) =>
  page.screenshot({ path: `${pictures}/${name}.png`, fullPage })

/** The path for a picture or a PDF. */
export const pictureAt = (name: string) => `${pictures}/${name}`

/** Clicks a button that downloads a table, and returns the file's text. */
export async function download(page: Page, button: string): Promise<string> {
  const [file] = await Promise.all([page.waitForEvent('download'), page.click(button)])
  return readFileSync(await file.path(), 'utf8')
}

/** The status of the council's answer to a request like the page's own. */
export async function status(page: Page, path: string): Promise<number> {
  return (await page.request.get(path, { headers: { 'x-doorstep': '1' } })).status()
}

/** Sorts a table by a column, both ways, and checks that the cells of that column are in order. */
export async function sorts(page: Page, table: string, column: string, cell: number) {
  for (const way of ['ascending', 'descending']) {
    await page.click(`${table} th[data-column=${column}] button`)
    await expect(page.locator(`${table} th[data-column=${column}]`)).toHaveAttribute('aria-sort', way)
    const cells = await page.locator(`${table} tbody tr td:nth-child(${cell})`).allTextContents()
    const words = cells.map((one) => one.trim().toLowerCase())
    const inOrder = words.toSorted()
    if (way === 'descending') inOrder.reverse()
    expect(words[0], 'the table has more than one value to sort').not.toBe(words.at(-1))
    expect(words).toEqual(inOrder)
  }
}
