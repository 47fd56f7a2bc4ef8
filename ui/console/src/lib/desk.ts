// Who sits at the desk, what they may do, and how a page asks the council for what it shows.
import { error, type LoadEvent } from '@sveltejs/kit'
import { invalidate, invalidateAll } from '$app/navigation'
import type { Problem, RouteName, SessionView } from '$shared/generated/types'
import { arrived } from '$shared/moving'
import { asProblem } from '$shared/problem'
import type { Council } from './council'
import { session } from './over.svelte'

/** The dependency of loads that change when somebody signs in or out. */
export const SESSION = 'desk:session'
/** The dependency of loads of what a page shows. */
const SHOWN = 'desk:shown'

/** The council's answer, or why there is none. */
export interface Answered<T> {
  answer?: T
  problem?: Problem
}

/** The desk: a council, and who has signed in there. */
export class Desk {
  constructor(
    readonly council: Council,
    readonly session: SessionView | null,
    /** The problem, if the council did not answer when asked for the session. */
    readonly unreached?: Problem
  ) {}

  /** Whether the person who has signed in may use a route. The council says so in the session. */
  may(route: RouteName): boolean {
    return this.session?.may.includes(route) ?? false
  }

  /** Waits for an answer. If the session has ended, shows the sign-in again. */
  async ask<T>(question: Promise<T>): Promise<Answered<T>> {
    try {
      return { answer: await question }
    } catch (thrown) {
      const problem = asProblem(thrown)
      if (problem.code === 'sign-in-first' && this.session) session.over = true
      return { problem }
    }
  }

  /** The organisations that a list can be filtered by; empty if the council does not answer. */
  async organisations(): Promise<string[]> {
    return (await this.ask(this.council.organisations())).answer ?? []
  }

  /** Loads again what the page shows, after something was changed. */
  async again(): Promise<void> {
    await arrived()
    await invalidate(SHOWN)
  }

  /** Loads everything again, after somebody has signed in or out. */
  async seated(): Promise<void> {
    await invalidateAll()
    session.over = false
  }
}

/** Where this tab keeps what is half-written, apart from what the router keeps: so it can be forgotten. */
const TYPED = 'doorstep:typed'
/** How many pages with half-written words a tab remembers. */
const MOST_TYPED = 20
/** Whether somebody signed out in this page, which is about to go: it keeps nothing more. */
let isLeft = false

interface Typed {
  id: string
  by: string | undefined
  kept: unknown
}

function typed(): Typed[] {
  return JSON.parse(sessionStorage.getItem(TYPED) ?? '[]') as Typed[]
}

/** A snapshot of what somebody has typed on a page, restored on Back for that same user only. */
export function halfWritten<T>(desk: () => Desk, capture: () => T, restore: (kept: T) => void) {
  return {
    capture: () => {
      const id = crypto.getRandomValues(new Uint32Array(2)).join('-')
      const all = [...typed(), { id, by: desk().session?.user, kept: capture() }]
      if (!isLeft) sessionStorage.setItem(TYPED, JSON.stringify(all.slice(-MOST_TYPED)))
      return id
    },
    restore: (id: string) => {
      const found = typed().find((one) => one.id === id)
      if (found?.by !== undefined && found.by === desk().session?.user) restore(found.kept as T)
    }
  }
}

/** Leaves nothing of whoever signed out: neither words half-written, nor a page on Back. */
function leaveNothing(): void {
  isLeft = true
  sessionStorage.clear()
  location.assign('/')
}

/** How the tabs of a browser tell each other that somebody signed out. */
const TABS = 'doorstep:signed-out'

/** Leaves nothing in this tab, nor in the others of this browser. */
export function leaveEverywhere(): void {
  new BroadcastChannel(TABS).postMessage(null)
  leaveNothing()
}

/** Leaves nothing here either once somebody signs out in another tab. Gives what ends the waiting. */
export function leavesWithOthers(): () => void {
  const others = new BroadcastChannel(TABS)
  others.onmessage = leaveNothing
  return () => others.close()
}

/** The variable parts of the addresses of pages. */
type Params = Record<'case' | 'device' | 'uprn' | 'visit', string>

type Event = Pick<LoadEvent, 'url' | 'params' | 'depends'> & { parent: () => Promise<{ desk: Desk }> }

/**
 * The load function of a page: asks the council for what the page shows. Only people who may use
 * `route` have the page; others get "Page not found".
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
