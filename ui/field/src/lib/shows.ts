// Makes the load functions of screens, which read from the core.
import type { LoadEvent } from '@sveltejs/kit'
import { SHOWN, type App } from './app.svelte'

type Event = Pick<LoadEvent, 'url' | 'params' | 'depends'> & { parent: () => Promise<{ app: App }> }

/** Reads what a screen shows when it is opened, and again after changes that no screen caused. */
export function shows<T>(
  question: (app: App, at: { url: URL; visit: string }) => Promise<T>
): (event: Event) => Promise<T> {
  return async ({ url, params, depends, parent }) => {
    depends(SHOWN)
    const { app } = await parent()
    // If the phone is locked or not set up, the layout shows that in place of the screen.
    if (!app.ready) return {} as T
    return question(app, { url, visit: params.visit ?? '' })
  }
}
