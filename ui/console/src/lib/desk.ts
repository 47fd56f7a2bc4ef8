// Who sits at the desk, what they may do, and how a page asks the council for what it shows.
import { error, type LoadEvent } from '@sveltejs/kit'
import { invalidate, invalidateAll } from '$app/navigation'
import type { Problem, RouteName, SessionView } from '$shared/generated/types'
import { arrived } from '$shared/moving'
import { asProblem } from '$shared/problem'
import type { Council } from './council'
import { session } from './over.svelte'

/** What depends on who has signed in. */
export const SESSION = 'desk:session'
/** What a page shows. */
const SHOWN = 'desk:shown'

/** What the council answered, or why there is no answer. */
export interface Answered<T> {
  answer?: T
  problem?: Problem
}

/** The desk: a council, and who has signed in there. */
export class Desk {
  constructor(
    readonly council: Council,
    readonly session: SessionView | null
  ) {}

  /** Whether something is open to whoever has signed in. The council says so, from its table of routes. */
  may(route: RouteName): boolean {
    return this.session?.may.includes(route) ?? false
  }

  /** Asks. When the session is over, the sign-in is shown again. */
  async ask<T>(question: Promise<T>): Promise<Answered<T>> {
    try {
      return { answer: await question }
    } catch (thrown) {
      const problem = asProblem(thrown)
      if (problem.code === 'sign-in-first' && this.session) session.over = true
      return { problem }
    }
  }

  /** The organisations that a list can be filtered by; none where they can't be had. */
  async organisations(): Promise<string[]> {
    return (await this.ask(this.council.organisations())).answer ?? []
  }

  /** Asks again for what the page shows, after something was changed. */
  async again(): Promise<void> {
    await arrived()
    await invalidate(SHOWN)
  }

  /** Somebody has signed in, or out: everything is asked for anew. */
  async seated(): Promise<void> {
    await invalidateAll()
    session.over = false
  }
}

/** What is half written on a page, for Back: it is given back to who wrote it, and to nobody else. */
export function halfWritten<T>(desk: () => Desk, capture: () => T, restore: (kept: T) => void) {
  return {
    capture: () => ({ by: desk().session?.user, kept: capture() }),
    restore: ({ by, kept }: { by: string | undefined; kept: T }) => {
      if (by !== undefined && by === desk().session?.user) restore(kept)
    }
  }
}

/** What varies in the address of a page. */
type Params = Record<'case' | 'uprn' | 'visit', string>

type Event = Pick<LoadEvent, 'url' | 'params' | 'depends'> & { parent: () => Promise<{ desk: Desk }> }

/**
 * The load of a page that is open to whom a route of the council is open: it asks for what the page
 * shows. To anybody else there is no such page.
 */
export function shows<T>(
  route: RouteName,
  question: (desk: Desk, at: { url: URL; params: Params }) => Promise<T>
): (event: Event) => Promise<T> {
  return async ({ url, params, depends, parent }) => {
    depends(SHOWN)
    const { desk } = await parent()
    // Nobody has signed in: the layout asks them to, and shows no page.
    if (!desk.session) return {} as T
    if (!desk.may(route)) error(404, 'Page not found')
    return question(desk, { url, params: params as Params })
  }
}
