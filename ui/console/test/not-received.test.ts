import { render, screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import NotReceivedNotice from '$lib/NotReceivedNotice.svelte'
import type { MissingRecords } from '$shared/generated/types'

const gap = (more: Partial<MissingRecords>): MissingRecords => ({
  visitor_name: 'Pete',
  device: 'Phone 12',
  device_id: '01a2179084837304a9f8bc828fb0380d',
  chain: 'f3024bd2ebed4783bee26a71c3e80a94',
  note: false,
  first: 1,
  last: 3,
  said_at: '2026-11-24T10:00:00Z',
  address: null,
  others: 0,
  ...more
})

it('two gaps of one phone that are alike are both said, with the visit where it is known', () => {
  const missing = [gap({}), gap({}), gap({ address: '5 Ash Grove', others: 295 })]
  render(NotReceivedNotice, { props: { missing, asOf: '2026-11-24T10:05:00Z', what: 'visits may be missing' } })
  const lines = screen.getAllByRole('listitem').map((line) => line.textContent.replace(/\s+/g, ' ').trim())
  expect(lines).toEqual([
    'Pete, Phone 12: 1 to 3 not received, 5 minutes ago',
    'Pete, Phone 12: 1 to 3 not received, 5 minutes ago',
    'Pete, Phone 12, visit to 5 Ash Grove: 1 to 3 not received, 5 minutes ago, and 295 more gaps of this phone'
  ])
})
