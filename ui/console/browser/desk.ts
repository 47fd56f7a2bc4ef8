// People at desks, in Chromium: each signs in once, no script of theirs may complain, and every page
// that they look at can be used by everybody.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Page, test as base, expect } from '@playwright/test'

export { expect }

const { DOORSTEP_PASSWORD: password = '', DOORSTEP_PICTURES: pictures = '' } = process.env
export { password }
mkdirSync(pictures, { recursive: true })
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Both schemes, for pages that are to be looked at in both. */
export const SCHEMES = ['light', 'dark'] as const

type Cookies = Awaited<ReturnType<ReturnType<Page['context']>['cookies']>>

export const test = base.extend<
  { mayComplain: boolean; page: Page; as: (user: string) => Promise<Page> },
  { sessions: Map<string, Cookies> }
>({
  /** Whether a script may complain: where a story makes the council say what makes no sense. */
  mayComplain: [false, { option: true }],

  /** A page in which no script may complain. */
  page: async ({ page, mayComplain }, use) => {
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      // A refused request is an answer, and the browser logs every one of those.
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
export async function signsIn(page: Page, user: string, word = password) {
  await page.goto('/')
  await page.fill('#user', user)
  await page.fill('#password', word)
  await page.click('#sign-in')
}

/** Takes a picture, and sees that the page holds to WCAG 2.2 AA. */
export async function isAccessible(page: Page, name: string) {
  await page.screenshot({ path: `${pictures}/${name}.png` })
  // The page's own policy forbids strange scripts, so axe comes in by the debugger's door.
  await page.evaluate(axe)
  const violations = await page.evaluate(async () => {
    const found = await (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
    })
    return found.violations.map(
      (one) => `${one.id}: ${one.nodes.map((node) => `${node.html} ${node.failureSummary}`).join(' | ')}`
    )
  })
  expect(violations, name).toEqual([])
}

/** A picture without a look at anything else. */
export const picture = (page: Page, name: string, fullPage = false) =>
  page.screenshot({ path: `${pictures}/${name}.png`, fullPage })

/** Where a picture or a PDF goes. */
export const pictureAt = (name: string) => `${pictures}/${name}`

/** A table as the browser downloads it. */
export async function download(page: Page, button: string): Promise<string> {
  const [file] = await Promise.all([page.waitForEvent('download'), page.click(button)])
  return readFileSync(await file.path(), 'utf8')
}

/** What the council answers to a page's own question. */
export async function status(page: Page, path: string): Promise<number> {
  return (await page.request.get(path, { headers: { 'x-doorstep': '1' } })).status()
}

/** Sorts a table by a column, both ways, and sees that the cells of that column are in order. */
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
