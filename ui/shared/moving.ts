import { navigating } from '$app/state'

/**
 * Waits until no navigation is under way. Call it before loading a page's data again: that would
 * cancel the navigation, and the tap that started it would be lost.
 */
export async function arrived(): Promise<void> {
  while (navigating.complete) {
    await navigating.complete.catch(() => undefined)
    await new Promise((later) => setTimeout(later))
  }
}
