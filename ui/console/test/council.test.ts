import { expect, it, vi } from 'vitest'
import { connect } from '$lib/council'

it('what is said twice while it is on its way, as by a double click, is one deed', async () => {
  let answer: () => void = () => undefined
  const sent = vi.fn(() => new Promise<Response>((resolve) => (answer = () => resolve(new Response('null')))))
  vi.stubGlobal('fetch', sent)
  const council = connect()
  const deed = { action: 'note', words: 'Rang them' } as const
  const both = [council.doAbout('ab', deed), council.doAbout('ab', deed)]
  expect(sent).toHaveBeenCalledTimes(1)
  answer()
  await Promise.all(both)
  void council.doAbout('ab', deed)
  expect(sent, 'said again later, it is another').toHaveBeenCalledTimes(2)
  vi.unstubAllGlobals()
})

it('a page that can’t be read says to try again, and a deed to look whether it was done', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')))
  const council = connect()
  await expect(council.session()).rejects.toMatchObject({ message: expect.stringContaining('Try again in a minute') })
  const note = council.doAbout('cd', { action: 'note', words: 'Wrote to them' })
  await expect(note).rejects.toMatchObject({ message: expect.stringContaining('Check whether what you did was done') })
  vi.unstubAllGlobals()
})
