// The address is the state: every view can be bookmarked and sent.
import { council } from '../backend/console'
import { asProblem } from '../backend/field'
import type { Problem, RouteName, SessionView } from '../generated/types'

class ConsoleState {
  session = $state<SessionView | null>(null)
  /** Whether it is known if somebody has signed in. */
  known = $state(false)
  path = $state(location.pathname)
  query = $state(location.search)

  /** Whether something is open to whoever has signed in: the council says so, from its own table of routes. */
  may(route: RouteName): boolean {
    return this.session?.may.includes(route) ?? false
  }

  async start() {
    window.addEventListener('popstate', () => this.read())
    try {
      this.session = await council.session()
    } catch {
      this.session = null
    }
    this.known = true
  }

  private read() {
    this.path = location.pathname
    this.query = location.search
  }

  go(address: string) {
    history.pushState(null, '', address)
    this.read()
    window.scrollTo(0, 0)
    document.getElementById('main')?.focus()
  }

  /** Says in the address what the view is, and stays where the reader is. */
  stay(address: string) {
    history.replaceState(null, '', address)
    this.read()
  }

  /** Asks, and when the session is over shows the sign-in again. */
  async ask<T>(question: Promise<T>): Promise<{ answer?: T; problem?: Problem }> {
    try {
      return { answer: await question }
    } catch (thrown) {
      const problem = asProblem(thrown)
      if (problem.code === 'sign-in-first') this.session = null
      return { problem }
    }
  }
}

export const desk = new ConsoleState()

/** A link that changes the view without loading the page again. */
export function link(node: HTMLAnchorElement) {
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
    event.preventDefault()
    desk.go(node.getAttribute('href') ?? '/')
  }
  node.addEventListener('click', follow)
  return { destroy: () => node.removeEventListener('click', follow) }
}
