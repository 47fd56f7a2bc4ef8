import { navigating } from '$app/state'

/**
 * Waits until no other page is on its way. What a page shows is asked for again only then: asking
 * meanwhile would call the way off, and the tap that began it would be lost.
 */
export async function arrived(): Promise<void> {
  while (navigating.complete) {
    await navigating.complete.catch(() => undefined)
    await new Promise((later) => setTimeout(later))
  }
}
