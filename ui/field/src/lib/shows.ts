// The load of a screen: what it shows, read from the core.
import type { LoadEvent } from '@sveltejs/kit'
import { SHOWN, type App } from './app.svelte'

type Event = Pick<LoadEvent, 'url' | 'params' | 'depends'> & { parent: () => Promise<{ app: App }> }

/** Reads what a screen shows: when it is opened, and again when something changed that no screen asked for. */
export function shows<T>(
  question: (app: App, at: { url: URL; visit: string }) => Promise<T>
): (event: Event) => Promise<T> {
  return async ({ url, params, depends, parent }) => {
    depends(SHOWN)
    const { app } = await parent()
    // Locked, or not set up: the layout shows that, and no screen.
    if (!app.ready) return {} as T
    return question(app, { url, visit: params.visit ?? '' })
  }
}
