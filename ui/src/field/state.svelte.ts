// What the app shows, and the way every screen asks the core: one place for the status bar, the route and problems.
import { tick } from 'svelte'
import { asProblem } from '../backend/field'
import { tauri as backend } from '../backend/tauri'
import type { Problem, StatusView, Vocabulary } from '../generated/types'
import { problemWords } from '../words/en'

export type Route =
  | { screen: 'today' }
  | { screen: 'visit'; visit: string }
  | { screen: 'refused'; visit: string }
  | { screen: 'concern'; visit: string }
  | { screen: 'outbox' }

class AppState {
  status = $state<StatusView | null>(null)
  vocabulary = $state<Vocabulary | null>(null)
  route = $state<Route>({ screen: 'today' })
  /** What went wrong last, in words; cleared by the next thing that works. */
  problem = $state<string | null>(null)
  /** Why the store is not open. */
  trouble = $state<Problem | null>(null)
  /** Goes up when something changed that no screen asked for. */
  changes = $state(0)
  /** What is half typed, by screen and visit: locking forgets nothing. */
  drafts = $state<Record<string, string>>({})

  go(route: Route) {
    this.route = route
    this.problem = null
    // Who listens to the screen hears where they are now.
    void tick().then(() => document.querySelector('h1')?.focus())
  }

  /** Asks the core. A problem is shown in words, and the answer is `undefined`. */
  async ask<T>(question: Promise<T>): Promise<T | undefined> {
    try {
      const answer = await question
      this.problem = null
      void this.refresh()
      return answer
    } catch (thrown) {
      const problem = asProblem(thrown)
      this.problem = problemWords(problem)
      void this.refresh()
      return undefined
    }
  }

  async refresh() {
    try {
      this.status = await backend.status()
      this.trouble = null
    } catch (thrown) {
      this.trouble = asProblem(thrown)
    }
  }

  async start() {
    this.vocabulary = await backend.vocabulary()
    await this.refresh()
    backend.onChange(() => {
      this.changes += 1
      void this.refresh()
    })
    window.addEventListener('online', () => void backend.cameToFront())
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') void backend.cameToFront()
    })
    setInterval(() => void this.refresh(), 20_000)
    await backend.cameToFront()
  }
}

export const app = new AppState()
