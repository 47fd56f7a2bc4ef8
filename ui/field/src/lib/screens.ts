/** The title of each screen, and where Back leads if there is no earlier screen. */
const SCREENS: Record<string, { title: string; above: string }> = {
  '/': { title: 'Today', above: '' },
  '/visit/[visit]': { title: 'Visit', above: '/' },
  '/visit/[visit]/my-id': { title: 'My ID', above: '/visit/' },
  '/visit/[visit]/refused': { title: 'Entry refused', above: '/visit/' },
  '/visit/[visit]/no-access': { title: 'No access', above: '/visit/' },
  '/visit/[visit]/cancel': { title: 'It can’t go ahead', above: '/visit/' },
  '/visit/[visit]/left-now': { title: 'You left', above: '/visit/' },
  '/concern': { title: 'Concern', above: '/' },
  '/unplanned': { title: 'Unplanned', above: '/' },
  '/past': { title: 'My visits', above: '/' },
  '/code': { title: 'The Code', above: '/' },
  '/sign': { title: 'Sign the Code', above: '/code' },
  '/outbox': { title: 'To send', above: '/' },
  '/new-code': { title: 'I have a new code', above: '/outbox' }
}

/** The title of the screen at a route, and where Back leads from it. */
export function screenAt(route: string | null): { title: string; above: string } {
  return SCREENS[route ?? ''] ?? { title: 'Doorstep', above: '/' }
}
